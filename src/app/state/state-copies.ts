import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { openTenantLedger, resolveTenant } from '#src/app/connect.js';
import { quoteArgument } from '#src/app/quote-argument.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import { restoreLedger } from '#src/ledger/ledger-copies.js';
import { findTenantFolder, hasLedger, type Tenant } from '#src/ledger/open-ledger.js';

export interface StateBackup {
  /** Absolute. */
  readonly file: string;
  readonly bytes: number;
  /** The address and login whose ledger it is. */
  readonly tenant: Tenant;
}

export interface StateRestored {
  readonly file: string;
  /** When the backup was made, ISO 8601. */
  readonly madeAt: string;
  /** Where the ledger is now that was there before; `null` when there was none. */
  readonly replaced: string | null;
  readonly tenant: Tenant;
}

/**
 * Writes a whole copy of the ledger of the login, also while a run is at work. It has no access token, and is readable by its
 * owner only.
 *
 * @throws UsageError when there is no ledger, or the file exists and `force` is not set
 */
export async function backupState(
  settings: Settings,
  { file, force = false }: { readonly file: string; readonly force?: boolean },
): Promise<StateBackup> {
  const path = resolve(file);
  const tenant = resolveTenant(settings);
  const stateFolder = settings.stateDir.value;
  if (!hasLedger(stateFolder, tenant))
    throw new UsageError(`The state folder ${stateFolder} has no ledger of ${tenant.login} at ${tenant.baseUrl}.`, {
      code: 'NO_LEDGER',
    });
  if (existsSync(path) && !force) throw new UsageError(`${path} already exists.`, { code: 'FILE_EXISTS' });
  await assertWritable(path);
  const ledger = openTenantLedger(settings);
  try {
    ledger.copyTo(path);
  } finally {
    ledger.close();
  }
  return { file: path, bytes: statSync(path).size, tenant };
}

/**
 * Puts a backup in the place of the ledger of the login. The next imports compare their rows with what was done since.
 *
 * @throws UsageError when the file is no backup of this login, BusyError while a run is at work
 */
export function restoreState(settings: Settings, file: string): StateRestored {
  const path = resolve(file);
  const tenant = resolveTenant(settings);
  if (!existsSync(path)) throw new UsageError(`There is no file ${quoteArgument(path)}.`, { code: 'NOT_A_BACKUP' });
  const folder = findTenantFolder(settings.stateDir.value, tenant);
  const { madeAtMs, replaced } = restoreLedger(folder, tenant, path, Date.now);
  return { file: path, madeAt: new Date(madeAtMs).toISOString(), replaced, tenant };
}
