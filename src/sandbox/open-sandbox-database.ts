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
    throw isForeign ? notOurs(dataFile, error) : error;
  }
}

function claim(database: Database, dataFile: string): void {
  database.transaction(() => {
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
    const tables = Number(database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'").get()?.n);
    if (version === schemaVersion) return;
    if (version !== 0 || tables > 0) throw notOurs(dataFile);
    database.exec(schema);
  });
}

function notOurs(dataFile: string, cause?: unknown): UsageError {
  return new UsageError(`${dataFile} holds something else than a sandbox's data.`, {
    code: 'SANDBOX_DATA_FILE',
    nextStep: 'Name a new file: the sandbox makes it.',
    cause,
  });
}
