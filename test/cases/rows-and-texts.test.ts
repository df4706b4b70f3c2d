import { copyFileSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkFile } from '#src/app/check/check-file.js';
import { type ImportFileOptions, importFile } from '#src/app/import/import-file.js';
import { planFile } from '#src/app/plan/plan-file.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { readResults } from '#test/e2e/customer-files.js';

const place = useTestTenant();
const files = 'fixtures/cases/files';

function useMapping(name: string): void {
  copyFileSync(`${files}/${name}.json`, place.path('mappings.json'));
}

/** Imports a file of the cases by a mapping beside it. */
async function importCase(file: string, mapping = 'm-noemail', options: Partial<ImportFileOptions> = {}) {
  useMapping(mapping);
  copyFileSync(`${files}/${file}`, place.path('customers.csv'));
  return place.import(options);
}

async function importWorkbook(file: string, mapping: string) {
  useMapping(mapping);
  copyFileSync(`fixtures/cases/workbooks/${file}`, place.path('customers.xlsx'));
  const results = place.path('results.csv');
  await importFile(place.settings(), { file: place.path('customers.xlsx'), results });
  return readResults(place.read('results.csv'));
}

const outcomes = (rows: readonly Record<string, string>[]) =>
  rows.map(({ _status, _errorCode }) => (_errorCode === '' ? _status : `${_status} ${_errorCode}`));
const skipped = 'skipped NOT_A_CUSTOMER';

describe('rows that are no customers', () => {
  it.each([
    ['c06b.csv', 'm-noemail', ['created', skipped, 'created']],
    ['c07-cat-bom.csv', 'm-noemail', ['created', skipped, 'created']],
    ['c14-totals.csv', 'mappings', ['created', 'created', skipped]],
    ['c39-subtotals.csv', 'm-noemail', ['created', 'created', skipped, 'created', skipped, skipped]],
    ['c40-db2.csv', 'm-noemail', [skipped, 'created', 'created', skipped]],
  ])('are skipped in %s', async (file, mapping, expected) => {
    await place.openApi();
    const { rows, summary } = await importCase(file, mapping);
    expect(outcomes(rows)).toEqual(expected);
    expect(summary).toMatchObject({
      exitCode: 0,
      counts: { skipped: expected.filter((was) => was === skipped).length },
    });
    expect(summary.problems).toContainEqual(expect.objectContaining({ status: 'skipped', code: 'NOT_A_CUSTOMER' }));
    expect(summary.findings).toContainEqual(expect.objectContaining({ code: 'NOT_A_CUSTOMER' }));
  });

  it.each([
    ['x02-formula-rows.xlsx', 'm-nokey', ['created', 'created', skipped, skipped, skipped]],
    ['x08-table-totals.xlsx', 'm-ph', ['created', 'created', skipped]],
  ])('are skipped in %s', async (file, mapping, expected) => {
    await place.openApi();
    expect(outcomes(await importWorkbook(file, mapping))).toEqual(expected);
  });

  it('are skipped where a report ends with its date, below empty rows', async () => {
    await place.openApi();
    place.mapping({ mode: 'add', fields: { customerName: 'Customer', emailAddress: 'Email' }, unmapped: 'ignore' });
    copyFileSync(`${files}/c38-qbo-report.csv`, place.path('customers.csv'));
    expect(outcomes((await place.import()).rows)).toEqual(['created', 'created', skipped]);
  });

  it('are imported with --keep-all-rows, and by a mapping that says so', async () => {
    await place.openApi();
    expect(outcomes((await importCase('c06b.csv', 'm-noemail', { keepAllRows: true })).rows)).toEqual([
      'created',
      'created',
      'created',
    ]);
  });

  it('are counted the same by check, plan and import', async () => {
    await place.openApi();
    useMapping('m-noemail');
    copyFileSync(`${files}/c39-subtotals.csv`, place.path('customers.csv'));
    const file = place.path('customers.csv');
    const check = await checkFile(place.settings(), { file });
    const plan = await planFile(place.settings(), { file });
    expect(check.problems).toMatchObject([{ code: 'NOT_A_CUSTOMER', count: 3 }]);
    expect(plan).toMatchObject({ counts: { add: 3, skip: 3 }, problems: [{ code: 'NOT_A_CUSTOMER', count: 3 }] });
  });

  it('are a reason to stop when they are more than half of the file', async () => {
    await place.openApi();
    useMapping('m-noemail');
    place.write('customers.csv', 'No,Company,Phone,Post Code\n1,Koala,,0800\nSubtotal,,,\nGrand Total,1,,\n');
    const file = place.path('customers.csv');
    await expect(place.import()).rejects.toMatchObject({ code: 'GUARD_NOT_CUSTOMERS', exitCode: 8 });
    expect((await checkFile(place.settings(), { file })).exitCode).toBe(8);
    expect(await planFile(place.settings(), { file })).toMatchObject({ exitCode: 8 });
    expect((await place.import({ overrideGuards: true })).statuses).toEqual(['created', 'skipped', 'skipped']);
  });

  it('may have no name, key, e-mail address and telephone number only where the mapping says so', async () => {
    const api = await place.openApi();
    const mapping = { mode: 'add', fields: { customerName: 'Company', city: 'City' } };
    place.mapping(mapping);
    place.write('customers.csv', 'Company,City\n,Darwin\nKoala,Perth\n');
    expect(outcomes((await place.import()).rows)).toEqual(['invalid NAMELESS', 'created']);
    place.mapping({ ...mapping, nameless: 'allow' });
    place.write('customers.csv', 'Company,City\n,Darwin\n');
    expect((await place.import()).statuses).toEqual(['created']);
    expect(api.customers()).toHaveLength(2);
  });
});

