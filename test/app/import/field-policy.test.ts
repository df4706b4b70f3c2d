import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { planFile } from '#src/app/plan/plan-file.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import { undoRun } from '#src/app/undo/undo-run.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { openDatabase } from '#src/sqlite/open-database.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { editElsewhere, findByName, readResults } from '#test/e2e/customer-files.js';

const place = useTestTenant();

type Rule = string | Readonly<Record<string, unknown>>;

/** A mapping by key, of a name and a few fields with a policy. */
function mapping(fields: Readonly<Record<string, Rule>>, rest: object = {}) {
  place.mapping({
    version: 1,
    mode: 'upsert',
    key: { column: 'No' },
    fields: { customerName: 'Name', ...fields },
    ...rest,
  });
}

const phone = (rule: object = {}) => ({ phoneNumber: { column: 'Phone', write: 'whenChanged', ...rule } });

/** A file of two customers, Ann with this phone number, and Bob: enough for a local copy to be of use. */
function writeFile(phoneNumber: string, name = 'Ann'): void {
  place.write('customers.csv', `No,Name,Phone\n1,${name},${phoneNumber}\n2,Bob,5\n`);
}

/** Imports that file. */
async function night(phoneNumber: string, name?: string) {
  writeFile(phoneNumber, name);
  return place.import();
}

/** Ann, with phone number 111, whom the shop has given another number since. */
async function withShopEdit(rule: object = {}): Promise<Sandbox> {
  const api = await place.openApi();
  mapping(phone(rule));
  await night('111');
  await editElsewhere(api, 'Ann', { phoneNumber: '999' });
  return api;
}

const phoneOf = (api: Sandbox) => findByName(api, 'Ann').phoneNumber;

async function plan() {
  return planFile(place.settings(), { file: place.path('customers.csv') });
}

/** As a ledger of the version that did not keep what was sent. */
function forgetWhatWasSent(): void {
  const tenants = place.path('state/tenants');
  const [folder = ''] = readdirSync(tenants);
  const database = openDatabase(join(tenants, folder, 'ledger.db'));
  database.exec('DELETE FROM sent_values');
  database.close();
}

describe('a fixed value and a default', () => {
  const filling = { country: { column: 'Country', default: 'Australia' }, customerType: { value: 'Adult' } };
  const file = 'No,Name,Country\n1,Ann,\n2,Bob,Chile\n';

  it('go to new customers, and to those who have no value', async () => {
    const api = await place.openApi();
    mapping(filling);
    place.write('customers.csv', file);
    await place.import();
    expect(api.customers()).toMatchObject([
      { customerName: 'Ann', country: 'Australia', customerType: 'Adult' },
      { customerName: 'Bob', country: 'Chile', customerType: 'Adult' },
    ]);
    await editElsewhere(api, 'Ann', { country: '', customerType: null });
    await place.import();
    expect(findByName(api, 'Ann')).toMatchObject({ country: 'Australia', customerType: 'Adult' });
  });

  it('change nothing in the shop after the first night, and cost no PUT', async () => {
    const api = await place.openApi();
    mapping(filling);
    place.write('customers.csv', file);
    await place.import();
    await editElsewhere(api, 'Ann', { country: 'Peru', customerType: 'Child' });
    // The local copy reads the customer that was edited, once.
    for (const get of [1, 0, 0]) {
      const { calls, statuses } = await place.import();
      expect([calls.put, calls.get, statuses]).toEqual([0, get, ['unchanged', 'unchanged']]);
    }
    expect(findByName(api, 'Ann')).toMatchObject({ country: 'Peru', customerType: 'Child' });
  });

  it('do not protect a value that a cell of the file gives', async () => {
    const api = await place.openApi();
    mapping(filling);
    place.write('customers.csv', file);
    await place.import();
    place.write('customers.csv', 'No,Name,Country\n1,Ann,Chile\n2,Bob,\n');
    await place.import();
    expect(api.customers().map(({ country }) => country)).toEqual(['Chile', 'Chile']);
  });

  it.each([
    ['the field', {}, 'always'],
    ['the mapping', { write: 'always' }, undefined],
  ])('overwrite where %s says so', async (_, all, write) => {
    const api = await place.openApi();
    mapping({ customerType: { value: 'Adult', ...(write && { write }) } }, all);
    place.write('customers.csv', 'No,Name\n1,Ann\n');
    await place.import();
    await editElsewhere(api, 'Ann', { customerType: 'Child' });
    await place.import();
    expect(findByName(api, 'Ann').customerType).toBe('Adult');
  });

  it('are decided again when the mapping says otherwise', async () => {
    const api = await place.openApi();
    mapping({ customerType: { value: 'Adult' } });
    place.write('customers.csv', 'No,Name\n1,Ann\n');
    await place.import();
    await editElsewhere(api, 'Ann', { customerType: 'Child' });
    await place.import();
    mapping({ customerType: { value: 'Adult', write: 'always' } });
    expect((await place.import()).statuses).toEqual(['updated']);
    expect(findByName(api, 'Ann').customerType).toBe('Adult');
  });

  it('leave a customer as the shop keeps it whose field the list does not show, at one reading', async () => {
    const api = await place.openApi();
    mapping({ cC_005: { value: 'web' } });
    place.write('customers.csv', 'No,Name\n1,Ann\n2,Bob\n3,Eve\n');
    await place.import();
    // Too many for the local copy to read them one by one.
    for (const name of ['Ann', 'Bob', 'Eve']) await editElsewhere(api, name, { cC_005: 'shop' });
    expect((await place.import()).calls).toMatchObject({ get: 3, put: 0 });
    expect((await place.import()).calls).toMatchObject({ get: 0, put: 0 });
    expect(findByName(api, 'Ann').cC_005).toBe('shop');
  });
});

