import { UsageError } from '#src/errors.js';
import { type Database, openDatabase } from '#src/sqlite/open-database.js';

const schemaVersion = 1;

/** 40 MB of log: a checkpoint waits for the disk, and at SQLite's own 4 MB those waits are most of an add's cost. */
const pagesPerCheckpoint = 10_000;

const schema = `
  CREATE TABLE customers (
    number INTEGER PRIMARY KEY,
    editedUtc TEXT NOT NULL,
    transactions INTEGER NOT NULL DEFAULT 0,
    flat TEXT NOT NULL,
    deep TEXT NOT NULL
  );
  CREATE INDEX customersByEdit ON customers (editedUtc, number);
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
  CREATE TABLE tokens (token TEXT PRIMARY KEY, expiresAtMs INTEGER NOT NULL);
  CREATE TABLE logins (day TEXT PRIMARY KEY, count INTEGER NOT NULL);
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * Opens the sandbox's data, which several processes may serve at the same time.
 *
 * @throws {UsageError} the file is not a sandbox's
 */
export function openSandboxDatabase(dataFile: string): Database {
  let database: Database | undefined;
  try {
    database = openDatabase(dataFile, 'normal');
    database.exec(`PRAGMA wal_autocheckpoint = ${pagesPerCheckpoint}`);
    claim(database, dataFile);
    return database;
  } catch (error) {
    database?.close();
    const isForeign = error instanceof Error && 'code' in error && error.code === 'SQLITE_NOTADB';
    throw isForeign ? createForeignFileError(dataFile, error) : error;
  }
}

function claim(database: Database, dataFile: string): void {
  database.transaction(() => {
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
    const tables = Number(database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'").get()?.n);
    if (version === schemaVersion) return;
    if (version !== 0 || tables > 0) throw createForeignFileError(dataFile);
    database.exec(schema);
  });
}

function createForeignFileError(dataFile: string, cause?: unknown): UsageError {
  return new UsageError(`${dataFile} was not created by the sandbox.`, {
    code: 'SANDBOX_DATA_FILE',
    nextStep: 'Choose a new file name: the sandbox creates the file.',
    cause,
  });
}

/**
 * One transaction for all writes of a turn of the event loop: under load, a commit per request costs more than
 * everything else that the sandbox does for it.
 */
export interface CommitGroup {
  /**
   * Every write, and every read that a write depends on, calls this first: it begins the transaction if none is open,
   * and keeps out other processes that serve the same file.
   *
   * @returns the transaction's number: with a new one, others may have written in between
   */
  join(): number;
  /** Calls back once all writes so far are on disk, at once when none is open; `failure` when they are not. */
  whenDurable(done: (failure?: unknown) => void): void;
  /** Commits now; for callers that cannot wait for the turn's end. */
  flush(): void;
}

export function createCommitGroup(database: Database): CommitGroup {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  let isOpen = false;
  let begun = 0;
  let waiting: ((failure?: unknown) => void)[] = [];

  const end = (): unknown => {
    try {
      commit.run();
      return undefined;
    } catch (failure) {
      rollBack(database);
      return failure;
    }
  };
  const flush = () => {
    if (!isOpen) return;
    isOpen = false;
    const failure = end();
    const settled = waiting;
    waiting = [];
    for (const done of settled) done(failure);
  };

  return {
    join() {
      if (isOpen) return begun;
      begin.run();
      isOpen = true;
      setImmediate(flush);
      begun += 1;
      return begun;
    },
    whenDurable(done) {
      if (isOpen) waiting.push(done);
      else done();
    },
    flush,
  };
}

function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // On a full disk SQLite has done so by itself, and then there is nothing to roll back.
  }
}
