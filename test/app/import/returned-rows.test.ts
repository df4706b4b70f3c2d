import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkFile } from '#src/app/check/check-file.js';
import { importFile } from '#src/app/import/import-file.js';
import { planFile } from '#src/app/plan/plan-file.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, readResults } from '#test/e2e/customer-files.js';

const place = useTestTenant();

const fixture = (name: string) => readFileSync(`fixtures/rejects/${name}`, 'utf8');

const keyed = {
  key: { column: 'No' },
  fields: {
    customerName: 'Name',
    postalCode: 'Post Code',
    emailAddress: 'Email',
    creditLimit: { column: 'Limit', type: 'number' },
  },
};

async function importNamed(name: string) {
  const notices: { readonly code: string; readonly message: string }[] = [];
  const summary = await importFile(
    place.settings(),
    { file: place.path(name) },
    { notice: (notice) => notices.push(notice) },
  );
  const rows = readResults(place.read(name.replace('.csv', '.results.csv')));
  return { summary, rows, notices, codes: rows.map(({ _status, _errorCode }) => [_status, _errorCode]) };
}

/** What a spreadsheet program makes of the rejects, in which somebody has corrected a cell. */
function editRejects(...edits: readonly (readonly [string | RegExp, string])[]): void {
  let text = place.read('customers.rejects.csv').replace('\ufeff', '');
  for (const [from, to] of edits) text = text.replace(from, to);
  place.write('customers.rejects.csv', text);
}

async function importCustomers(...lines: readonly string[]) {
  place.write('customers.csv', customerFile(lines));
  return importNamed('customers.csv');
}

