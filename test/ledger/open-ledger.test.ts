import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLedger } from '#src/ledger/open-ledger.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { openDatabase } from '#src/sqlite/open-database.js';
import { customerLines, fast, readResults, writeCustomers } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

const place = useWorkplace();
const options = [...fast, '--settle', '0.1', '--state-dir', 'state'];
const rows = 12;
const createdRows = 5;

/** Puts a ledger that an earlier version wrote in the place of this API's own. @returns where it is */
function restoreLedger({ baseUrl, username }: Sandbox): string {
  const ledger = openLedger(place.path('state'), { baseUrl, login: username });
  ledger.close();
  const file = join(ledger.folder, 'ledger.db');
  const database = openDatabase(file);
  database.exec('PRAGMA foreign_keys = OFF');
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  for (const { name } of tables.all()) database.exec(`DROP TABLE ${String(name)}`);
  database.exec(readFileSync('fixtures/ledgers/killed-import.sql', 'utf8').replaceAll('/folder', place.path('.')));
  database.close();
  return file;
}

async function openApi(): Promise<Sandbox> {
  const api = await place.openApi();
  writeCustomers(place, rows);
  await api.seed(createdRows);
  return api;
}

describe('a ledger that version 0.1.0 wrote', () => {
  it('opens, and its killed run is resumed: what was created is not sent again', async () => {
    const api = await openApi();
    restoreLedger(api);
    const { exitCode, stdout, stderr } = await place.run(['resume', ...options, '--json']);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ run: '20240101-000032-cfb4', counts: { created: rows } });
    expect(api.customers()).toHaveLength(rows);
    const results = readResults(place.read('customers.results.csv'));
    expect(results.map((row) => `${row._status} ${row.No}`)).toEqual(
      customerLines(rows).map((line) => `created ${line.split(',')[0]}`),
    );
  });

  it.each([
    ['outcome', '{"status":"created"}', 'the outcome of a row'],
    ['outcome', 'no JSON', 'the outcome of a row'],
  ])('is refused as damaged when the %s of a row is %s', async (column, value, named) => {
    const file = restoreLedger(await openApi());
    const database = openDatabase(file);
    database.prepare(`UPDATE rows SET ${column} = ? WHERE idx = 2`).run(value);
    database.close();
    const { exitCode, stderr } = await place.run([
      'runs',
      'show',
      '20240101-000032-cfb4',
      '--results',
      'r.csv',
      ...options.slice(-2),
    ]);
    expect(exitCode).toBe(8);
    expect(stderr).toContain(`${named} was not written by this program`);
    expect(stderr).toContain('restore the state folder from a backup');
  });
});