describe('"create"', () => {
  it('writes a field of new customers only, and asks nothing about the others', async () => {
    const api = await place.openApi();
    mapping({ cC_005: { column: 'Phone', write: 'create' } });
    await night('111');
    expect(findByName(api, 'Ann').cC_005).toBe('111');
    for (const name of ['Ann', 'Bob']) await editElsewhere(api, name, { cC_005: null });
    const { calls, statuses } = await night('222');
    expect([statuses, calls.get, calls.put]).toEqual([['unchanged', 'unchanged'], 0, 0]);
    expect(findByName(api, 'Ann').cC_005).toBeNull();
  });
});

describe('"whenChanged"', () => {
  it('keeps an edit of the shop until the value in the file moves', async () => {
    const api = await withShopEdit();
    for (const get of [1, 0, 0]) {
      const { statuses, calls } = await night('111');
      expect([statuses, calls.put, calls.get]).toEqual([['unchanged', 'unchanged'], 0, get]);
    }
    expect(phoneOf(api)).toBe('999');
    const { rows } = await night('222');
    expect(phoneOf(api)).toBe('222');
    expect(rows[0]).toMatchObject({ _status: 'updated', _errorCode: 'FIELD_CONFLICT', _errorFields: 'Phone' });
    expect(rows[0]?._error).toBe(
      'phoneNumber: changed in the file from "111" to "222", and in the account from "111" to "999". The file\'s value is written.',
    );
    expect((await night('222')).rows[0]).toMatchObject({ _status: 'unchanged', _errorCode: '' });
  });

  it('writes what moves in the file where the shop has changed nothing, or another field', async () => {
    const api = await place.openApi();
    mapping(phone());
    await night('111');
    expect((await night('222')).rows[0]).toMatchObject({ _status: 'updated', _errorCode: '' });
    await editElsewhere(api, 'Ann', { notes: 'rings twice' });
    expect((await night('333')).rows[0]).toMatchObject({ _status: 'updated', _errorCode: '' });
    expect(findByName(api, 'Ann')).toMatchObject({ phoneNumber: '333', notes: 'rings twice' });
  });

  it('keeps a field blank that the shop has emptied', async () => {
    const api = await place.openApi();
    mapping(phone());
    await night('111');
    await editElsewhere(api, 'Ann', { phoneNumber: null });
    expect((await night('111')).statuses).toEqual(['unchanged', 'unchanged']);
    expect(phoneOf(api)).toBeNull();
  });

  it('is no conflict where both have come to the same value', async () => {
    await withShopEdit();
    expect((await night('999')).rows[0]).toMatchObject({ _status: 'unchanged', _errorCode: '' });
    expect((await night('222')).rows[0]).toMatchObject({ _status: 'updated', _errorCode: '' });
  });

  it('leaves other fields of the row to their own policies', async () => {
    const api = await withShopEdit();
    const { statuses } = await night('111', 'Ann Lee');
    expect(statuses).toEqual(['updated', 'unchanged']);
    expect(findByName(api, 'Ann Lee').phoneNumber).toBe('999');
  });

  it('once for the mapping holds for every field that does not say otherwise', async () => {
    const api = await place.openApi();
    mapping({ phoneNumber: 'Phone', notes: { column: 'Phone', write: 'always' } }, { write: 'whenChanged' });
    await night('111');
    await editElsewhere(api, 'Ann', { phoneNumber: '999', notes: '999' });
    await night('111');
    expect(findByName(api, 'Ann')).toMatchObject({ phoneNumber: '999', notes: '111' });
  });

  it('decides without a call about fields that the list does not show', async () => {
    const api = await place.openApi();
    mapping({ cC_005: { column: 'Phone', write: 'whenChanged' } });
    await night('111');
    for (const name of ['Ann', 'Bob']) await editElsewhere(api, name, { cC_005: '999' });
    const { calls, statuses } = await night('111');
    expect([statuses, calls.get, calls.put]).toEqual([['unchanged', 'unchanged'], 0, 0]);
  });

  it('works without a local copy, from the customer itself', async () => {
    const api = await place.openApi();
    mapping(phone({ conflict: 'account' }));
    const single = (phoneNumber: string) => place.write('customers.csv', `No,Name,Phone\n1,Ann,${phoneNumber}\n`);
    single('111');
    await place.import();
    await editElsewhere(api, 'Ann', { phoneNumber: '999' });
    expect((await place.import()).calls).toMatchObject({ get: 1, put: 0 });
    single('222');
    expect((await place.import()).rows[0]).toMatchObject({ _status: 'unchanged', _errorCode: 'FIELD_CONFLICT' });
    expect(phoneOf(api)).toBe('999');
  });

  it('is kept apart for files of different systems', async () => {
    const api = await place.openApi();
    mapping(phone());
    await night('111');
    place.mapping({
      version: 1,
      mode: 'update',
      fields: { customerCode: 'No', ...phone() },
      ignore: ['Name'],
    });
    place.write('customers.csv', `No,Name,Phone\n${String(findByName(api, 'Ann').customerCode)},Ann,555\n`);
    await place.import();
    expect(phoneOf(api)).toBe('111');
  });
});