describe('rejects that come back', () => {
  it('after two nights and a spreadsheet program are the customer that they were: key, name and post code are put back', async () => {
    const api = await place.openApi();
    place.write('mappings.json', fixture('mappings.json'));
    for (const night of ['night1.csv', 'night2.csv']) place.write(night, fixture(night));
    const { summary: first } = await importNamed('night1.csv');
    expect([first.exitCode, first.files.rejects]).toEqual([4, place.path('night1.rejects.csv')]);
    const saved = fixture('night1.rejects.after-spreadsheet.csv').replace(/\d{8}-\d{6}-[0-9a-f]{4}/, first.run ?? '');
    place.write('night1.rejects.csv', saved);
    const { summary, notices } = await importNamed('night1.rejects.csv');
    expect(summary.counts).toMatchObject({ created: 1 });
    expect(notices.filter(({ code }) => code === 'CELLS_PUT_BACK').map(({ message }) => message)).toEqual([
      expect.stringContaining('"2" is "0002" (row 2)'),
      expect.stringContaining('"KÃ¶nig GmbH" is "König GmbH"'),
      expect.stringContaining('"801" is "0801"'),
    ]);
    expect(summary.input?.notices.filter(({ code }) => code === 'CELLS_PUT_BACK')).toHaveLength(3);
    const { summary: second } = await importNamed('night2.csv');
    expect(second).toMatchObject({ exitCode: 0, counts: { unchanged: 2 } });
    expect(api.customers().map(({ customerName, postalCode }) => [customerName, postalCode])).toEqual([
      ['Koala Books', '0800'],
      ['König GmbH', '0801'],
    ]);
  });

  it('have a byte order mark, by which a spreadsheet program knows their encoding; the results are as the input was', async () => {
    await place.openApi();
    place.mapping(keyed);
    await importCustomers('0001,Zoë,0800,zoe@example.com,5', '0002,Žarko,0800,none,5');
    expect(place.read('customers.rejects.csv').startsWith('\ufeff_row,')).toBe(true);
    expect(place.read('customers.results.csv').startsWith('_row,')).toBe(true);
  });

  it('unchanged have the outcome that they had, also where the row alone would not show why', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    const first = await importCustomers(
      '0001,Ann,0800,ann@example.com,5',
      '0001,Ben,0801,ben@example.com,6',
      '0002,Cid,0802',
      '0003,Dan,0803,nobody,8',
    );
    const wrong = [
      ['invalid', 'KEY_REPEATED'],
      ['invalid', 'RAGGED_ROW'],
      ['invalid', 'EMAIL_INVALID'],
    ];
    expect(first.codes).toEqual([['created', ''], ...wrong]);
    const again = await importNamed('customers.rejects.csv');
    expect(again.codes).toEqual(wrong);
    editRejects([',0801,', ',801,']);
    expect((await importNamed('customers.rejects.csv')).codes).toEqual(wrong);
    place.write('customers.rejects.csv', place.read('customers.rejects.2.csv'));
    expect((await importNamed('customers.rejects.csv')).codes).toEqual(wrong);
    expect(api.customers().map(({ customerName }) => customerName)).toEqual(['Ann']);
  });

  it('mended are imported, and the original file after them changes nothing', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    const lines = ['0001,Ann,0800,ann@example.com,5', '0001,Ben,0801,ben@example.com,6', '0003,Dan,0803,nobody,8'];
    await importCustomers(...lines);
    editRejects([',0001,Ben,', ',0002,Ben,'], [',nobody,', ',dan@example.com,']);
    const mended = await importNamed('customers.rejects.csv');
    expect(mended.summary).toMatchObject({ exitCode: 0, counts: { created: 2 } });
    const { codes } = await importCustomers(...lines);
    expect(codes).toEqual([
      ['unchanged', ''],
      ['invalid', 'KEY_REPEATED'],
      ['invalid', 'EMAIL_INVALID'],
    ]);
    expect(api.customers().map(({ customerName }) => customerName)).toEqual(['Ann', 'Ben', 'Dan']);
  });

  it('are taken as they are in the columns that were to be fixed', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    await importCustomers('0001,Ann,0800,ann@example.com,abc');
    editRejects([/abc$/m, '7']);
    expect((await importNamed('customers.rejects.csv')).summary.counts).toMatchObject({ created: 1 });
    expect(api.customers()).toMatchObject([{ creditLimit: 7, postalCode: '0800' }]);
  });

  it('keep what a person has edited besides', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    await importCustomers('0001,Ann,0800,nobody,5');
    editRejects([',nobody,', ',ann@example.com,'], [',Ann,0800', ',Anna,0850']);
    await importNamed('customers.rejects.csv');
    expect(api.customers()).toMatchObject([{ customerName: 'Anna', postalCode: '0850' }]);
  });

  it.each([
    ['12-Mar', 'a date'],
    ['1.5E+03', 'an exponent'],
    ['7', 'digits without the zeros that the old key had'],
  ])('with the key %s, %s, which no key of the row was, are not sent', async (key) => {
    const api = await place.openApi();
    place.mapping(keyed);
    await importCustomers('0001,Ann,0800,nobody,5');
    editRejects([',nobody,', ',ann@example.com,'], [',0001,Ann', `,${key},Ann`]);
    const { rows } = await importNamed('customers.rejects.csv');
    expect(rows).toMatchObject([{ _status: 'invalid', _errorCode: 'CHANGED_BY_SPREADSHEET', _errorFields: 'No' }]);
    expect(rows[0]?._error).toContain(`The key "0001" is now "${key}"`);
    expect(api.customers()).toEqual([]);
  });

  it('are planned as they would be imported', async () => {
    await place.openApi();
    place.mapping(keyed);
    await importCustomers('0001,Ann,0800,nobody,5');
    editRejects([',nobody,', ',ann@example.com,'], [',0001,Ann,0800', ',1,Ann,800']);
    const plan = await planFile(place.settings(), { file: place.path('customers.rejects.csv') });
    expect(plan.rows).toMatchObject([{ action: 'add', key: '0001' }]);
  });

  it('are checked as they would be imported, without a ledger too', async () => {
    await place.openApi();
    place.mapping({ ...keyed, mode: 'add' });
    await importCustomers('0001,Ann,0800,ann@example.com,5', '0001,Ben,0801,ben@example.com,6');
    const settings = place.settings();
    const file = place.path('customers.rejects.csv');
    expect(await checkFile(settings, { file })).toMatchObject({ counts: { invalid: 1 } });
    const elsewhere = { ...settings, stateDir: { ...settings.stateDir, value: place.path('other') } };
    expect(await checkFile(elsewhere, { file })).toMatchObject({ counts: { invalid: 0, skipped: 1 } });
  });

  it('are known by a program that has made text of their byte order mark, as LibreOffice does', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    await importCustomers('0001,Zoë,0800,nobody,5');
    const saved = place.read('customers.rejects.csv').replace(',nobody,', ',zoe@example.com,').replace(',0001,', ',1,');
    place.write('customers.rejects.csv', Buffer.from(saved).toString('latin1'));
    expect((await importNamed('customers.rejects.csv')).summary.counts).toMatchObject({ created: 1 });
    expect(api.customers()).toMatchObject([{ customerName: 'Zoë' }]);
    expect((await importCustomers('0001,Zoë,0800,zoe@example.com,5')).summary.counts).toMatchObject({ unchanged: 1 });
  });

  it('of another state folder are said to be so', async () => {
    await place.openApi();
    place.mapping(keyed);
    await importCustomers('0001,Ann,0800,nobody,5');
    editRejects([',nobody,', ',ann@example.com,'], [/,\d{8}-\d{6}-[0-9a-f]{4},/, ',20200101-000000-abcd,']);
    const { notices, summary } = await importNamed('customers.rejects.csv');
    expect(notices.map(({ code }) => code)).toContain('RETURNED_FROM_ELSEWHERE');
    expect(summary.counts.created).toBe(1);
  });

  it('are no whole file: guards that compare with the last one let them pass, and are not compared with them', async () => {
    await place.openApi();
    place.mapping({ ...keyed, guards: { fewerRowsPercent: 10, newPercent: 10 } });
    const lines = Array.from({ length: 20 }, (_, n) => `${n + 1},Customer ${n},0800,c${n}@example.com,5`);
    await importCustomers(...lines.slice(0, 19), '20,Zoe,0800,nobody,5');
    editRejects([',nobody,', ',zoe@example.com,']);
    expect((await importNamed('customers.rejects.csv')).summary.exitCode).toBe(0);
    place.write('customers.csv', customerFile(lines.slice(0, 5)));
    await expect(importNamed('customers.csv')).rejects.toMatchObject({ code: 'GUARD_FEWER_ROWS' });
  });
});

