import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Customer } from '#pipelines/customer.js';
import { BusyError } from '#src/errors.js';
import { openDatabase, openExclusively } from '#src/sqlite/open-database.js';
import { scriptRunner } from '#src/sqlite/script-runner.js';
import { literal } from '#src/sqlite/sql-text.js';
import { GroupCommit } from './group-commit.js';

/** Details that an export has read and not delivered yet, so that a broken one need not ask for them again. */
export interface KeptDetails {
  /** The detail as kept, unless the customer was edited since. */
  find(id: string, lastEdit: string): Customer | undefined;
  keep(id: string, lastEdit: string, customer: Customer): Promise<void>;
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
export function openKeptDetails(folder: string): KeptDetails {
  const release = openExclusively(join(folder, 'details-lock.db'));
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
    keep: (id, lastEdit, customer) => commits.write({ id, lastEdit, customer }),
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
