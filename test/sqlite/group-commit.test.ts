import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ScriptRunner, scriptRunner } from '#src/sqlite/group-commit.js';
import { type Database, openDatabase } from '#src/sqlite/open-database.js';
import { literal } from '#src/sqlite/sql-text.js';

let folder: string;
let database: Database;
let scripts: ScriptRunner;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlite-'));
  database = openDatabase(join(folder, 'ledger.db'));
  database.exec('CREATE TABLE t (a)');
  scripts = scriptRunner(join(folder, 'ledger.db'));
});
afterEach(() => {
  scripts.close();
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const kept = () =>
  database
    .prepare('SELECT a FROM t ORDER BY rowid')
    .all()
    .map((row) => row.a);

describe('scriptRunner', () => {
  it('shows what it has committed to the connection beside it, once it says so', async () => {
    for (const count of [1, 2, 3]) {
      await scripts.transaction(`INSERT INTO t VALUES (${count})`);
      expect(kept()).toHaveLength(count);
    }
  });

  it('runs scripts one after the other, in the order in which they were asked for', async () => {
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    await Promise.all(numbers.map((number) => scripts.transaction(`INSERT INTO t VALUES (${number})`)));
    expect(kept()).toEqual(numbers);
  });

  it('leaves nothing of a script that fails, and goes on with the next', async () => {
    const failed = scripts.transaction('INSERT INTO t VALUES (1); INSERT INTO nowhere VALUES (2)');
    const next = scripts.transaction('INSERT INTO t VALUES (3)');
    await expect(failed).rejects.toThrow('nowhere');
    await next;
    expect(kept()).toEqual([3]);
  });

  it('does not keep the event loop from its work', async () => {
    const rows = 'WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000)';
    let turns = 0;
    const counting = setInterval(() => {
      turns += 1;
    }, 1);
    await scripts.transaction(`${rows} INSERT INTO t SELECT x FROM n`);
    clearInterval(counting);
    expect(turns).toBeGreaterThan(3);
    expect(kept()).toHaveLength(300_000);
  });

  it('waits for a transaction of the connection beside it', async () => {
    let waiting: Promise<void> | undefined;
    database.transaction(() => {
      waiting = scripts.transaction('INSERT INTO t VALUES (2)');
      database.prepare('INSERT INTO t VALUES (?)').run(1);
    });
    await waiting;
    expect(kept()).toEqual([1, 2]);
  });

  it('writes nothing more once it is closed', async () => {
    const late = [1, 2, 3].map((number) => scripts.transaction(`INSERT INTO t VALUES (${number})`));
    scripts.close();
    late.push(scripts.transaction('INSERT INTO t VALUES (4)'));
    const ends = await Promise.allSettled(late);
    expect(ends.at(-1)).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('closed') } });
    expect(kept()).toHaveLength(ends.filter(({ status }) => status === 'fulfilled').length);
  });

  it('says why when there is no such file', async () => {
    const lost = scriptRunner(join(folder, 'missing', 'ledger.db'));
    await expect(lost.transaction('SELECT 1')).rejects.toThrow();
    lost.close();
  });
});

describe('literal', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom("'", '"', '\0', ';', '-', '\\', '\n', '\ud800', '\u{1f600}', 'a', '?') }),
  );

  /** The driver gives a text back up to its first NUL only, so that bytes are compared. */
  const bytesOf = (what: string) => `SELECT typeof(${what}) || hex(CAST(${what} AS BLOB)) AS a`;

  it('comes out as it would have been bound', async () => {
    const bound = database.prepare(`WITH v (a, rest) AS (VALUES (?, ?)) ${bytesOf('a')} FROM v`);
    const stored = database.prepare(`${bytesOf('a')} FROM t ORDER BY rowid`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(anyText, fc.constant(null)), { minLength: 1 }), async (values) => {
        await scripts.transaction(
          `DELETE FROM t; INSERT INTO t VALUES ${values.map((one) => `(${literal(one)})`).join()}`,
        );
        expect(stored.all().map((row) => row.a)).toEqual(values.map((one) => bound.get(one, 0)?.a));
      }),
      { numRuns: 300 },
    );
  });

  it('writes numbers as numbers, and nothing for what is not there', async () => {
    const values = [0, -1, 1.5, Date.now(), Number.MAX_SAFE_INTEGER, undefined];
    await scripts.transaction(`INSERT INTO t VALUES ${values.map((one) => `(${literal(one)})`).join()}`);
    expect(kept()).toEqual([...values.slice(0, -1), null]);
  });

  it('carries texts of megabytes', async () => {
    const long = "it's ".repeat(500_000);
    await scripts.transaction(`INSERT INTO t VALUES (${literal(long)})`);
    expect(kept()).toEqual([long]);
  });
});