describe('a conflict', () => {
  it('for the account is told once, and then its value is the one that the next is compared with', async () => {
    const api = await withShopEdit({ conflict: 'account' });
    const { rows, calls, summary } = await night('222');
    expect(rows[0]).toMatchObject({ _status: 'unchanged', _errorCode: 'FIELD_CONFLICT' });
    expect([calls.put, summary.conflicts, summary.exitCode, phoneOf(api)]).toEqual([0, 1, 0, '999']);
    expect((await night('222')).rows[0]).toMatchObject({ _status: 'unchanged', _errorCode: '' });
    expect((await night('333')).rows[0]).toMatchObject({ _status: 'updated', _errorCode: '' });
    expect(phoneOf(api)).toBe('333');
  });

  it('that is asked about makes the row wait, every night, until one side gives way', async () => {
    const api = await withShopEdit({ conflict: 'ask' });
    for (let nights = 0; nights < 2; nights += 1) {
      const { rows, calls, summary } = await night('222');
      expect(rows[0]).toMatchObject({ _status: 'invalid', _errorCode: 'FIELD_CONFLICT', _errorFields: 'Phone' });
      expect([calls.put, summary.exitCode]).toEqual([0, 4]);
    }
    await editElsewhere(api, 'Ann', { phoneNumber: '222' });
    expect((await night('222')).statuses).toEqual(['unchanged', 'unchanged']);
  });

  it.each([
    ['same', '222', 'updated'],
    ['skip', '999', 'unchanged'],
  ])('is settled as the review file says: %s', async (decision, kept, status) => {
    const api = await place.openApi();
    mapping({ ...phone({ conflict: 'ask' }), country: { column: 'Country', default: 'Australia' } });
    const file = (phoneNumber: string) => `No,Name,Phone,Country\n1,Ann,${phoneNumber},\n2,Bob,5,Chile\n`;
    place.write('customers.csv', file('111'));
    await place.import();
    await editElsewhere(api, 'Ann', { phoneNumber: '999', country: 'Peru' });
    place.write('customers.csv', file('222'));
    await place.import({ review: place.path('review.csv') });
    const [line] = readResults(place.read('review.csv'));
    expect(line).toMatchObject({
      _reason: expect.stringContaining('FIELD_CONFLICT'),
      phoneNumber: '222',
      'account.phoneNumber': '999',
    });
    const columns = Object.keys(line ?? {});
    const cells = columns.map((name) => (name === 'decision' ? decision : (line?.[name] ?? '')));
    place.write('review.csv', stringify([columns, cells]));
    await importFile(place.settings(), { file: place.path('review.csv'), results: place.path('decided.csv') });
    expect(readResults(place.read('decided.csv'))).toMatchObject([{ _status: status }]);
    expect(findByName(api, 'Ann')).toMatchObject({ phoneNumber: kept, country: 'Peru' });
    const { rows, summary } = await place.import();
    expect([rows[0]?._status, summary.exitCode, phoneOf(api)]).toEqual(['unchanged', 0, kept]);
  });

  it('hides what is in bank fields', async () => {
    const api = await place.openApi();
    mapping({ bankAccount: { column: 'Phone', write: 'whenChanged' } });
    await night('111');
    await editElsewhere(api, 'Ann', { bankAccount: '999' });
    const { rows } = await night('222');
    expect(rows[0]?._error).toBe(
      "bankAccount: changed in the file from (not shown) to (not shown), and in the account from (not shown) to (not shown). The file's value is written.",
    );
  });
});

