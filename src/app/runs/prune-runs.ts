import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openTenantLedger } from '#src/app/connect.js';
import type { Settings } from '#src/config/settings.js';
import { isSpareCopy } from '#src/ledger/ledger-copies.js';
import { type Ledger, listTenants, openLedger } from '#src/ledger/open-ledger.js';

const dayMs = 24 * 60 * 60_000;

export interface PruneOptions {
  /** Days since a run ended. @default the `retention` of the profile, else 90 */
  readonly olderThanDays?: number;
  /** Only say what would be removed. */
  readonly dryRun?: boolean;
}

/** What was removed, or would be. */
export interface Pruned {
  /** Runs whose personal data was removed. */
  readonly runs: number;
  readonly rows: number;
  /** Copies of inputs and of earlier ledgers that nothing needs any more. */
  readonly files: number;
  /** Bytes that the state folder has given back. */
  readonly bytes: number;
  readonly olderThanDays: number;
  readonly dryRun: boolean;
}

/**
 * Removes what runs that ended long ago keep of customers, except code, id and key: what they sent, the customers as they
 * were before, cells that were to be fixed, and messages. Runs that are unfinished or have doubts are left as they are.
 *
 * @throws UsageError, GuardError, BusyError
 */
export function pruneRuns(settings: Settings, options: PruneOptions = {}): Pruned {
  const { olderThanDays = settings.retentionDays.value, dryRun = false } = options;
  const stateFolder = settings.stateDir.value;
  const ledger = openTenantLedger(settings);
  try {
    const lock = ledger.lock('runs prune');
    try {
      const beforeMs = Date.now() - olderThanDays * dayMs;
      const files = findOldCopies(ledger, stateFolder, beforeMs);
      const facts = { olderThanDays, dryRun, files: files.length };
      if (dryRun) return { ...ledger.retention.findPrunable(beforeMs), ...facts, bytes: 0 };
      const before = measure(ledger.folder) + files.reduce((sum, file) => sum + sizeOf(file), 0);
      const pruned = ledger.retention.prune(beforeMs);
      for (const file of files) rmSync(file, { force: true });
      ledger.retention.giveBackSpace();
      const { runs, rows } = pruned;
      ledger.audit.add({ command: 'runs prune', what: 'pruned', counts: { runs, rows, files: files.length } });
      return { ...pruned, ...facts, bytes: Math.max(0, before - measure(ledger.folder)) };
    } finally {
      lock.release();
    }
  } finally {
    ledger.close();
  }
}

/** Less would be more writing than it is worth. */
const worthGivingBack = { bytes: 4 * 1024 * 1024, share: 0.25 } as const;

/**
 * Sees to retention once a day, at the end of a run. That it fails is no reason for the run to fail: the next one tries
 * again.
 */
export function keepRetention(ledger: Ledger, settings: Settings, nowMs: number): void {
  const last = ledger.retention.lastPrunedAtMs();
  if (last !== undefined && Math.abs(nowMs - last) < dayMs * 0.8) return;
  try {
    const beforeMs = nowMs - settings.retentionDays.value * dayMs;
    ledger.retention.prune(beforeMs);
    for (const file of findOldCopies(ledger, settings.stateDir.value, beforeMs)) rmSync(file, { force: true });
    const unused = ledger.retention.unusedShare();
    if (unused.bytes >= worthGivingBack.bytes && unused.share >= worthGivingBack.share)
      ledger.retention.giveBackSpace();
  } catch {
    // The disk is full, or another process reads the ledger.
  }
}

/** Copies of standard input that no unfinished run reads, ledgers that were converted or replaced, and details of an interrupted export. */
function findOldCopies(ledger: Ledger, stateFolder: string, beforeMs: number): readonly string[] {
  const inputs = join(stateFolder, 'inputs');
  const needed = new Set(
    listTenants(stateFolder).flatMap(({ folder, tenant }) =>
      folder === ledger.folder ? listUnfinishedInputs(ledger) : readUnfinishedInputs(stateFolder, tenant),
    ),
  );
  const spooled = listFiles(inputs).filter((path) => !needed.has(path));
  const old = listFiles(ledger.folder).filter((path) => isSpareCopy(basename(path)));
  return [...spooled, ...old].filter(
    (path) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? beforeMs) < beforeMs,
  );
}

function readUnfinishedInputs(stateFolder: string, tenant: Parameters<typeof openLedger>[1]): readonly string[] {
  const other = openLedger(stateFolder, tenant);
  try {
    return listUnfinishedInputs(other);
  } finally {
    other.close();
  }
}

function listUnfinishedInputs(ledger: Ledger): readonly string[] {
  return ledger.runs.findUnfinished().flatMap(({ input }) => (input === undefined ? [] : [input.path]));
}

function listFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function measure(folder: string): number {
  return listFiles(folder).reduce((sum, file) => sum + sizeOf(file), 0);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
