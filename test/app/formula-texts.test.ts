import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { exportCrosswalk, importCrosswalk } from '#src/app/crosswalk/crosswalk.js';
import { exportCustomers } from '#src/app/export/export-customers.js';
import { importFile } from '#src/app/import/import-file.js';
import { planFile } from '#src/app/plan/plan-file.js';
import { useTestTenant } from './use-test-tenant.js';

const office = useTestTenant();

const formula = "=HYPERLINK(0);=2,@x\t-y\n+cmd|'/C calc'!A0";
const mapping = {
  key: { column: '=No' },
  fields: { customerName: 'Name', creditLimit: { column: 'Limit', type: 'number' } },
  unmapped: 'ignore',
};
const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
const row = (...cells: readonly string[]) => `${cells.map(quote).join(',')}\n`;

/** Cells that a program takes for a formula, whichever sign it takes for the separator, and whether or not it knows of quotation marks. */
function findFormulas(csv: string): readonly string[] {
  return csv.split(/[;,\t\r\n]/).filter((cell) => /^["\s]*[=@+-]/.test(cell) && !/^["\s]*[+-]?[\d.]*"?$/.test(cell));
}

describe('texts that look like formulas', () => {
  it('come alive in no file for people, and come back as they were', async () => {
    const api = await office.openApi();
    office.mapping(mapping);
    const header = row('=No', 'Name', 'Limit', '@Note').trimEnd();
    office.write(
      'customers.csv',
      `${header}\n${row('=K-1', formula, '1', formula)}${row('-k2', `${formula}2`, 'much', formula)}`,
    );
    const file = office.path('customers.csv');
    await planFile(office.settings(), { file, output: office.path('plan.csv') });
    await office.import();
    await exportCrosswalk(office.settings(), office.path('crosswalk.csv'));
    await exportCustomers(office.settings(), { file: office.path('export.csv') });
    for (const name of ['plan.csv', 'customers.results.csv', 'customers.rejects.csv', 'crosswalk.csv', 'export.csv'])
      expect(findFormulas(office.read(name)), name).toEqual([]);

    // The row is mended in the rejects file, and is the row that it was, with all its columns.
    const rejects = office.read('customers.rejects.csv').replace(',much,', ',2,');
    office.write('mended.csv', rejects);
    const mended = await importFile(office.settings(), { file: office.path('mended.csv') });
    expect([mended.counts.created, api.customers().map(({ customerName }) => customerName)]).toEqual([
      1,
      [formula, `${formula}2`],
    ]);
    const [first] = parse(rejects, { columns: true, bom: true }) as Record<string, string>[];
    const [again] = parse(office.read('mended.results.csv'), { columns: true, bom: true }) as Record<string, string>[];
    expect(again?.["'@Note"]).toBe(first?.["'@Note"]);

    // On another computer, keys of the crosswalk are the keys that they were.
    office.useState('elsewhere');
    await exportCustomers(office.settings(), { file: office.path('again.csv') });
    await importCrosswalk(office.settings(), office.path('crosswalk.csv'), false);
    const { summary } = await office.import();
    expect(summary.counts).toMatchObject({ created: 0, unchanged: 1, invalid: 1 });
  });
});
