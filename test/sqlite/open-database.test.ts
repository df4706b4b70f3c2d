import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '#src/sqlite/open-database.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlite-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('openDatabase', () => {
  it('makes its files readable by their owner only', () => {
    const database = openDatabase(join(folder, 'ledger.db'));
    database.exec('CREATE TABLE t (a TEXT)');
    for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm'])
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    database.close();
  });

  it('takes back everything a failed transaction did', () => {
    const database = openDatabase(join(folder, 'ledger.db'));
    database.exec('CREATE TABLE t (a TEXT)');
    expect(() =>
      database.transaction(() => {
        database.prepare('INSERT INTO t VALUES (?)').run('lost');
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(database.prepare('SELECT count(*) AS n FROM t').get()?.n).toBe(0);
    database.transaction(() => database.prepare('INSERT INTO t VALUES (?)').run('kept'));
    expect(
      database
        .prepare('SELECT a FROM t')
        .all()
        .map((row) => row.a),
    ).toEqual(['kept']);
    database.close();
  });

  it('shares a file between two connections: each sees what the other committed', () => {
    const first = openDatabase(join(folder, 'ledger.db'));
    const second = openDatabase(join(folder, 'ledger.db'));
    first.exec('CREATE TABLE t (a TEXT)');
    const read = second.prepare('SELECT count(*) AS n FROM t');
    for (const count of [1, 2, 3]) {
      first.prepare('INSERT INTO t VALUES (?)').run('x');
      expect(read.get()?.n).toBe(count);
    }
    first.close();
    second.close();
  });
});
