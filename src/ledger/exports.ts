import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { stringifyExactJson } from '#pipelines/exact-json.js';
import type { Customer } from '#pipelines/model.js';
import { BusyError } from '#src/errors.js';
import { GroupCommit } from '#src/sqlite/group-commit.js';
import { type Database, openDatabase, tryLockFile } from '#src/sqlite/open-database.js';
import { isArrayOf, isJsonObject, isText, readStoredJson } from './damaged-ledger.js';

/** How far a series of incremental exports has come. */
export interface ExportCursor {
  /** Edits from this moment on belong to the next export; epoch milliseconds, the server's clock. */
  readonly sinceMs: number;
  /** Edits after that moment that were delivered nevertheless. */
  readonly delivered: ReadonlySet<string>;
}

/** Where each series of incremental exports continues, by the name of the series. */
export interface ExportCursors {
  find(name: string): ExportCursor | undefined;
  /** Call it only once the exported file is in its place. */
  save(name: string, cursor: ExportCursor): void;
}

export function openExportCursors(database: Database, now: () => number): ExportCursors {
  const select = database.prepare('SELECT since, delivered FROM export_cursors WHERE name = ?');
  const upsert = database.prepare(`INSERT INTO export_cursors (name, since, delivered, moved_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET since = excluded.since, delivered = excluded.delivered, moved_at = excluded.moved_at`);
  return {
    find(name) {
      const row = select.get(name);
      if (row === undefined) return undefined;
      const delivered = readStoredJson(row.delivered, 'what an export has delivered', isArrayOf(isText));
      return { sinceMs: Number(row.since), delivered: new Set(delivered) };
    },
    save: (name, { sinceMs, delivered }) => {
      upsert.run(name, sinceMs, JSON.stringify([...delivered]), now());
    },
  };
}

/** Details that an export has read but not delivered yet, so that a repeated export need not ask for them again. */
export interface DetailCache {
  /** The saved detail, unless the customer was edited since. */
  find(id: string, lastEdit: string): Customer | undefined;
  save(id: string, lastEdit: string, customer: Customer): Promise<void>;
  /** Deletes the cache and closes it: the exported file is in its place. */
  clear(): void;
  /** Closes the cache and keeps it for the next export. */
  close(): void;
}

interface Detail {
  readonly id: string;
  readonly lastEdit: string;
  readonly customer: Customer;
}

/**
 * Opens the details that this tenant's last interrupted export has left, for one export at a time.
 *
 * @throws BusyError when another export reads details
 */
export function openDetailCache(folder: string): DetailCache {
  const release = tryLockFile(join(folder, 'details-lock.db'));
  if (release === undefined)
    throw new BusyError('Another export with --full is already reading these customers.', {
      code: 'BUSY',
      nextStep: 'Wait until it has finished: two exports would read every customer twice.',
    });
  const path = join(folder, 'details.db');
  // A power cut may cost the last details: they can be asked for again.
  const database = openDatabase(path, 'normal');
  database.exec(
    'CREATE TABLE IF NOT EXISTS details (id TEXT PRIMARY KEY, last_edit TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID',
  );
  const select = database.prepare('SELECT body FROM details WHERE id = ? AND last_edit = ?');
  const upsert = database.prepare('INSERT OR REPLACE INTO details (id, last_edit, body) VALUES (?, ?, ?)');
  const commits = new GroupCommit<Detail>(database, (details) => {
    for (const { id, lastEdit, customer } of details) upsert.run([id, lastEdit, stringifyExactJson(customer)]);
  });
  const close = () => {
    database.close();
    release();
  };
  return {
    find(id, lastEdit) {
      const row = select.get(id, lastEdit);
      return row === undefined ? undefined : readStoredJson(row.body, 'a customer’s detail', isJsonObject);
    },
    save: (id, lastEdit, customer) => commits.write({ id, lastEdit, customer }),
    clear() {
      database.close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
      release();
    },
    close,
  };
}