/** The customers of an import, with the fields that the cases are about. */
async function importValues(file: string, mapping?: string) {
  const api = await place.openApi();
  const { rows, summary } = await importCase(file, mapping);
  const values = api
    .customers()
    .map(({ customerName, phoneNumber, postalCode }) => [customerName, phoneNumber ?? '', postalCode ?? '']);
  return { rows, summary, values, codes: summary.findings?.map(({ code }) => code) };
}

describe('texts that mean nothing or carry a guard', () => {
  it('are read as blank: NULL, N/A and what else programs write', async () => {
    const { values, codes } = await importValues('c18-null.csv');
    expect(values).toEqual([
      ['Koala', '', ''],
      ['Wren', '', ''],
      ['Emu', '', ''],
      ['Crow', '', ''],
    ]);
    expect(codes).toContain('BLANK_TOKENS');
  });

  it('are values where the mapping says so', async () => {
    const api = await place.openApi();
    const fields = { customerName: 'Company', phoneNumber: 'Phone' };
    place.write('customers.csv', 'Company,Phone\nKoala,N/A\nWren,TBA\n');
    for (const [blankTokens, phones] of [
      [[], ['N/A', 'TBA']],
      [['TBA'], [undefined, undefined]],
      [{ allow: ['N/A'] }, ['N/A', 'TBA']],
    ] as const) {
      place.mapping({ mode: 'add', fields, blankTokens });
      const { summary } = await place.import({ force: true, allNew: true });
      expect(summary.counts.created).toBe(2);
      const created = api.customers().slice(-2);
      expect(created.map(({ phoneNumber }) => phoneNumber ?? undefined)).toEqual(phones);
    }
  });

  it('lose the apostrophe that guards a number, a telephone number or a formula', async () => {
    const { values } = await importValues('c17.csv');
    expect(values).toEqual([
      ['=Koala', '+61 491 570 156', '0800'],
      ["'Ndrangheta Cafe", '+61491570156', '0800'],
    ]);
  });

  it('lose the apostrophe also where they are keys', async () => {
    const { values, codes } = await importValues('c16-apos.csv');
    expect(values).toEqual([['Koala', '0491570156', '0800']]);
    expect(codes).toContain('GUARDS_REMOVED');
    place.write('customers.csv', 'No,Company,Phone,Post Code\n0001,Koala,0491570156,0800\n');
    expect((await place.import()).statuses).toEqual(['unchanged']);
  });

  it('are what stands between ="…", with and without quotation marks around it', async () => {
    const { values, codes } = await importValues('c02-formula-trick.csv', 'mappings');
    expect(values).toEqual([
      ['Koala Books', '0491570156', '0800'],
      ['Wren Physio', '0491570157', '0801'],
    ]);
    expect(codes).toContain('GUARDS_REMOVED');
  });

  it('lose control characters', async () => {
    const { values, codes } = await importValues('c15-1f.csv');
    expect(values).toEqual([['Koala', '0491570156', '0800']]);
    expect(codes).toContain('SEPARATORS_REMOVED');
  });

  it('lose the fraction of whole numbers where the whole column has one', async () => {
    const { values, codes } = await importValues('pandas.csv');
    expect(values).toEqual([
      ['Koala', '491570156', '800'],
      ['Wren', '491570157', '801'],
      ['Emu', '', ''],
    ]);
    expect(codes).toContain('NUMBERS_WERE_FLOATS');
  });

  it('keep a fraction that others of the column do not have, and all texts with "cellTexts": "asWritten"', async () => {
    const api = await place.openApi();
    const fields = { customerName: 'Company', notes: 'Version' };
    place.mapping({ mode: 'add', fields });
    place.write('customers.csv', 'Company,Version\nKoala,1.0\nWren,1.5\n');
    await place.import();
    place.mapping({ mode: 'add', fields, cellTexts: 'asWritten' });
    place.write('customers.csv', "Company,Version\nEmu,2.0\nCrow,3.0\nJay,'4\n");
    await place.import();
    expect(api.customers().map(({ notes }) => notes)).toEqual(['1.0', '1.5', '2.0', '3.0', "'4"].slice(0, 5));
  });

  it('are the same customer as before whose numbers a data frame has written', async () => {
    const api = await place.openApi();
    await importCase('pd1.csv');
    const before = JSON.stringify(api.customers());
    const { rows } = await importCase('pd2.csv');
    expect(outcomes(rows)).toEqual(['unchanged', 'unchanged', 'invalid KEY_MISSING']);
    expect(JSON.stringify(api.customers())).toBe(before);
  });
});

