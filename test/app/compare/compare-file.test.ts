import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CompareFileOptions, compareFile } from '#src/app/compare/compare-file.js';
import { exportCustomers } from '#src/app/export/export-customers.js';
import { matched, stamped, useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines, editElsewhere, findByName, readResults } from '#test/e2e/customer-files.js';

const place = useTestTenant();

const keyed = { ...stamped, key: { column: 'No' } };
const compare = (options: Partial<CompareFileOptions> = {}) =>
  compareFile(place.settings(), { file: place.path('customers.csv'), ...options });

/** Twelve customers of a first import, all with the mapping. */
async function withCustomers(mapping: object = keyed) {
  const api = await place.openApi();
  place.mapping(mapping);
  place.write('customers.csv', customerFile(customerLines(12)));
  await place.import();
  return api;
}

const nothing = { onlyInFile: 0, onlyInAccount: 0, differing: 0, unreadable: 0 };

describe('a comparison of an untouched export', () => {
  it.each(['csv', 'xlsx', 'ndjson'])('finds no difference in %s, with the mapping', async (extension) => {
    await withCustomers();
    await exportCustomers(place.settings(), { file: place.path(`all.${extension}`) });
    const { counts, exitCode } = await compare({ file: place.path(`all.${extension}`), exitCode: true });
    expect([counts, exitCode]).toEqual([{ same: 12, ...nothing }, 0]);
  });

  it('finds none in all fields, without a mapping', async () => {
    await withCustomers();
    const settings = { ...place.settings(), mapping: { value: place.path('none.json'), origin: 'default' } };
    await exportCustomers(settings, { file: place.path('all.csv') });
    const { counts } = await compareFile(settings, { file: place.path('all.csv') });
    expect(counts).toEqual({ same: 12, ...nothing });
  });

  it('finds none in all fields beside a mapping that is for other files', async () => {
    await withCustomers();
    const { mapping } = place.settings();
    const settings = { ...place.settings(), mapping: { ...mapping, origin: 'default' } };
    await exportCustomers(settings, { file: place.path('all.xlsx'), fields: ['all'] });
    expect((await compare({ file: place.path('all.xlsx') })).counts).toEqual({ same: 12, ...nothing });
  });

  it('finds none where this machine knows no key, and no value is as the mapping would write it', async () => {
    const api = await withCustomers();
    await editElsewhere(api, 'Customer 0003', { customerName: 'ANN  of Perth', emailAddress: 'Ann@EXAMPLE.com' });
    const name = { column: 'Name', transform: ['collapseSpaces', 'nameCase'] };
    place.mapping({
      ...keyed,
      fields: {
        ...keyed.fields,
        customerName: name,
        customerType: { value: 'Adult' },
        notes: { expression: '$row.Name' },
      },
    });
    rmSync(place.path('state'), { recursive: true });
    await exportCustomers(place.settings(), { file: place.path('all.csv') });
    const { counts } = await compare({ file: place.path('all.csv') });
    expect(counts).toEqual({ same: 12, ...nothing });
  });
});