describe('a plan', () => {
  it('says which fields would be kept, and why', async () => {
    const api = await place.openApi();
    mapping({ ...phone(), customerType: { value: 'Adult' }, city: { column: 'City', write: 'create' } });
    place.write('customers.csv', 'No,Name,Phone,City\n1,Ann,111,Perth\n');
    await place.import();
    await editElsewhere(api, 'Ann', { phoneNumber: '999', customerType: 'Child', city: 'Hobart' });
    const { counts, rows, kept } = await plan();
    expect(counts).toMatchObject({ unchanged: 1 });
    expect(rows[0]?.kept).toEqual([
      { field: 'phoneNumber', account: '999', file: '111', why: 'file_unchanged' },
      { field: 'customerType', account: 'Child', file: 'Adult', why: 'has_value' },
      { field: 'city', account: 'Hobart', file: 'Perth', why: 'exists' },
    ]);
    expect(kept.map(({ field, count }) => [field, count])).toEqual([
      ['phoneNumber', 1],
      ['customerType', 1],
      ['city', 1],
    ]);
    await place.import();
    expect((await plan()).rows[0]?.kept).toHaveLength(3);
  });

  it('shows a conflict, changes nothing by showing it, and is carried out as shown', async () => {
    const api = await withShopEdit();
    writeFile('222');
    const first = await plan();
    expect(first).toMatchObject({ conflicts: 1, counts: { update: 1 } });
    expect(first.rows[0]?.reasons).toMatchObject([{ code: 'FIELD_CONFLICT' }]);
    expect((await plan()).conflicts).toBe(1);
    const { statuses } = await place.import({ plan: first.plan });
    expect([statuses, phoneOf(api)]).toEqual([['updated', 'unchanged'], '222']);
  });

  it('shows a row that waits as invalid', async () => {
    await withShopEdit({ conflict: 'ask' });
    writeFile('222');
    expect(await plan()).toMatchObject({ conflicts: 1, counts: { invalid: 1 }, exitCode: 4 });
  });
});

