import { writeFile } from 'node:fs/promises';
import Excel from 'exceljs';
import { describe, expect, it } from 'vitest';
import { parseFaults } from '#src/sandbox/fault.js';
import { fast, readResults, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

const states = { 'New South Wales': 'NSW', Victoria: 'VIC', 'Wash, DC': 'DC' };

const mapping = {
  version: 1,
  mode: 'add',
  source: { sheet: 'Kunden', headerRow: 3 },
  key: { column: 'No' },
  fields: {
    customerName: 'Name',
    emailAddress: { column: 'Email', transform: ['email'] },
    region: { column: 'State', lookup: states, otherwise: 'error' },
    allowMailing: { column: 'Mail', type: 'boolean', true: ['Ja'], false: ['Nein'] },
    creditLimit: { column: 'Limit', type: 'number' },
  },
};

/** A workbook with a title above its header, in which rows 5 and 7 cannot be sent. */
async function writeWorkbook(): Promise<void> {
  const book = new Excel.Workbook();
  const sheet = book.addWorksheet('Kunden');
  sheet.addRow(['All customers']);
  sheet.addRow([]);
  sheet.addRow(['No', 'Name', 'Email', 'State', 'Mail', 'Limit', 'Since']);
  const since = new Date(Date.UTC(2024, 1, 29));
  sheet.addRow(['C-1', 'Ann', 'ann@example.com', 'Victoria', 'Ja', 100, since]);
  sheet.addRow(['C-2', 'Ben', 'nobody', 'Tasmania', 'Ja', 200.5, since]);
  sheet.addRow(['C-3', 'Cat', 'cat@example.com', 'Victoria', 'Nein', 300, since]);
  sheet.addRow(['C-4', 'Dan', 'dan@example.com', 'Victoria', 'perhaps', 400, since]);
  await book.xlsx.writeFile(place.path('customers.xlsx'));
  writeMapping(place, { ...mapping, ignore: ['Since'] });
}

async function opened(name: string) {
  const book = new Excel.Workbook();
  await book.xlsx.readFile(place.path(name));
  const sheet = book.worksheets[0]!;
  const header = (sheet.getRow(1).values as string[]).slice(1);
  const cell = (row: number, column: string) => sheet.getRow(row).getCell(header.indexOf(column) + 1);
  return { book, sheet, header, cell };
}

const readFill = (cell: Excel.Cell) => (cell.fill?.type === 'pattern' ? cell.fill.fgColor?.argb : undefined);

function readNote(cell: Excel.Cell): string {
  const { note } = cell;
  return typeof note === 'string' ? note : (note?.texts ?? []).map(({ text }) => text).join('');
}

describe('the workbook of rejects', () => {
  it('colours the status and the cells to fix, and says in a comment what is wrong with each', async () => {
    await place.openApi();
    await writeWorkbook();
    await place.run(['import', ...fast, 'customers.xlsx']);
    const { sheet, cell } = await opened('customers.rejects.xlsx');
    expect(sheet.rowCount).toBe(3);
    expect(cell(2, '_status').value).toBe('invalid');
    expect(readFill(cell(2, '_status'))).toBe('FFF8CBAD');
    for (const [row, column, why] of [
      [2, 'Email', /nobody/],
      [2, 'State', /Tasmania.*not in the lookup/],
      [3, 'Mail', /perhaps.*neither yes nor no/],
    ] as const) {
      expect(readFill(cell(row, column))).toBe('FFFFD9D9');
      expect(readNote(cell(row, column))).toMatch(why);
    }
    expect(readFill(cell(2, 'Name'))).toBeUndefined();
    expect(readNote(cell(3, 'State'))).toBe('');
  });

  it('filters by status and keeps the status column in view', async () => {
    await place.openApi();
    await writeWorkbook();
    await place.run(['import', ...fast, 'customers.xlsx']);
    const { sheet } = await opened('customers.rejects.xlsx');
    expect(sheet.autoFilter).toBe('A1:R3');
    expect(sheet.views[0]).toMatchObject({ state: 'frozen', xSplit: 2, ySplit: 1 });
  });

  it('offers what the mapping allows, in the cell or from a hidden sheet', async () => {
    await place.openApi();
    await writeWorkbook();
    await place.run(['import', ...fast, 'customers.xlsx']);
    const { book, cell } = await opened('customers.rejects.xlsx');
    expect(cell(2, 'Mail').dataValidation).toMatchObject({ type: 'list', formulae: ['"Ja,Nein"'] });
    const list = cell(3, 'State').dataValidation?.formulae?.[0];
    expect(list).toMatch(/^Lists!\$[A-Z]\$1:\$[A-Z]\$3$/);
    const letter = /\$([A-Z])/.exec(String(list))?.[1] ?? '';
    const texts = [1, 2, 3].map((row) => book.getWorksheet('Lists')?.getCell(`${letter}${row}`).value);
    expect(texts).toEqual(Object.keys(states));
    expect(book.getWorksheet('Lists')?.state).toBe('hidden');
  });

  it('is imported again as it is, fixed, with the mapping of the original', async () => {
    const api = await place.openApi();
    await writeWorkbook();
    await place.run(['import', ...fast, 'customers.xlsx']);
    const { book, cell } = await opened('customers.rejects.xlsx');
    cell(2, 'Email').value = 'ben@example.com';
    cell(2, 'State').value = 'Wash, DC';
    cell(3, 'Mail').value = 'Nein';
    await writeFile(place.path('customers.rejects.xlsx'), Buffer.from(await book.xlsx.writeBuffer()));
    const again = await place.run(['import', ...fast, 'customers.rejects.xlsx']);
    expect([again.exitCode, again.stderr]).toEqual([0, expect.not.stringMatching(/Warning/)]);
    const known = api.customers().map(({ customerName, region, creditLimit }) => [customerName, region, creditLimit]);
    expect(known.toSorted()).toEqual([
      ['Ann', 'VIC', 100],
      ['Ben', 'DC', 200.5],
      ['Cat', 'VIC', 300],
      ['Dan', 'VIC', 400],
    ]);
  });
});

describe('the workbook of results', () => {
  it('colours each status by its outcome, and marks the cells to fix', async () => {
    await place.openApi({ faults: parseFaults(['400:add:nth=2']) });
    await writeWorkbook();
    await place.run(['import', ...fast, '--concurrency', '1', 'customers.xlsx']);
    const { cell } = await opened('customers.results.xlsx');
    expect([2, 3, 4, 5].map((row) => [cell(row, '_status').value, readFill(cell(row, '_status'))])).toEqual([
      ['created', 'FFDDF0DD'],
      ['invalid', 'FFF8CBAD'],
      ['rejected', 'FFF8CBAD'],
      ['invalid', 'FFF8CBAD'],
    ]);
    expect(readFill(cell(3, 'Email'))).toBe('FFFFD9D9');
  });

  it('keeps numbers and dates as they were', async () => {
    await place.openApi();
    await writeWorkbook();
    await place.run(['import', ...fast, 'customers.xlsx']);
    const { cell } = await opened('customers.results.xlsx');
    expect([cell(3, 'Limit').value, cell(2, 'Since').value]).toEqual([200.5, new Date(Date.UTC(2024, 1, 29))]);
  });
});

describe('a fixed text file', () => {
  it('is read as it was written, whatever encoding and header row the mapping has for exports', async () => {
    const api = await place.openApi();
    const title = 'All customers;;\r\n';
    const rows = ['No;Name;Email', 'C-1;Müller;m@example.com', 'C-2;Jäger;nobody', ''];
    place.write('customers.csv', Buffer.from(title + rows.join('\r\n'), 'latin1'));
    writeMapping(place, {
      version: 1,
      mode: 'add',
      source: { headerRow: 2, encoding: 'windows-1252', delimiter: ';' },
      key: { column: 'No' },
      fields: { customerName: 'Name', emailAddress: { column: 'Email', transform: ['email'] } },
    });
    await place.run(['import', ...fast, 'customers.csv']);
    expect(place.read('customers.rejects.csv')).toContain('Jäger');
    place.write('customers.rejects.csv', place.read('customers.rejects.csv').replaceAll('nobody', 'j@example.com'));
    expect((await place.run(['import', ...fast, 'customers.rejects.csv'])).exitCode).toBe(0);
    expect(api.customers().map(({ customerName }) => customerName)).toEqual(['Müller', 'Jäger']);
    expect(readResults(place.read('customers.rejects.results.csv').replaceAll(';', ','))).toHaveLength(1);
  });
});