describe('a comparison', () => {
  it('shows what is only in the file, only in the account, and what differs, field by field', async () => {
    const api = await withCustomers();
    await editElsewhere(api, 'Customer 0002', { postalCode: '6000', creditLimit: null });
    const lines = [...customerLines(11).slice(1), 'C-0099,Somebody New,0899,new@example.com,5'];
    place.write('customers.csv', customerFile(lines));
    const { counts, fields, differences, customers, exitCode } = await compare({ exitCode: true });
    expect(counts).toEqual({ same: 9, onlyInFile: 1, onlyInAccount: 2, differing: 1, unreadable: 0 });
    expect([customers, exitCode]).toEqual([12, 4]);
    expect(fields).toEqual([
      { field: 'postalCode', count: 1 },
      { field: 'creditLimit', count: 1 },
    ]);
    const code = (name: string) => String(findByName(api, name).customerCode);
    expect(differences).toEqual([
      {
        ...{ kind: 'differs', row: 2, key: 'C-0002', name: 'Customer 0002', customerCode: code('Customer 0002') },
        fields: [
          { field: 'postalCode', file: '0801', account: '6000' },
          { field: 'creditLimit', file: 101, account: null },
        ],
      },
      { kind: 'only_in_file', row: 12, key: 'C-0099', name: 'Somebody New' },
      { kind: 'only_in_account', key: 'C-0001', name: 'Customer 0001', customerCode: code('Customer 0001') },
      { kind: 'only_in_account', key: 'C-0012', name: 'Customer 0012', customerCode: code('Customer 0012') },
    ]);
  });

  it('writes nothing, and ends well whatever it finds', async () => {
    await withCustomers();
    place.write('customers.csv', customerFile(customerLines(3)));
    const { done, calls } = await place.measureCalls(() => compare());
    expect([done.exitCode, done.counts.onlyInAccount]).toEqual([0, 9]);
    expect(calls).toMatchObject({ post: 0, put: 0, delete: 0, get: 0 });
  });

  it.each(['csv', 'xlsx', 'ndjson'])('writes a line for each field to a %s file', async (extension) => {
    const api = await withCustomers();
    await editElsewhere(api, 'Customer 0002', { postalCode: '6000', creditLimit: 7 });
    const output = place.path(`differences.${extension}`);
    const { output: written } = await compare({ output });
    expect(written).toBe(output);
    if (extension === 'csv')
      expect(readResults(place.read('differences.csv'))).toMatchObject([
        { difference: 'differs', row: '3', key: 'C-0002', field: 'postalCode', file: '0801', account: '6000' },
        { difference: 'differs', row: '3', key: 'C-0002', field: 'creditLimit', file: '101', account: '7' },
      ]);
  });

  it('finds customers by their match fields, and rows of nobody else', async () => {
    const api = await withCustomers(matched);
    await editElsewhere(api, 'Customer 0002', { customerName: 'Customer Two' });
    const { counts, differences } = await compare();
    expect(counts).toEqual({ same: 11, ...nothing, differing: 1 });
    expect(differences).toMatchObject([{ fields: [{ field: 'customerName', account: 'Customer Two' }] }]);
  });

  it('does not count what the file does not say: blank cells, fixed values, and columns that it lacks', async () => {
    await withCustomers({ ...keyed, fields: { ...keyed.fields, customerType: { value: 'Child' } } });
    place.write('customers.csv', 'No,Name\nC-0001,\nC-0002,Customer 0002\n');
    const { counts, notCompared } = await compare();
    expect(counts).toMatchObject({ same: 2, differing: 0, onlyInAccount: 10 });
    expect(notCompared).toEqual([
      { field: 'postalCode', why: 'no_column', rows: 2 },
      { field: 'emailAddress', why: 'no_column', rows: 2 },
      { field: 'creditLimit', why: 'no_column', rows: 2 },
    ]);
  });

  it('shows a value that the mapping cannot read as it is, and a row that cannot be read', async () => {
    await withCustomers();
    const lines = customerLines(12);
    lines[0] = 'C-0001,Customer 0001,0800,c0001@example.com,much';
    place.write('customers.csv', customerFile([...lines, 'C-0013,too,many,cells,5,6,7']));
    const { counts, differences } = await compare();
    expect(counts).toMatchObject({ same: 11, differing: 1, unreadable: 1 });
    expect(differences).toMatchObject([
      { kind: 'differs', fields: [{ field: 'creditLimit', file: 'much', account: 100 }] },
      { kind: 'unreadable', row: 14 },
    ]);
  });

  it('says what the list does not show, and reads it when asked to', async () => {
    const api = await withCustomers({ ...keyed, fields: { customerName: 'Name', cC_005: 'Email' } });
    await editElsewhere(api, 'Customer 0002', { cC_005: 'other' });
    const flat = await compare();
    expect(flat.counts).toMatchObject({ same: 12 });
    expect(flat.notCompared).toContainEqual({ field: 'cC_005', why: 'not_listed', rows: 1 });
    const { done, calls } = await place.measureCalls(() => compare({ full: true }));
    expect(done.counts).toMatchObject({ same: 11, differing: 1 });
    expect(calls.get).toBe(1);
  });

  it('leaves out inactive customers of the account on request', async () => {
    const api = await withCustomers();
    await editElsewhere(api, 'Customer 0012', { active: false });
    place.write('customers.csv', customerFile(customerLines(10)));
    expect((await compare()).counts.onlyInAccount).toBe(2);
    expect((await compare({ activeOnly: true })).counts.onlyInAccount).toBe(1);
  });

  it('hides what is in bank fields', async () => {
    const api = await withCustomers({ ...keyed, fields: { customerName: 'Name', bankAccount: 'Email' } });
    await editElsewhere(api, 'Customer 0002', { bankAccount: '999' });
    const { differences } = await compare({ full: true });
    expect(differences).toMatchObject([
      { fields: [{ field: 'bankAccount', file: '(not shown)', account: '(not shown)' }] },
    ]);
  });

  it('refuses a file that has nothing to compare', async () => {
    await withCustomers();
    place.write('other.csv', 'A,B\n1,2\n');
    await expect(compare({ file: place.path('other.csv') })).rejects.toMatchObject({ code: 'COMPARE_NOTHING' });
  });
});