describe('a ledger that does not know what was sent', () => {
  it('keeps what the shop has, asks nothing, and says so once', async () => {
    const api = await withShopEdit({ conflict: 'ask' });
    forgetWhatWasSent();
    expect((await night('111')).rows[0]).toMatchObject({ _status: 'unchanged', _errorCode: 'FIELD_KEPT' });
    expect((await night('111')).rows[0]).toMatchObject({ _status: 'unchanged', _errorCode: '' });
    expect((await night('222')).rows[0]).toMatchObject({ _status: 'updated', _errorCode: '' });
    expect(phoneOf(api)).toBe('222');
  });

  it('still writes what moves in the file where nobody has edited the customer since it was sent', async () => {
    const api = await place.openApi();
    mapping(phone());
    await night('111');
    forgetWhatWasSent();
    expect((await night('222')).rows[0]).toMatchObject({ _status: 'updated', _errorCode: '' });
    expect(phoneOf(api)).toBe('222');
  });

  it('learns it on a night when nothing changes', async () => {
    const api = await place.openApi();
    mapping(phone());
    await night('111');
    forgetWhatWasSent();
    expect((await night('111')).calls).toMatchObject({ get: 0, put: 0 });
    await editElsewhere(api, 'Ann', { phoneNumber: '999' });
    expect((await night('222')).rows[0]).toMatchObject({ _status: 'updated', _errorCode: 'FIELD_CONFLICT' });
  });
});

describe('what was sent', () => {
  it('is put back by an undo, so that the corrected file is no conflict', async () => {
    const api = await place.openApi();
    mapping(phone());
    await night('111');
    const { summary } = await night('222');
    const confirm = async () => true;
    await undoRun(place.settings(), { run: summary.run ?? '', confirm });
    expect(phoneOf(api)).toBe('111');
    expect((await night('111')).rows[0]).toMatchObject({ _status: 'unchanged', _errorCode: '' });
    expect((await night('333')).rows[0]).toMatchObject({ _status: 'updated', _errorCode: '' });
    expect(phoneOf(api)).toBe('333');
  });

  it('is known where the answer was lost', async () => {
    const api = await place.openApi({ faults: [{ name: 'reset-after-commit', on: 'add' }] });
    mapping(phone());
    place.write('customers.csv', 'No,Name,Phone\n1,Ann,111\n');
    await place.import({ settleMs: 100 });
    api.setFaults([{ name: 'reset-after-commit', on: 'update', when: { nth: [1] } }]);
    place.write('customers.csv', 'No,Name,Phone\n1,Ann,222\n');
    expect((await place.import({ settleMs: 100 })).statuses).toEqual(['updated']);
    api.setFaults([]);
    await editElsewhere(api, 'Ann', { phoneNumber: '999' });
    expect((await night('222')).rows[0]).toMatchObject({ _status: 'unchanged', _errorCode: '' });
    expect(phoneOf(api)).toBe('999');
  });

  it('is only what has arrived: a row that failed is tried again as before', async () => {
    const api = await withShopEdit({ conflict: 'account' });
    await editElsewhere(api, 'Ann', { phoneNumber: '111' });
    await night('111');
    api.setFaults([{ name: '503', on: 'detail' }]);
    expect((await night('222')).statuses).toEqual(['failed', 'unchanged']);
    api.setFaults([]);
    await resumeRun(place.settings(), {});
    expect(phoneOf(api)).toBe('222');
  });
});

describe('REPLACE', () => {
  it('does not clear what the policy of a field keeps', async () => {
    const api = await place.openApi();
    const fields = { phoneNumber: { column: 'Phone', write: 'create' }, customerType: { value: 'Adult' } };
    mapping(fields, { command: 'Do' });
    place.write('customers.csv', 'No,Name,Phone,Do\n1,Ann,111,NEW\n');
    await place.import();
    await editElsewhere(api, 'Ann', { customerType: 'Child', notes: 'rings twice' });
    place.write('customers.csv', 'No,Name,Phone,Do\n1,Ann,,REPLACE\n');
    await place.import();
    expect(findByName(api, 'Ann')).toMatchObject({ phoneNumber: '111', customerType: 'Child', notes: null });
  });
});
