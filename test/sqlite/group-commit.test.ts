import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GroupCommit } from '#src/sqlite/group-commit.js';
import { type Database, openDatabase } from '#src/sqlite/open-database.js';

let folder: string;
let database: Database;
let commits: GroupCommit<number>;
/** The changes of each commit that was tried. */
let groups: (readonly number[])[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlite-'));
  database = openDatabase(join(folder, 'ledger.db'));
  database.exec('CREATE TABLE numbers (number INTEGER CHECK (number >= 0))');
  const insert = database.prepare('INSERT INTO numbers VALUES (?)');
  groups = [];
  commits = new GroupCommit(database, (numbers) => {
    groups.push(numbers);
    for (const number of numbers) insert.run([number]);
  });
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What another process would see. */
function readCommitted(): unknown[] {
  const other = openDatabase(join(folder, 'ledger.db'));
  const rows = other.prepare('SELECT number FROM numbers ORDER BY rowid').all();
  other.close();
  return rows.map(({ number }) => number);
}

describe('a group commit', () => {
  it('has committed a change once it says so', async () => {
    for (const count of [1, 2, 3]) {
      await commits.write(count);
      expect(readCommitted()).toHaveLength(count);
    }
  });

  it('commits the changes of one turn together, in the order in which they were asked for', async () => {
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    await Promise.all(
      numbers.map((number) => (number % 2 === 0 ? commits.write(number) : commits.writeBatched(number))),
    );
    expect(readCommitted()).toEqual(numbers);
    expect(groups).toEqual([numbers]);
  });

  it('commits a change that nothing waits for with the next urgent one', async () => {
    const batched = commits.writeBatched(1);
    await Promise.all([batched, commits.write(2)]);
    expect(groups).toEqual([[1, 2]]);
  });

  it('commits a change that nothing waits for also when no other follows', async () => {
    await commits.writeBatched(1);
    expect(readCommitted()).toEqual([1]);
  });

  it('leaves nothing of a group of which one change fails, and goes on with the next', async () => {
    const failed = await Promise.allSettled([commits.write(1), commits.write(-1)]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await commits.write(3);
    expect(readCommitted()).toEqual([3]);
  });
});
