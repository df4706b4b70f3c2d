import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listAudit } from '#src/app/audit/audit.js';
import { exportCustomers } from '#src/app/export/export-customers.js';
import { erasePerson, type PersonErased, showPerson } from '#src/app/person/person.js';
import { backupState, restoreState } from '#src/app/state/state-copies.js';
import { undoRun } from '#src/app/undo/undo-run.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { openDatabase } from '#src/sqlite/open-database.js';
import { findLedgers, listAllFiles } from '#test/app/find-ledgers.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const header = 'No,Name,Post Code,Email,Limit,Phone,Account';
const mapping = {
  ...{ version: 1, mode: 'upsert', key: { column: 'No' } },
  fields: {
    customerName: 'Name',
    postalCode: 'Post Code',
    emailAddress: 'Email',
    creditLimit: { column: 'Limit', type: 'number' },
    phoneNumber: 'Phone',
    bankAccount: 'Account',
  },
};
const ann = (name = 'Ann Ångström', limit = '10') => `C-1,${name},3000,Ann.A@x.example,${limit},0491 570 156,998877665`;
const bob = (limit = '20') => `C-2,Bob Ray,3001,bob@x.example,${limit},0491 570 157,112233445`;

/** By which Ann is found in files. */
const traces = ['ångström', 'ann.a@x.example', '0491 570 156', '998877665', '"ann "'];

function write(...lines: string[]): void {
  place.write('customers.csv', [header, ...lines, ''].join('\n'));
}

/** Files of the state folder that have something of Ann, whatever the case. */
function findTraces(): readonly string[] {
  return listAllFiles(place.path('state')).filter((file) => {
    const text = readFileSync(file).toString('utf8').toLowerCase();
    return traces.some((trace) => text.includes(trace));
  });
}

const yes = () => Promise.resolve(true);

async function erase(who: string, options: { readonly bar?: boolean } = {}): Promise<PersonErased> {
  return (await erasePerson(place.settings(), who, { ...options, confirm: yes })) as PersonErased;
}

/** Ann and Bob: created, changed, unchanged, and with rows that have to be fixed. */
async function importNights(): Promise<{ readonly api: Sandbox; readonly changed: string }> {
  const api = await place.openApi();
  place.mapping(mapping);
  write(ann(), bob());
  await place.import();
  write(ann('Ann Ångström', '11'), bob('21'));
  const { summary } = await place.import();
  write(ann('Ann Ångström', '11'), bob('21'));
  await place.import();
  write(ann('Ann Ångström', 'much'), bob('21'), `C-3,ann ångström,3000,ann.a@x.example,no,0491 570 156,998877665`);
  await place.import();
  return { api, changed: summary.run ?? '' };
}

describe('what is held of a person', () => {
  it.each(['C-1', 'ann.a@X.example', 'code'])('is found by %s', async (by) => {
    const { api } = await importNights();
    const code = String(api.customers()[0]?.customerCode);
    const report = await showPerson(place.settings(), by === 'code' ? code : by);
    const [account, ...others] = report.accounts;
    expect(others).toEqual([]);
    expect(account?.codes).toEqual([code]);
    expect(account?.keys).toContain('C-1');
    expect(account?.keys).not.toContain('C-2');
    expect(account?.held).toMatchObject({ 'local copy': 1, 'customers as they were before a run': 1 });
    expect(account?.held['cells to be fixed']).toBeGreaterThan(0);
    expect(account?.runs).toHaveLength(4);
    expect(report.files.map(({ path, holds }) => [path.split('/').at(-1), holds])).toContainEqual([
      'customers.results.csv',
      'yes',
    ]);
  });

  it('includes exports and copies in the state folder', async () => {
    await importNights();
    await exportCustomers(place.settings(), { file: place.path('all.csv') });
    mkdirSync(place.path('state/inputs'), { recursive: true });
    writeFileSync(place.path('state/inputs/copy'), [header, ann()].join('\n'));
    const report = await showPerson(place.settings(), 'C-1');
    expect(report.files.map(({ path }) => path.split('/').at(-1))).toContain('all.csv');
    expect(report.stateFiles).toEqual([{ path: place.path('state/inputs/copy'), holds: 'yes' }]);
  });

  it('is nothing for somebody who is not known', async () => {
    await importNights();
    await expect(showPerson(place.settings(), 'nobody@x.example')).rejects.toMatchObject({ code: 'PERSON_UNKNOWN' });
  });
});