describe('result files that come back', () => {
  it('have their keys put back, of rows that were done', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    await importCustomers('0001,Ann,0800,ann@example.com,5', '0002,Ben,0801,ben@example.com,6');
    const text = place.read('customers.results.csv').replace(',0001,Ann,', ',1,Anna,').replace(',0002,Ben', ',2,Ben');
    place.write('customers.results.csv', text);
    place.write('edited.csv', text);
    const { summary } = await importNamed('edited.csv');
    expect(summary.counts).toMatchObject({ updated: 1, unchanged: 1, created: 0 });
    expect(api.customers().map(({ customerName }) => customerName)).toEqual(['Anna', 'Ben']);
  });
});

describe('results, rejects and reviews', () => {
  it('are written over as long as they are as they were written, and kept once somebody has edited them', async () => {
    await place.openApi();
    place.mapping(keyed);
    const lines = ['0001,Ann,0800,nobody,5'];
    await importCustomers(...lines);
    const again = await importCustomers(...lines);
    expect(again.summary.files).toMatchObject({ rejects: place.path('customers.rejects.csv') });
    editRejects([',nobody,', ',ann@example.com,']);
    const { summary, notices } = await importCustomers(...lines);
    expect(summary.files.rejects).toBe(place.path('customers.rejects-2.csv'));
    expect(notices).toMatchObject([
      { code: 'EDITED_FILE_KEPT', message: expect.stringContaining('customers.rejects-2.csv') },
    ]);
    expect(place.read('customers.rejects.csv')).toContain('ann@example.com');
    expect((await importCustomers(...lines)).summary.files.rejects).toBe(place.path('customers.rejects-2.csv'));
  });

  it('are kept when it is not known who wrote them', async () => {
    await place.openApi();
    place.mapping(keyed);
    place.write('customers.results.csv', 'mine');
    place.write('customers.csv', customerFile(['0001,Ann,0800,ann@example.com,5']));
    const summary = await importFile(place.settings(), { file: place.path('customers.csv') });
    expect(summary.files.results).toBe(place.path('customers.results-2.csv'));
    expect(place.read('customers.results.csv')).toBe('mine');
  });
});
