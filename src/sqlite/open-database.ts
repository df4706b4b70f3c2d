import { chmodSync, closeSync, openSync } from 'node:fs';
import Driver from 'libsql';

/** What SQLite can store and give back. */
export type SqlValue = string | number | bigint | Buffer | null;

/** A prepared statement; rows come back as plain objects. */
export interface Statement {
  /** As the other one, but quicker, since the driver would make a list of them first. */
  run(values: readonly SqlValue[]): { readonly changes: number };
  run(...values: readonly SqlValue[]): { readonly changes: number };
  get(...values: readonly SqlValue[]): Record<string, SqlValue> | undefined;
  all(...values: readonly SqlValue[]): Record<string, SqlValue>[];
  /**
   * To be read to its end before anything else is awaited: an open reading keeps this connection from seeing what others
   * commit, and from writing once they have.
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
 * Pages of 4 KiB that the log may hold before SQLite moves them to their places, which holds everybody up and costs two
 * syncs: with its own default of 1000, a busy import would spend a fifth of its time on that.
 */
const pagesInLog = 8000;

/** `full` syncs every commit to disk; after `normal`, the last commits may be lost with the power, not with the process. */
export type Durability = 'full' | 'normal';

/** What every connection is told first. */
export function pragmas(durability: Durability): string {
  return `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability.toUpperCase()};
    PRAGMA wal_autocheckpoint = ${pagesInLog}; PRAGMA foreign_keys = ON`;
}

/**
 * Opens (or makes) a SQLite file in WAL mode.
 *
 * @param path - the file, made with mode 0600 because it holds customers; `:memory:` for none
 * @throws the driver's error when the file cannot be opened or is no database
 */
export function openDatabase(path: string, durability: Durability = 'full'): Database {
  if (path !== ':memory:') createPrivately(path);
  const driver = new Driver(path, { timeout: 10_000 });
  driver.exec(pragmas(durability));
  const [begin, commit] = [driver.prepare('BEGIN IMMEDIATE'), driver.prepare('COMMIT')];
  function transaction<T>(work: () => T): T {
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
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

/** SQLite gives its side files (`-wal`, `-shm`) the mode of the main file, so that one decides for all three. */
function createPrivately(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  if (process.platform !== 'win32') chmodSync(path, 0o600);
}

/**
 * Takes the operating system's lock on a file of its own, for as long as this process lives.
 *
 * @returns the release, or `undefined` when another process holds it
 */
export function tryLockFile(path: string): (() => void) | undefined {
  createPrivately(path);
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