describe('sequences of imports', () => {
  const sequence = (name: string) => copyFileSync(`fixtures/cases/sequences/${name}`, place.path('customers.csv'));

  it('know a customer again by an e-mail address in another case', async () => {
    const api = await place.openApi();
    copyFileSync('fixtures/cases/sequences/match/n.map.json', place.path('mappings.json'));
    sequence('match/n1.csv');
    await place.import();
    sequence('match/n2.csv');
    await place.import();
    expect(api.customers()).toHaveLength(2);
  });

  it('know a customer again by a telephone number in another notation', async () => {
    const api = await place.openApi();
    copyFileSync('fixtures/cases/sequences/match/m2.json', place.path('mappings.json'));
    for (const file of ['a', 'b', 'c']) {
      sequence(`match/${file}.csv`);
      await place.import();
    }
    expect(api.customers()).toHaveLength(2);
  });

  it('make nobody twice of rejects that a spreadsheet program has changed', async () => {
    const api = await place.openApi();
    copyFileSync('fixtures/cases/sequences/rejects/mappings.json', place.path('mappings.json'));
    sequence('rejects/night1.csv');
    const { summary } = await place.import();
    const changed = readFileSync('fixtures/cases/sequences/rejects/night1.rejects.after-spreadsheet.csv', 'utf8');
    place.write('rejects.csv', changed.replace('20261130-120632-9578', summary.run ?? ''));
    await importFile(place.settings(), { file: place.path('rejects.csv') });
    sequence('rejects/night2.csv');
    await place.import();
    expect(api.customers().map(({ emailAddress }) => emailAddress)).toEqual(['ann@example.com', 'bob@example.com']);
  });
});

