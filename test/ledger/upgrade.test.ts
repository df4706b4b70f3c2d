import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { openDatabase } from '#src/sqlite/open-database.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();
const mapping = { mode: 'upsert', key: { column: 'No' }, fields: { customerName: 'Name', emailAddress: 'Email' } };

/** The customers that the older version created, in their order. */
const customers = [
  ['Ann Lee', 'Ann@Koala.Example'],
  ['Ben Orr', 'ben@wren.example'],
  ['Cid Poe', 'cid@example.com'],
  ['Emu Cafe', 'emu@example.com'],
  ['Dora Quin', 'dora@example.com'],
  ['Eve Ray', 'eve@example.com'],
] as const;

/** Puts a ledger that version 0.1.0 wrote in the place of this API's own. @returns its folder */
function restoreLedger({ baseUrl, username }: Sandbox, changes = ''): string {
  const { folder, close } = openLedger(place.path('state'), { baseUrl, login: username });
  close();
  const database = openDatabase(join(folder, 'ledger.db'));
  database.exec('PRAGMA foreign_keys = OFF');
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  for (const { name } of tables.all()) database.exec(`DROP TABLE ${String(name)}`);
  database.exec(readFileSync('fixtures/ledgers/nightly-imports.sql', 'utf8').replaceAll('/folder', place.path('.')));
  database.exec(changes);
  database.close();
  return folder;
}

async function openApi(): Promise<Sandbox> {
  const api = await place.openApi();
  const client = await openClient(api);
  for (const [customerName, emailAddress] of customers) await client.add({ customerName, emailAddress });
  place.mapping(mapping);
  return api;
}

function readKeys(api: Sandbox): readonly (readonly [string, string])[] {
  const ledger = openLedger(place.path('state'), { baseUrl: api.baseUrl, login: api.username });
  const keys = [...ledger.crosswalk.all()].map(({ key, customerCode }) => [key, customerCode] as const);
  ledger.close();
  return keys;
}

