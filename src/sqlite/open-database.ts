import { chmodSync, closeSync, openSync } from 'node:fs';
import Driver from 'libsql';
import { hasFileModes } from '#src/platform.js';

/** What SQLite can store and give back. */
export type SqlValue = string | number | bigint | Buffer | null;

/** A prepared statement; rows come back as plain objects. */
export interface Statement {
  /** The form with an array is quicker: the driver would make one first. */
  run(values: readonly SqlValue[]): { readonly changes: number };
  run(...values: readonly SqlValue[]): { readonly changes: number };
  get(...values: readonly SqlValue[]): Record<string, SqlValue> | undefined;
  all(...values: readonly SqlValue[]): Record<string, SqlValue>[];
  /**
   * Read it to its end before you await anything else: while it is open, this connection does not see what others commit,
   * and cannot write once they have.
   */
  iterate(...values: readonly SqlValue[]): IterableIterator<Record<string, SqlValue>>;
}

/** One open SQLite file. Calls are synchronous and block the event loop: batch them. */
export interface Database {
  prepare(sql: string): Statement;
  exec(sql: string): void;
  /** Runs `work` in one transaction that takes the write lock at its start; rolls back when it throws. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/**
 * Pages of 4 KiB that the write-ahead log may hold before SQLite moves them into the main file, which blocks everybody and
 * costs two syncs. With SQLite's default of 1000, a busy import would spend a fifth of its time on that.
 */
const maxPagesInLog = 8000;

/** How long to wait while another process has the file locked. */
const lockTimeoutMs = 10_000;

/** `full` syncs every commit to disk; after `normal`, a power cut may lose the last commits, a killed process does not. */
export type Durability = 'full' | 'normal';

/**
 * Opens a SQLite file in WAL mode, and creates it if necessary.
 *
 * @param path - the file, created with mode 0600 because it holds customers; `:memory:` for none
 * @throws the driver's error when the file cannot be opened or is no database
 */
export function openDatabase(path: string, durability: Durability = 'full'): Database {
  if (path !== ':memory:') createPrivateFile(path);
  const driver = new Driver(path, { timeout: lockTimeoutMs });
  driver.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability.toUpperCase()};
    PRAGMA wal_autocheckpoint = ${maxPagesInLog}; PRAGMA foreign_keys = ON`);
  const [begin, commit] = [driver.prepare('BEGIN IMMEDIATE'), driver.prepare('COMMIT')];
  function transaction<T>(work: () => T): T {
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      // On a full disk SQLite has rolled back by itself.
      if (driver.inTransaction) driver.exec('ROLLBACK');
      throw error;
    }
  }
  return {
    prepare: (sql) => driver.prepare(sql) as unknown as Statement,
    exec: (sql) => {
      driver.exec(sql);
    },
    transaction,
    close: () => driver.close(),
  };
}

/** SQLite gives its side files (`-wal`, `-shm`) the mode of the main file, so one mode covers all three. */
function createPrivateFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  if (hasFileModes()) chmodSync(path, 0o600);
}

/**
 * Takes the operating system's lock on a file that is used for nothing else, for as long as this process lives.
 *
 * @returns a function that releases the lock, or `undefined` when another process holds it
 */
export function tryLockFile(path: string): (() => void) | undefined {
  createPrivateFile(path);
  const driver = new Driver(path, { timeout: 0 });
  try {
    driver.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    driver.close();
    if (error instanceof Error && /busy|locked/i.test(`${error.message} ${'code' in error ? error.code : ''}`))
      return undefined;
    throw error;
  }
  return () => {
    driver.exec('ROLLBACK');
    driver.close();
  };
}
