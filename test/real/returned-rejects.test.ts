import { execFileSync } from 'node:child_process';
import Excel from 'exceljs';
import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';

const place = useTestTenant();

const mapping = {
  key: { column: 'No' },
  fields: {
    customerName: 'Name',
    postalCode: 'Post Code',
    phoneNumber: 'Phone',
    emailAddress: 'Email',
    notes: 'Remark',
    creditLimit: { column: 'Limit', type: 'number' },
  },
};

const header = 'No,Name,Post Code,Phone,Email,Remark,Limit';

/** Values that a spreadsheet program changes, each in a row whose e-mail address has to be fixed. */
const customers = [
  ['0002', 'König GmbH', '0801', '+61491570156', 'no-mail', '12-03', '1.50'],
  ['100123456789012345', 'Łódź Books', '00810', '0491570157', 'no-mail', '1/2', '0.5'],
  ['0012', 'Zoë', '0802', '0491 570 158', 'no-mail', 'true', '1000.0'],
  ['03-12', "O'Brien", '0803', '(02) 5550 1201', 'no-mail', '=1+1', '007'],
] as const;

const mendedEmail = (row: number) => `c${row}@example.com`;

/** apt-get install libreoffice-calc */
function saveWithLibreOffice(file: string, format: string): string {
  const profile = `-env:UserInstallation=file://${place.path('profile')}`;
  const args = [profile, '--headless', '--convert-to', format, '--outdir', place.path('saved'), place.path(file)];
  execFileSync('soffice', args, { stdio: 'pipe' });
  return place.path(`saved/${file.replace(/\.\w+$/, `.${format.split(':')[0]}`)}`);
}

/** As CSV in UTF-8 with commas. */
const csv = 'csv:Text - txt - csv (StarCalc):44,34,76';

async function importCustomers(rejects?: string) {
  const lines = customers.map((cells) => cells.join(','));
  place.write('customers.csv', `${[header, '1,Ann,0800,0491570156,ann@example.com,,5', ...lines].join('\n')}\n`);
  const options = { file: place.path('customers.csv'), ...(rejects === undefined ? {} : { rejects }) };
  return importFile(place.settings(), options);
}

/** Fixes the e-mail addresses in a CSV file, which LibreOffice opens and saves afterwards. */
function mendCsv(): void {
  let row = 0;
  const text = place.read('customers.rejects.csv').replaceAll(/,no-mail,/g, () => `,${mendedEmail(row++)},`);
  place.write('customers.rejects.csv', text);
}

async function mendWorkbook(name: string): Promise<void> {
  const book = new Excel.Workbook();
  await book.xlsx.readFile(place.path(name));
  const sheet = book.worksheets[0]!;
  const column = (sheet.getRow(1).values as string[]).indexOf('Email');
  for (const row of customers.keys()) sheet.getRow(row + 2).getCell(column).value = mendedEmail(row);
  await book.xlsx.writeFile(place.path(name));
}

const savers = {
  'CSV saved as CSV': async () => {
    await importCustomers();
    mendCsv();
    return saveWithLibreOffice('customers.rejects.csv', csv);
  },
  'CSV saved as XLSX': async () => {
    await importCustomers();
    mendCsv();
    return saveWithLibreOffice('customers.rejects.csv', 'xlsx');
  },
  'XLSX saved as XLSX': async () => {
    await importCustomers(place.path('fix.xlsx'));
    await mendWorkbook('fix.xlsx');
    return saveWithLibreOffice('fix.xlsx', 'xlsx');
  },
  'XLSX saved as CSV': async () => {
    await importCustomers(place.path('fix.xlsx'));
    await mendWorkbook('fix.xlsx');
    return saveWithLibreOffice('fix.xlsx', csv);
  },
} as const;

describe('rejects that were fixed in LibreOffice', () => {
  it.each(Object.entries(savers))(
    '%s: every other cell is what it was, and nobody is added twice',
    async (_name, save) => {
      const api = await place.openApi();
      place.mapping(mapping);
      const saved = await save();
      const { counts } = await importFile(place.settings(), { file: saved });
      expect(counts).toMatchObject({ created: customers.length, invalid: 0 });
      expect(api.customers().slice(1)).toMatchObject(
        customers.map(([, customerName, postalCode, phoneNumber, , notes], row) => ({
          ...{ customerName, postalCode, phoneNumber, notes },
          emailAddress: mendedEmail(row),
        })),
      );
      expect(
        api
          .customers()
          .slice(1)
          .map(({ creditLimit }) => creditLimit),
      ).toEqual([1.5, 0.5, 1000, 7]);
      // The original once more: known rows are unchanged, those to fix are still to fix.
      expect((await importCustomers()).counts).toMatchObject({ created: 0, unchanged: 1, invalid: customers.length });
      expect(api.customers()).toHaveLength(1 + customers.length);
    },
  );
});
