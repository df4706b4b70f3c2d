import { describe, expect, it } from 'vitest';
import { resolveTenant } from '#src/app/connect.js';
import {
  exportCrosswalk,
  forgetKeys,
  importCrosswalk,
  rebuildFromResults,
  rebuildFromStamp,
} from '#src/app/crosswalk/crosswalk.js';
import { planFile } from '#src/app/plan/plan-file.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines, readResults } from '#test/e2e/customer-files.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const fields = { customerName: 'Name', postalCode: 'Post Code' };
const stamped = { key: { column: 'No', stamp: 'cC_001' }, unmapped: 'ignore', fields };
const plain = { key: { column: 'No' }, unmapped: 'ignore', fields };
const write = (count: number) => place.write('customers.csv', customerFile(customerLines(count)));

/** The same API as another machine sees it, on which nothing is known. */
const elsewhere = () => ({
  ...place.settings(),
  stateDir: { value: place.path('other-state'), origin: 'test' },
});
const yes = { replace: false, confirm: async () => true };

describe('the crosswalk', () => {
  it('is filled by every run, and moves to another machine as a file', async () => {
    await place.openApi();
    place.mapping(plain);
    write(3);
    await place.import();
    expect(await exportCrosswalk(place.settings(), place.path('who.csv'))).toBe(3);
    expect(readResults(place.read('who.csv')).map(({ key, customerCode }) => [key, customerCode])).toEqual([
      ['C-0001', '0000001'],
      ['C-0002', '0000002'],
      ['C-0003', '0000003'],
    ]);
    expect(await importCrosswalk(elsewhere(), place.path('who.csv'), false)).toMatchObject({ added: 3, same: 0 });
    expect(await importCrosswalk(elsewhere(), place.path('who.csv'), false)).toMatchObject({ added: 0, same: 3 });
  });

  it('is not taken from a file that contradicts it, unless that is said to be right', async () => {
    await place.openApi();
    place.mapping(plain);
    write(2);
    await place.import();
    const file = place.write('who.csv', 'key,customerCode\nC-0001,0000002\nC-0009,0000009\n');
    const refused = await importCrosswalk(place.settings(), file, false);
    expect(refused).toMatchObject({ added: 0, conflicts: [{ key: 'C-0001', knownAs: '0000001' }] });
    expect(await importCrosswalk(place.settings(), file, true)).toMatchObject({ added: 1, replaced: 1 });
  });

  it.each([
    ['without the columns', 'No,Code\n1,2\n', { code: 'CROSSWALK_COLUMNS', exitCode: 2 }],
    ['with a blank', 'key,customerCode\nA,\n', { code: 'CROSSWALK_ROW', exitCode: 3 }],
    ['with two customers for a key', 'key,customerCode\nA,1\nA,2\n', { code: 'CROSSWALK_ROW', exitCode: 3 }],
  ])('is not taken from a file %s', async (_name, text, expected) => {
    await place.openApi();
    await expect(importCrosswalk(place.settings(), place.write('who.csv', text), false)).rejects.toMatchObject(
      expected,
    );
  });

  it('forgets the key of a customer that was deleted elsewhere, and of nobody else', async () => {
    const api = await place.openApi();
    place.mapping(plain);
    write(3);
    await place.import();
    const client = await openClient(api);
    await client.delete('0000002');
    write(3);
    place.write('customers.csv', place.read('customers.csv').replace('Customer 0002', 'Renamed'));
    const { rows, statuses } = await place.import();
    expect(statuses).toEqual(['unchanged', 'rejected', 'unchanged']);
    expect(rows[1]?._error).toContain('crosswalk forget "C-0002"');
    expect(await forgetKeys(place.settings(), ['C-0001', ' C-0002', 'C-0009'])).toMatchObject({
      forgotten: [{ key: 'C-0002', customerCode: '0000002' }],
      kept: [
        { key: 'C-0001', customerCode: '0000001', why: 'still there' },
        { key: 'C-0009', customerCode: null, why: 'unknown key' },
      ],
    });
    expect((await place.import()).statuses).toEqual(['unchanged', 'created', 'unchanged']);
    expect(api.customers().map((customer) => customer.customerName)).toEqual([
      'Customer 0001',
      'Customer 0003',
      'Renamed',
    ]);
  });

  it.each(['customers.results.csv', 'customers.results.xlsx'])('is rebuilt from %s', async (results) => {
    const api = await place.openApi();
    place.mapping(plain);
    write(3);
    await place.import();
    await place.import({ results: place.path(results) });
    expect(await rebuildFromResults(elsewhere(), [place.path(results)], false)).toMatchObject({ added: 3 });
    expect(api.customers()).toHaveLength(3);
  });

  it('is rebuilt from the field that carries the key, reading each customer once', async () => {
    const api = await place.openApi();
    const colleague = await openClient(api);
    for (const cC_001 of ['A', 'B', 'B', null]) await colleague.add({ customerName: 'x', cC_001 });
    place.mapping(stamped);
    const first = await place.measureCalls(() => rebuildFromStamp(place.settings(), yes));
    expect(first.done).toMatchObject({
      added: 1,
      ambiguous: [{ key: 'B', customerCodes: ['0000002', '0000003'] }],
    });
    expect(first.calls.get).toBe(4);
    const again = await place.measureCalls(() => rebuildFromStamp(place.settings(), yes));
    expect(again.done).toMatchObject({ added: 0, same: 1 });
    expect(again.calls.get).toBe(0);
    expect(await rebuildFromStamp(elsewhere(), { replace: false, confirm: async () => false })).toBeUndefined();
  });

  it('takes no word for a key that the shop keeps in the field, so that its customer is not made twice', async () => {
    const api = await place.openApi();
    const colleague = await openClient(api);
    const [ann, ben] = ['Ann Lee', 'Ben Orr'].map((customerName, at) => ({
      ...{ customerName, postalCode: `080${at}`, emailAddress: `${at}@x.example` },
    }));
    await colleague.add({ ...ann, cC_001: 'VIP' });
    await colleague.add({ ...ben, cC_001: 'C-0002' });
    await colleague.add({ customerName: 'Cleo', cC_001: 'C-0003' });
    place.mapping(stamped);
    const rebuilt = await rebuildFromStamp(place.settings(), yes);
    expect(rebuilt).toMatchObject({ added: 2, notKeys: [{ key: 'VIP', customerCode: '0000001' }] });
    place.write(
      'customers.csv',
      customerFile(['C-0001,Ann Lee,0800,0@x.example,1', 'C-0002,Ben Orr,0801,1@x.example,1']),
    );
    const { rows } = await place.import();
    expect(rows.map(({ _errorCode, _status }) => [_status, _errorCode])).toEqual([
      ['invalid', 'POSSIBLE_DUPLICATE'],
      ['unchanged', ''],
    ]);
    expect(api.customers()).toHaveLength(3);
  });

  it('carries what was learnt from the stamps, so that another machine need not read the customers one by one', async () => {
    const api = await place.openApi();
    const colleague = await openClient(api);
    for (const cC_001 of ['C-0001', 'B', 'B', null]) await colleague.add({ customerName: 'x', cC_001 });
    place.mapping(stamped);
    await rebuildFromStamp(place.settings(), yes);
    const ledger = openLedger(place.settings().stateDir.value, resolveTenant(place.settings()));
    ledger.crosswalk.forget('C-0001');
    ledger.close();
    expect(await exportCrosswalk(place.settings(), place.path('who.csv'))).toBe(1);
    expect(await importCrosswalk(elsewhere(), place.path('who.csv'), false)).toMatchObject({ added: 1 });
  });

  it('finds after a rebuild whom a run on another machine created', async () => {
    const api = await place.openApi();
    place.mapping(stamped);
    write(4);
    await place.import();
    await rebuildFromStamp(elsewhere(), yes);
    const { importFile } = await import('#src/app/import/import-file.js');
    const summary = await importFile(elsewhere(), { file: place.path('customers.csv') });
    expect(summary.counts).toMatchObject({ unchanged: 4, created: 0 });
    expect(api.customers()).toHaveLength(4);
  });
});

