import { readFile } from 'node:fs/promises';
import { openTenantLedger } from '#src/app/connect.js';
import type { Settings } from '#src/config/settings.js';
import { InputError } from '#src/errors.js';
import type { AuditEntry, AuditFault } from '#src/ledger/audit.js';

export type { AuditEntry, AuditFault };

/** What was done with the customers of the account in the settings, oldest first; at most the latest `limit` deeds. */
export function listAudit(settings: Settings, limit = Number.POSITIVE_INFINITY): readonly AuditEntry[] {
  const ledger = openTenantLedger(settings);
  try {
    const entries = ledger.audit.entries();
    return entries.slice(Math.max(0, entries.length - limit));
  } finally {
    ledger.close();
  }
}

/** Whether the audit is as it was written. */
export interface AuditCheck {
  /** The file that was checked; `null` for the ledger itself. */
  readonly file: string | null;
  readonly lines: number;
  /** Lines that were changed, removed or put in. */
  readonly faults: readonly AuditFault[];
}

/**
 * Checks the audit in the ledger, or a file that it was appended to: that against itself, and against the ledger.
 *
 * @throws InputError when the file cannot be read
 */
export async function verifyAudit(settings: Settings, file?: string): Promise<AuditCheck> {
  const ledger = openTenantLedger(settings);
  try {
    if (file === undefined) return { file: null, lines: ledger.audit.entries().length, faults: ledger.audit.verify() };
    const lines = (await readLines(file)).filter((line) => line !== '');
    return { file, lines: lines.length, faults: ledger.audit.verifyCopy(lines) };
  } finally {
    ledger.close();
  }
}

async function readLines(file: string): Promise<readonly string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n');
  } catch (cause) {
    throw new InputError(`${file} cannot be read.`, {
      code: 'FILE_NOT_FOUND',
      nextStep: 'Name the file that "auditFile" of the profile or job names.',
      cause,
    });
  }
}
