import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import { readRows } from '#test/files/xlsx/make-workbook.js';

const folder = 'fixtures/samples/xlsx';

const number = (text: string, value = Number(text)) => ({ kind: 'number', text, value });
const letters = (text: string) => [...text];

/** What each file holds: its columns and the cells of its rows by row number, or the code that refuses it. */
const contents: Readonly<Record<string, { columns: string[]; rows: Record<number, unknown[]> } | string>> = {
  '1904.xlsx': 'NO_DATA_ROWS',
  'dateIssue.xlsx': { columns: ['Date'], rows: { 2: [{ kind: 'date', text: '2020-11-20', format: 'DD/MM/YY' }] } },
  'duplicateRowTest.xlsx': 'EMPTY_SHEET',
  'formulas.xlsx': {
    columns: ['someone@example.com', '(formula with hyperlink)'],
    rows: { 2: ['someone@example.com', '(formula without link)'] },
  },
  'gold.xlsx': {
    columns: ['Text', 'I am Text'],
    rows: {
      2: ['Number', number('3.14')],
      3: ['Integer', number('5')],
      4: ['Date', { kind: 'date', text: '2016-05-17', format: 'mm-dd-yy' }],
      5: ['Formula', 'I am Text'],
      6: ['Hyperlink', 'exceljs'],
    },
  },
  'google-sheets.xlsx': {
    columns: ['BEGIN', 'HIDDEN', 'VISIBLE'],
    rows: { 2: ['HIDDEN', '', ''], 3: ['VISIBLE', '', ''] },
  },
  'invalid-xml.xlsx': 'XML_MALFORMED',
  'libre-calc-as-excel-2007-365.xlsx': {
    columns: ['BEGIN', 'HIDDEN', 'VISIBLE'],
    rows: { 2: ['HIDDEN', '', ''], 3: ['VISIBLE', '', ''] },
  },
  'libre-calc-as-office-open-xml-spreadsheet.xlsx': {
    columns: ['BEGIN', 'HIDDEN', 'VISIBLE'],
    rows: { 2: ['HIDDEN', '', ''], 3: ['VISIBLE', '', ''] },
  },
  'many-columns.xlsx': {
    columns: [
      ...['this', 'spread', 'sheet', 'has', 'many'],
      ...Array.from({ length: 6 }, (_, at) => `many (${at + 2})`),
      'columns',
      ...Array.from({ length: 8 }, (_, at) => `Column ${at + 13}`),
    ],
    rows: {
      2: 'but the really really funny thing is that it has even more in the second row bla bla bla bla'.split(' '),
    },
  },
  'missing-bits.xlsx': 'XLSX_PART_MISSING',
  'shared_string_with_escape.xlsx': 'NO_DATA_ROWS',
  'test-issue-1575.xlsx': { columns: letters('ABC'), rows: { 2: ['1.0', '2.0', '3.0'], 3: ['4.0', '5.0', '6.0'] } },
  'test-issue-163.xlsx': { columns: ['1'], rows: { 2: [number('2')], 3: [number('3')] } },
  'test-issue-1669.xlsx': {
    columns: ['Column1', 'Column2'],
    rows: Object.fromEntries(letters('aeiou').map((vowel, at) => [at + 2, [number(`${at + 1}`), vowel]])),
  },
};

describe('public workbooks of other programs', () => {
  it('are all here', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(contents).sort());
  });

  it.each(Object.entries(contents))('%s is read whole', async (file, content) => {
    const opened = openWorkbook(join(folder, file), { displayName: file });
    if (typeof content === 'string') {
      await expect(opened).rejects.toMatchObject({ code: content });
      return;
    }
    const source = await opened;
    const rows = await readRows(source);
    expect(source.columns).toEqual(content.columns);
    expect(Object.fromEntries(rows.map(({ number, cells }) => [number, cells]))).toEqual(content.rows);
    expect(rows.map(({ index }) => index)).toEqual(rows.map((_, at) => at));
  });

  it('are shown in the messages that refuse them', async () => {
    const findMessage = (file: string) =>
      openWorkbook(join(folder, file), { displayName: file }).catch((error) => error.message);
    expect(await findMessage('1904.xlsx')).toContain('row 4: “1904-01-01”');
    expect(await findMessage('shared_string_with_escape.xlsx')).toContain('“_x000D_”');
    expect(await findMessage('invalid-xml.xlsx')).toContain('line 3 of xl/worksheets/sheet1.xml');
  });

  it.each([
    ['google-sheets.xlsx', ['HIDDEN_COLUMNS', 'HIDDEN_ROWS']],
    ['libre-calc-as-excel-2007-365.xlsx', ['HIDDEN_COLUMNS', 'HIDDEN_ROWS']],
    ['test-issue-1669.xlsx', ['OTHER_SHEETS', 'HIDDEN_ROWS']],
    ['many-columns.xlsx', ['DUPLICATE_COLUMNS', 'UNNAMED_COLUMNS']],
    ['gold.xlsx', []],
  ])('%s is remarked upon as %j', async (file, codes) => {
    const source = await openWorkbook(join(folder, file));
    await readRows(source);
    expect(source.notices.map(({ code }) => code)).toEqual(codes);
  });

  it('have a second sheet that can be read by name', async () => {
    const source = await openWorkbook(join(folder, 'test-issue-1669.xlsx'), { sheet: 'Sheet2', skipHidden: true });
    expect([source.columns, (await readRows(source)).map(({ cells }) => cells)]).toEqual([
      ['DK', 'Name'],
      [
        ['T123456789', 'Test 89'],
        ['T123456791', 'Test 91'],
        ['T123456793', 'Test 93'],
      ],
    ]);
  });
});