describe('a person who is erased', () => {
  it('leaves no byte of name, e-mail address, phone or bank account in the state folder, and nobody else is touched', async () => {
    const { api } = await importNights();
    mkdirSync(place.path('state/inputs'), { recursive: true });
    writeFileSync(place.path('state/inputs/copy'), [header, ann()].join('\n'));
    expect(findTraces()).not.toEqual([]);
    const { left, accounts } = await erase('C-1');
    expect([left, findTraces()]).toEqual([[], []]);
    expect(accounts[0]?.codes).toEqual([String(api.customers()[0]?.customerCode)]);
    expect(await showPerson(place.settings(), 'bob@x.example')).toMatchObject({
      accounts: [{ held: { 'local copy': 1, 'customers as they were before a run': 1 } }],
    });
    expect(existsSync(place.path('customers.results.csv'))).toBe(true);
    expect(api.customers()).toHaveLength(2);
  });

  it('is still known by code, id and key, so that she is not added again', async () => {
    const { api } = await importNights();
    await erase('C-1');
    write(ann('Ann Ångström', '12'), bob('22'));
    const { statuses } = await place.import();
    expect(statuses).toEqual(['updated', 'updated']);
    expect(api.customers()).toHaveLength(2);
  });

  it('lets other rows of a run be undone, and is left as she is', async () => {
    const { api, changed } = await importNights();
    await erase('C-1');
    const undone = await undoRun(place.settings(), { run: changed, confirm: yes });
    expect(undone).toMatchObject({ exitCode: 0, counts: { updated: 1, skipped: 1 } });
    expect(api.customers().map(({ customerName, creditLimit }) => [customerName, creditLimit])).toEqual([
      ['Ann Ångström', 11],
      ['Bob Ray', 20],
    ]);
  });

  it('is left out of later imports with --bar, whether her key or her address comes again', async () => {
    const { api } = await importNights();
    // What the account has comes back with its list.
    await (await openClient(api)).delete(String(api.customers()[0]?.customerCode));
    const { barred } = await erase('C-1', { bar: true });
    expect(barred).toBe(true);
    write(ann('Ann Ångström', '12'), bob('22'), 'C-9,Somebody,3000,ANN.A@x.example,1,,');
    const { rows } = await place.import();
    expect(rows.map((row) => row._status)).toEqual(['skipped', 'updated', 'skipped']);
    expect(rows[0]?._errorCode).toBe('PERSON_BARRED');
    expect(api.customers()).toHaveLength(1);
    expect(findTraces()).toEqual([]);
  });

  it('leaves nothing in a ledger that a restored backup has replaced', async () => {
    await importNights();
    await backupState(place.settings(), { file: place.path('backup.db') });
    restoreState(place.settings(), place.path('backup.db'));
    expect(listAllFiles(place.path('state')).some((file) => file.includes('ledger-replaced-'))).toBe(true);
    const { left, stateFiles } = await erase('C-1');
    expect([left, findTraces()]).toEqual([[], []]);
    expect(stateFiles.map(({ path }) => path)).toEqual([expect.stringContaining('ledger-replaced-')]);
  });

  it('whose key is her e-mail address leaves no key either', async () => {
    await place.openApi();
    place.mapping({ ...mapping, key: { column: 'Email' }, ignore: ['No'] });
    write(ann(), bob());
    await place.import();
    await place.import();
    await erase('ann.a@x.example');
    expect(findTraces()).toEqual([]);
    expect((await showPerson(place.settings(), 'bob@x.example')).accounts[0]?.keys).toEqual(['bob@x.example']);
  });

  it('is not erased while a row of hers is in doubt, or an unfinished run needs its copy of the input', async () => {
    const { changed } = await importNights();
    const change = (sql: string) => {
      for (const path of findLedgers(place.path('state'))) {
        const database = openDatabase(path);
        database.exec(sql);
        database.close();
      }
    };
    change(`UPDATE rows SET state = 'in_doubt' WHERE key = 'C-1' AND state = 'updated'`);
    await expect(erase('C-1')).rejects.toMatchObject({ code: 'ROWS_IN_DOUBT' });
    change(`UPDATE rows SET state = 'updated' WHERE state = 'in_doubt'`);
    const copy = place.path('state/inputs/copy');
    mkdirSync(place.path('state/inputs'), { recursive: true });
    writeFileSync(copy, [header, ann()].join('\n'));
    change(`UPDATE runs SET state = 'stopped', input_path = '${copy}' WHERE name = '${changed}'`);
    await expect(erase('C-1')).rejects.toMatchObject({ code: 'PERSON_IN_USE' });
    expect(existsSync(copy)).toBe(true);
  });

  it('is in the audit without her name', async () => {
    await importNights();
    await erase('C-1');
    const [last] = listAudit(place.settings(), 1);
    expect(last).toMatchObject({ command: 'person', what: 'erased', counts: { customers: 1 } });
    expect(JSON.stringify(last)).not.toMatch(/ann|C-1/i);
  });
});