describe('a ledger that the version before wrote', () => {
  it.each(['nightly-people.csv', 'nightly-frame.csv'])('knows its customers by the keys of %s', async (file) => {
    const api = await openApi();
    restoreLedger(api);
    const night = () => importFile(place.settings(), { file: join('fixtures/ledgers', file), ...results });
    const results = { results: place.path('results.csv'), rejects: place.path('rejects.csv') };
    const { done, calls } = await place.measureCalls(night);
    expect(done.exitCode).toBe(0);
    expect(done.counts.unchanged).toBe(done.input?.rows);
    expect(calls).toMatchObject({ post: 0, put: 0 });
    expect(api.customers()).toHaveLength(customers.length);
  });

  it('asks in its next run nothing about a customer that it knows without a key, and in the one after that it does', async () => {
    const api = await openApi();
    restoreLedger(
      api,
      "DELETE FROM crosswalk WHERE customer_code = '0000006'; UPDATE rows SET key = NULL WHERE customer_code = '0000006';",
    );
    place.write('customers.csv', 'No,Name,Email\n1005,Dora Quin,dora@example.com\nX-1,Eve Ray,eve@example.com\n');
    expect((await place.import()).statuses).toEqual(['unchanged', 'created']);
    place.write('customers.csv', 'No,Name,Email\n1005,Dora Quin,dora@example.com\nX-2,Eve Ray,eve@example.com\n');
    expect((await place.import()).rows[1]?._errorCode).toBe('POSSIBLE_DUPLICATE');
  });

  it('stops no run because stamps would have to be read one by one, and says so', async () => {
    const api = await openApi();
    await api.seed(2001);
    restoreLedger(api);
    place.mapping({ ...mapping, key: { column: 'No', stamp: 'cC_001' } });
    place.write('customers.csv', 'No,Name,Email\n1005,Dora Quin,dora@example.com\nX-1,Fay New,fay@example.com\n');
    const notices: string[] = [];
    const file = place.path('customers.csv');
    const run = (observer = {}) => importFile(place.settings(), { file }, observer);
    const summary = await run({ notice: ({ code }: { code: string }) => notices.push(code) });
    expect([summary.exitCode, summary.counts.created]).toEqual([0, 1]);
    expect(notices).toContain('STAMPS_UNKNOWN');
    place.write('customers.csv', 'No,Name,Email\nX-2,Guy Newer,guy@example.com\n');
    // Nor the one after it: that reads as many as need no asking.
    const second = await place.measureCalls(() => run({ notice: ({ code }: { code: string }) => notices.push(code) }));
    expect([second.done.exitCode, second.done.counts.created]).toEqual([0, 1]);
    expect(second.calls.get).toBe(2000);
    expect(notices.filter((code) => code === 'STAMPS_UNKNOWN')).toHaveLength(2);
    place.write('customers.csv', 'No,Name,Email\nX-3,Hal Newest,hal@example.com\n');
    const third = await place.measureCalls(() => run());
    expect([third.done.exitCode, third.calls.get > 0 && third.calls.get < 100]).toEqual([0, true]);
    place.write('customers.csv', 'No,Name,Email\nX-4,Ida Last,ida@example.com\n');
    expect((await place.measureCalls(() => run())).calls.get).toBe(0);
  });

  it('is kept as it was, for this user only', async () => {
    const api = await openApi();
    const folder = restoreLedger(api);
    expect(readKeys(api)).toEqual([
      ['0003', '0000003'],
      ['1005', '0000005'],
      ['1006', '0000006'],
      ['C-0004', '0000004'],
      ['ann@koala.example', '0000001'],
      ['ben@wren.example', '0000002'],
    ]);
    const copy = join(folder, 'ledger-of-version-8.db');
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const database = openDatabase(copy);
    expect(database.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 8 });
    const keys = database.prepare('SELECT key FROM crosswalk ORDER BY key').all();
    expect(keys.map(({ key }) => key)).toContain('Ann@Koala.Example');
    database.close();
    expect(existsSync(`${copy}.${process.pid}.tmp`)).toBe(false);
  });

  it('lets a key that had two spellings stand for the customer that was written last, and forgets neither customer', async () => {
    const api = await openApi();
    restoreLedger(
      api,
      `INSERT INTO crosswalk (key, customer_code, run, row) VALUES ('ANN@koala.example', '0000006', 1, 2);
       INSERT INTO crosswalk (key, customer_code, run, row) VALUES ('C-0004\u200b', '0000004', 1, 2);`,
    );
    const keys = new Map(readKeys(api));
    expect(keys.get('ann@koala.example')).toBe('0000001');
    expect([...keys.values()]).toContain('0000006');
    expect(keys.get('C-0004')).toBe('0000004');
    expect(keys.has('C-0004\u200b')).toBe(false);
  });

  it('keeps the ".0" of keys that count chapters', async () => {
    const api = await openApi();
    restoreLedger(api, "INSERT INTO crosswalk (key, customer_code) VALUES ('1005.1', '0000009')");
    expect(readKeys(api).map(([key]) => key)).toEqual(expect.arrayContaining(['1005.0', '1005.1', '1006.0']));
  });

  it('finds a row in doubt by the new form of its key', async () => {
    const api = await openApi();
    restoreLedger(
      api,
      `INSERT INTO runs (number, name, command, state, started_at, options) VALUES (9, 'x', 'import', 'stopped', 1, '{}');
       INSERT INTO rows (run, idx, row, state, key, payload, payload_hash, intent_at)
         VALUES (9, 0, 2, 'in_doubt', 'Fay@Example.com', '{}', 'h', 1);`,
    );
    const ledger = openLedger(place.path('state'), { baseUrl: api.baseUrl, login: api.username });
    const found = ledger.openRows(0).findCustomersByKeys(['fay@example.com']);
    ledger.close();
    expect(found.get('fay@example.com')).toMatchObject({ state: 'in_doubt', run: 'x' });
  });
});

describe('a ledger of a newer version', () => {
  it('is refused by name, and left as it is', async () => {
    const api = await openApi();
    const folder = restoreLedger(api, 'PRAGMA user_version = 999');
    expect(() => openLedger(place.path('state'), { baseUrl: api.baseUrl, login: api.username })).toThrow(
      expect.objectContaining({ code: 'LEDGER_TOO_NEW', exitCode: 2 }),
    );
    expect(existsSync(join(folder, 'ledger-of-version-999.db'))).toBe(false);
  });
});
