import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Customer } from '#pipelines/model.js';
import { BusyError } from '#src/errors.js';
import { GroupCommit, scriptRunner } from '#src/sqlite/group-commit.js';
import { type Database, openDatabase, tryLockFile } from '#src/sqlite/open-database.js';
import { literal } from '#src/sqlite/sql-text.js';

/** How far a series of incremental exports has come. */
export interface ExportCursor {
  /** Edits from this moment on belong to the next export; epoch milliseconds, the server's clock. */
  readonly sinceMs: number;
  /** Edits after that moment that were delivered all the same. */
  readonly delivered: ReadonlySet<string>;
}

/** The watermarks of incremental exports, by the name of their series. */
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
      const delivered = JSON.parse(String(row.delivered)) as readonly string[];
      return { sinceMs: Number(row.since), delivered: new Set(delivered) };
    },
    save: (name, { sinceMs, delivered }) => {
      upsert.run(name, sinceMs, JSON.stringify([...delivered]), now());
    },
  };
}

/** Details that an export has read and not delivered yet, so that a broken one need not ask for them again. */
export interface DetailCache {
  /** The detail as kept, unless the customer was edited since. */
  find(id: string, lastEdit: string): Customer | undefined;
  save(id: string, lastEdit: string, customer: Customer): Promise<void>;
  /** Forgets everything: the file is in its place. */
  clear(): void;
  /** Leaves what is kept for the next export. */
  close(): void;
}

/**
 * Opens the details that this tenant's last broken export has left, for one export at a time.
 *
 * @throws BusyError when another export reads details
 */
export function openDetailCache(folder: string): DetailCache {
  const release = tryLockFile(join(folder, 'details-lock.db'));
  if (release === undefined)
    throw new BusyError('Another export with --full is reading the details of these customers.', {
      code: 'BUSY',
      nextStep: 'Wait until it has finished: two would ask for every customer twice.',
    });
  const path = join(folder, 'details.db');
  // They can be asked for again, so that a lost power supply may cost the last ones.
  const database = openDatabase(path, 'normal');
  database.exec(
    'CREATE TABLE IF NOT EXISTS details (id TEXT PRIMARY KEY, last_edit TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID',
  );
  const select = database.prepare('SELECT body FROM details WHERE id = ? AND last_edit = ?');
  const scripts = scriptRunner(path, { durability: 'normal' });
  const commits = new GroupCommit<Detail>(scripts, (details) =>
    details.map((detail) => `INSERT OR REPLACE INTO details (id, last_edit, body) VALUES (${rowOf(detail)})`).join(';'),
  );
  const close = () => {
    scripts.close();
    database.close();
    release();
  };
  return {
    find(id, lastEdit) {
      const row = select.get(id, lastEdit);
      return row === undefined ? undefined : (JSON.parse(String(row.body)) as Customer);
    },
    save: (id, lastEdit, customer) => commits.write({ id, lastEdit, customer }),
    clear() {
      scripts.close();
      database.close();
      for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
      release();
    },
    close,
  };
}

interface Detail {
  readonly id: string;
  readonly lastEdit: string;
  readonly customer: Customer;
}

function rowOf({ id, lastEdit, customer }: Detail): string {
  return [id, lastEdit, JSON.stringify(customer)].map(literal).join();
}
