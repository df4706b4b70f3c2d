import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '#src/errors.js';
import { type Database, openDatabase } from '#src/sqlite/open-database.js';
import { openLedgerAge } from './ledger-age.js';
import { migrate, readSchemaVersion, schemaVersion } from './schema.js';
import { lockTenant } from './tenant-lock.js';

/** Whose ledger it is. */
interface Owner {
  readonly baseUrl: string;
  readonly login: string;
}

/** Whose ledger a backup holds, and when it was made. */
interface BackupFacts extends Owner {
  /** Epoch milliseconds. */
  readonly madeAtMs: number;
}

/**
 * Whether a file in the folder of an account holds customers though nothing needs it any more: a ledger of an earlier version, or
 * one that a backup has replaced; or details that an interrupted export has left.
 */
export function isSpareCopy(name: string): boolean {
  return /^(?:ledger-(?:of-version|replaced)-[^.]+|details)\.db(?:-wal|-shm)?$/.test(name);
}

/**
 * Writes a whole copy of a ledger that others may be writing to, without the access token.
 *
 * @param path - replaced when it exists; readable by its owner only, since it holds customers
 */
export function copyLedger(database: Database, path: string, { baseUrl, login }: Owner, madeAtMs: number): void {
  const unfinished = `${path}.${process.pid}.part`;
  rmSync(unfinished, { force: true });
  try {
    database.prepare('VACUUM INTO ?').run(unfinished);
    const copy = openDatabase(unfinished);
    try {
      copy.exec(`PRAGMA secure_delete = ON; UPDATE tokens SET token = NULL;
        CREATE TABLE backup (base_url TEXT NOT NULL, login TEXT NOT NULL, made_at INTEGER NOT NULL)`);
      copy.prepare('INSERT INTO backup (base_url, login, made_at) VALUES (?, ?, ?)').run(baseUrl, login, madeAtMs);
      copy.exec('PRAGMA journal_mode = DELETE');
    } finally {
      copy.close();
    }
    syncFile(unfinished);
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/**
 * Puts a backup in the place of a tenant's ledger, and notes in it that it does not know what was done since. The ledger that was
 * there is kept beside it.
 *
 * @returns when the backup was made, and where the former ledger is
 * @throws UsageError when the file is no backup, or another tenant's; BusyError while a run is at work
 */
export function restoreLedger(
  folder: string,
  tenant: Owner,
  source: string,
  now: () => number,
): { readonly madeAtMs: number; readonly replaced: string | null } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockTenant(folder, 'state restore');
  const fresh = join(folder, `ledger.db.${process.pid}.restored`);
  try {
    const { madeAtMs } = prepareRestored(source, fresh, tenant, now);
    const ledger = join(folder, 'ledger.db');
    const replaced = existsSync(ledger) ? keepReplaced(ledger, folder, now()) : null;
    renameSync(fresh, ledger);
    // A record of the former ledger would say again that this one is another.
    rmSync(join(folder, 'ledger-age.json'), { force: true });
    recordAge(folder, ledger, now);
    return { madeAtMs, replaced };
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${fresh}${suffix}`, { force: true });
    lock.release();
  }
}

function prepareRestored(source: string, fresh: string, tenant: Owner, now: () => number): BackupFacts {
  let database: Database | undefined;
  try {
    copyFileSync(source, fresh);
    database = openDatabase(fresh);
    const facts = readBackup(database);
    if (facts.baseUrl !== tenant.baseUrl || facts.login !== tenant.login) throw otherAccount(source, facts, tenant);
    migrate(database);
    database.exec('DROP TABLE backup');
    database
      .prepare(`INSERT INTO ledger_gaps (noticed_at, reason, from_ms)
        SELECT ?, 'restored', coalesce(committed_at, begun_at) FROM ledger_age`)
      .run(now());
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return facts;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${source} is not a backup of a ledger (${why}). Nothing was changed.`, {
      code: 'NOT_A_BACKUP',
      cause: error,
    });
  } finally {
    database?.close();
  }
}

function readBackup(database: Database): BackupFacts {
  const check = database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check;
  if (check !== 'ok') throw new Error(String(check));
  const version = readSchemaVersion(database);
  if (version > schemaVersion) throw new Error('it was made by a newer version of this program');
  const { base_url: baseUrl, login, made_at: madeAt } = database.prepare('SELECT * FROM backup').get() ?? {};
  return { baseUrl: String(baseUrl), login: String(login), madeAtMs: Number(madeAt) };
}

function otherAccount(source: string, { baseUrl, login }: BackupFacts, tenant: Owner): UsageError {
  return new UsageError(
    `${source} is the ledger of ${login} at ${baseUrl}, not of ${tenant.login} at ${tenant.baseUrl}. Nothing was changed.`,
    { code: 'BACKUP_OF_OTHER_ACCOUNT' },
  );
}

/** @returns where the former ledger is now, whole as far as it can be read */
function keepReplaced(ledger: string, folder: string, atMs: number): string {
  const kept = join(folder, `ledger-replaced-${new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+Z$/g, '')}.db`);
  try {
    const former = openDatabase(ledger);
    former.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    former.close();
  } catch {
    // It is damaged: its parts are kept as they are.
  }
  copyFileSync(ledger, kept);
  // SQLite would apply a log of the former ledger to the restored one.
  for (const suffix of ['-wal', '-shm'])
    if (existsSync(`${ledger}${suffix}`))
      if (statSync(`${ledger}${suffix}`).size > 0) renameSync(`${ledger}${suffix}`, `${kept}${suffix}`);
      else rmSync(`${ledger}${suffix}`);
  return kept;
}

function recordAge(folder: string, ledger: string, now: () => number): void {
  const database = openDatabase(ledger);
  try {
    const age = openLedgerAge(folder, database, now);
    age.record();
    age.close();
  } finally {
    database.close();
  }
}