describe('the crosswalk of several sources', () => {
  it('moves to another machine with its sources, and forgets a key of one of them', async () => {
    const api = await place.openApi();
    for (const source of ['shop-a', 'shop-b']) {
      place.mapping({ ...plain, key: { column: 'No', source } });
      place.write('customers.csv', customerFile(customerLines(1)).replace('Customer', source));
      await place.import();
    }
    expect(await exportCrosswalk(place.settings(), place.path('who.csv'))).toBe(2);
    expect(
      readResults(place.read('who.csv')).map(({ source, key, customerCode }) => [source, key, customerCode]),
    ).toEqual([
      ['shop-a', 'C-0001', '0000001'],
      ['shop-b', 'C-0001', '0000002'],
    ]);
    expect(await importCrosswalk(elsewhere(), place.path('who.csv'), false)).toMatchObject({ added: 2 });
    const client = await openClient(api);
    await client.delete('0000002');
    expect(await forgetKeys(place.settings(), ['C-0001'], { source: 'shop-b' })).toMatchObject({
      forgotten: [{ key: 'shop-b: C-0001', customerCode: '0000002' }],
    });
    expect(await forgetKeys(place.settings(), ['C-0001'])).toMatchObject({ kept: [{ why: 'unknown key' }] });
  });

  it('changes nobody when it is of another account: the ids of the customers tell', async () => {
    const api = await place.openApi();
    const client = await openClient(api);
    for (const customerName of ['Koala', 'Wren', 'Emu']) await client.add({ customerName });
    const before = api.customers();
    place.mapping(plain);
    write(3);
    const ids = ['1', '2', '3'].map((n) => `C-000${n},000000${n},00000000-0000-4000-8000-00000000000${n}`);
    const file = place.write('who.csv', `${['key,customerCode,customerId', ...ids].join('\n')}\n`);
    await importCrosswalk(place.settings(), file, false);
    const planned = await planFile(place.settings(), { file: place.path('customers.csv') });
    expect(planned.rows.map(({ action, reasons }) => [action, reasons[0]?.code])).toEqual([
      ['invalid', 'WRONG_CUSTOMER'],
      ['invalid', 'WRONG_CUSTOMER'],
      ['invalid', 'WRONG_CUSTOMER'],
    ]);
    const { rows } = await place.import();
    expect(rows.map(({ _errorCode }) => _errorCode)).toEqual(['WRONG_CUSTOMER', 'WRONG_CUSTOMER', 'WRONG_CUSTOMER']);
    expect(api.customers()).toEqual(before);
  });

  it('is not passed by when the keys of a mapping get a source, or lose it', async () => {
    const api = await place.openApi();
    place.mapping(plain);
    write(3);
    await place.import();
    place.mapping({ ...plain, key: { column: 'No', source: 'shop-a' } });
    await expect(place.import()).rejects.toMatchObject({ code: 'KEY_SOURCE_CHANGED', exitCode: 8 });
    await exportCrosswalk(place.settings(), place.path('keys.csv'));
    await importCrosswalk(place.settings(), place.path('keys.csv'), false, { source: 'shop-a' });
    expect((await place.import()).summary).toMatchObject({ exitCode: 0, counts: { unchanged: 3, created: 0 } });
    expect(api.customers()).toHaveLength(3);
  });

  it('gives the keys of a file the source that is said, and no customer two keys of one', async () => {
    await place.openApi();
    const file = place.write('who.csv', 'key,customerCode\n1,0000001\n');
    await importCrosswalk(place.settings(), file, false, { source: 'shop-a' });
    place.write('who.csv', 'key,customerCode,source\n1,0000001,shop-b\n2,0000001,shop-a\n');
    const refused = await importCrosswalk(place.settings(), file, false);
    expect(refused).toMatchObject({
      added: 0,
      taken: [{ key: 'shop-a: 2', customerCode: '0000001', otherKey: 'shop-a: 1' }],
    });
    expect(await importCrosswalk(place.settings(), file, true)).toMatchObject({ added: 2 });
    place.write('who.csv', 'key,customerCode\n1,0000001\n2,0000001\n');
    await expect(importCrosswalk(place.settings(), file, false)).rejects.toMatchObject({ code: 'CROSSWALK_ROW' });
  });
});