describe('keys that a spreadsheet program has damaged', () => {
  it('stop the import, or are no keys', async () => {
    await place.openApi();
    await expect(importCase('keydmg.csv')).rejects.toMatchObject({ exitCode: 8 });
    for (const file of ['hashA.csv', 'hashB.csv'])
      expect(outcomes((await importCase(file)).rows)).toEqual(['invalid KEY_PLACEHOLDER']);
  });
});

describe('a cell that does not fit its field', () => {
  const columns = 'No,Company,Email,Limit,Since,Mail OK';
  const mapping = (otherwise: 'blank' | 'error') => ({
    key: { column: 'No' },
    fields: {
      customerName: 'Company',
      emailAddress: { column: 'Email', otherwise },
      creditLimit: { column: 'Limit', type: 'number', otherwise },
      allowMailing: { column: 'Mail OK', type: 'boolean', otherwise, default: false },
      notes: 'Since',
    },
  });

  it('is left out where the mapping says so: its row is imported, and the result says what is missing', async () => {
    const api = await place.openApi();
    place.mapping(mapping('blank'));
    place.write('customers.csv', `${columns}\n1,Koala,kein,lots,x,maybe\n2,Wren,b@example.com,5,y,yes\n`);
    const { rows, summary } = await place.import();
    expect(rows.map(({ _status }) => _status)).toEqual(['created', 'created']);
    expect(summary.exitCode).toBe(0);
    expect(rows[0]?._error).toMatch(/Limit "lots".*The value was left out\..*kein.*The value was left out\./);
    expect(rows[0]?._errorFields).toContain('Email');
    expect(api.customers()).toMatchObject([
      { customerName: 'Koala', allowMailing: false, notes: 'x' },
      { customerName: 'Wren', emailAddress: 'b@example.com', creditLimit: 5, allowMailing: true },
    ]);
    expect(api.customers()[0]?.emailAddress ?? '').toBe('');
    // Nothing to change, and still told.
    const again = await place.import();
    expect(again.rows[0]).toMatchObject({ _status: 'unchanged', _error: expect.stringContaining('left out') });
    // A good value of the account stays.
    place.write('customers.csv', `${columns}\n2,Wren Two,nonsense,5,y,yes\n`);
    expect((await place.import()).rows[0]).toMatchObject({ _status: 'updated' });
    expect(api.customers()[1]).toMatchObject({ customerName: 'Wren Two', emailAddress: 'b@example.com' });
    const check = await checkFile(place.settings(), { file: place.path('customers.csv') });
    expect(check).toMatchObject({ counts: { invalid: 0 }, problems: [{ code: 'EMAIL_INVALID', count: 1 }] });
  });

  it('makes its row invalid otherwise', async () => {
    await place.openApi();
    place.mapping(mapping('error'));
    place.write('customers.csv', `${columns}\n1,Koala,kein,5,x,yes\n2,Wren,b@example.com,lots,y,yes\n`);
    expect((await place.import()).statuses).toEqual(['invalid', 'invalid']);
  });
});

describe('telephone numbers that have lost their zero', () => {
  it.each([
    [undefined, 'PHONES_WITHOUT_ZERO'],
    ['New Zealand', undefined],
  ])('are noticed where most of the column has none, for the country %s', async (country, code) => {
    await place.openApi();
    const fields = { customerName: 'Company', phoneNumber: 'Phone', ...(country && { country: { value: country } }) };
    place.mapping({ key: { column: 'No' }, fields });
    const phones = ['491570156', '491570157', '0491 570 158', '491 570 159'];
    place.write(
      'customers.csv',
      `No,Company,Phone\n${phones.map((phone, at) => `${at + 1},Koala ${at},${phone}`).join('\n')}\n`,
    );
    const { findings } = await checkFile(place.settings(), { file: place.path('customers.csv') });
    expect(findings?.map((finding) => finding.code)).toEqual(code === undefined ? [] : [code]);
  });
});
