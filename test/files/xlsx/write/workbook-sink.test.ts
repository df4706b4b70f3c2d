import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ColumnContent } from '#pipelines/mapping/export-columns.js';
import type { Cell } from '#pipelines/model.js';
import type { SheetStyle, TableColumn, TableRow } from '#src/files/table.js';
import { openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import { beginWorkbook } from '#src/files/xlsx/write/workbook-sink.js';
import { readRows } from '#test/files/xlsx/make-workbook.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'export-workbook-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, 'book.xlsx');

function column(name: string, content: ColumnContent = 'text'): TableColumn {
  return { name, content };
}

const about = [
  ['Customers in this file', 7],
  ['API', 'https://example.com'],
] as const;

async function write(columns: readonly TableColumn[], rows: readonly (readonly Cell[])[], rowsPerSheet?: number) {
  const sink = await beginWorkbook(
    path(),
    columns,
    { name: 'Customers' },
    rowsPerSheet === undefined ? {} : { rowsPerSheet },
  );
  await sink.write(rows.map((cells) => ({ cells })));
  await (await sink.end(about)).publish();
  return sink.notices();
}

/** Writes rows and reads the first sheet as exceljs does. */
async function writeAndLoad(columns: readonly TableColumn[], rows: readonly TableRow[], style: Partial<SheetStyle>) {
  const sink = await beginWorkbook(path(), columns, { name: 'Results', ...style });
  await sink.write(rows);
  await (await sink.end()).publish();
  return loadFirstSheet();
}

async function loadFirstSheet() {
  const { default: excel } = await import('exceljs');
  const workbook = new excel.Workbook();
  await workbook.xlsx.readFile(path());
  const [sheet] = workbook.worksheets;
  if (sheet === undefined) throw new Error('The workbook has no sheet.');
  return sheet;
}

async function readCells(sheet?: string): Promise<readonly (readonly Cell[])[]> {
  const rows = await readRows(await openWorkbook(path(), sheet === undefined ? {} : { sheet }));
  return rows.map(({ cells }) => cells);
}

describe('a written workbook', () => {
  it.each([
    ['a control character', 'bell\u0007'],
    ['carriage returns', 'a\r\nb\rc'],
    ['what looks like an escape', '_x000D_ _x0041_'],
    ['markup', '<b>&amp;</b> ]]>'],
    ['spaces at both ends', '  x  '],
    ['a formula', '=HYPERLINK("http://example.com","x")'],
    ['emoji', '👩‍💻 e\u0301'],
  ])('keeps %s', async (_name, text) => {
    expect(await write([column('A')], [[text]])).toEqual([]);
    expect(await readCells()).toEqual([[text]]);
  });

  it('leaves out what no workbook can hold, and says where', async () => {
    const remarks = await write([column('A'), column('B')], [['ok', 'half \uD83D and \uFFFE nil \0']]);
    expect(await readCells()).toEqual([['ok', 'half \uFFFD and  nil ']]);
    expect(remarks).toEqual([
      expect.objectContaining({
        code: 'CHARACTERS_LOST',
        row: 2,
        columns: ['B'],
        message: expect.stringContaining('B'),
      }),
    ]);
  });

  it('cuts a text to the size of a cell, and says where, on its About sheet too', async () => {
    const remarks = await write([column('A')], [['x'.repeat(32_767)], ['y'.repeat(40_000)]]);
    const cells = await readCells();
    expect(cells[0]).toEqual(['x'.repeat(32_767)]);
    expect(cells[1]).toEqual([`${'y'.repeat(32_766)}…`]);
    expect(remarks).toEqual([expect.objectContaining({ code: 'CELLS_CUT', row: 3 })]);
    expect(JSON.stringify(await readCells('About'))).toContain('row 3');
  });

  it('begins another sheet when one is full, each with its header', async () => {
    const rows = Array.from({ length: 7 }, (_, index) => [String(index)]);
    await write([column('A')], rows, 3);
    expect(await readCells()).toEqual([['0'], ['1'], ['2']]);
    expect(await readCells('Customers 2')).toEqual([['3'], ['4'], ['5']]);
    expect(await readCells('Customers 3')).toEqual([['6']]);
    expect((await loadFirstSheet()).workbook.worksheets.map(({ name }) => name)).toEqual([
      'Customers',
      'Customers 2',
      'Customers 3',
      'About',
    ]);
  });

  it('has numbers, amounts, dates, and yes and no; and texts where no number or date can be', async () => {
    const columns = [column('N', 'number'), column('M', 'money'), column('B', 'boolean'), column('D', 'date')];
    await write(columns, [
      [
        { kind: 'number', text: '0.1', value: 0.1 },
        { kind: 'number', text: '-5', value: -5 },
        { kind: 'boolean', text: 'true', value: true },
        { kind: 'date', text: '2024-02-29T10:00:00.500' },
      ],
      [
        '',
        { kind: 'number', text: 'Infinity', value: Number.POSITIVE_INFINITY },
        '',
        { kind: 'date', text: '1899-12-31' },
      ],
    ]);
    expect(await readCells()).toEqual([
      [
        { kind: 'number', text: '0.1', value: 0.1 },
        { kind: 'number', text: '-5', value: -5, format: '#,##0.00' },
        { kind: 'boolean', text: 'TRUE', value: true },
        expect.objectContaining({ kind: 'date', text: expect.stringMatching(/^2024-02-29T10:00:0[01]$/) }),
      ],
      ['', 'Infinity', '', '1899-12-31'],
    ]);
  });

  it('has a frozen, bold header with a filter, and columns as wide as their first texts', async () => {
    await write([column('Short'), column('Long')], [['x', 'a text that needs some room']]);
    const sheet = await loadFirstSheet();
    expect(sheet.views).toMatchObject([{ state: 'frozen', ySplit: 1 }]);
    expect(sheet.autoFilter).toBe('A1:B2');
    expect(sheet.getCell('A1').font.bold).toBe(true);
    expect(sheet.columns.map(({ width }) => width)).toEqual([8, 28]);
  });

  it('shows codes as text, amounts with two decimals, and dates with their time', async () => {
    await write(
      [column('Code'), column('Limit', 'money'), column('Edited', 'date'), { name: 'As it was' }],
      [
        [
          '0001',
          { kind: 'number', text: '5', value: 5 },
          { kind: 'date', text: '2024-02-29' },
          { kind: 'date', text: '2024-02-29' },
        ],
      ],
    );
    const sheet = await loadFirstSheet();
    const formats = ['A2', 'B2', 'C2', 'D2'].map((address) => sheet.getCell(address).numFmt);
    expect(formats).toEqual(['@', '#,##0.00', 'yyyy-mm-dd hh:mm:ss', 'yyyy-mm-dd']);
  });

  it('colours the status, and the marked cells, which keep their format and carry their note', async () => {
    const cells = ['invalid', { kind: 'number', text: '5 %', value: 0.05, format: '0%' }, 'x'] as const;
    const sheet = await writeAndLoad(
      [{ name: '_status', width: 11 }, { name: 'Discount' }, { name: 'Name' }],
      [{ cells, tone: 'fix', marks: [{ column: 1, note: 'Too small.' }] }, { cells }],
      { toneColumn: 0, frozenColumns: 1, fitsPage: true },
    );
    expect(sheet.getCell('A2').fill).toMatchObject({ fgColor: { argb: 'FFF8CBAD' } });
    expect(sheet.getCell('B2').fill).toMatchObject({ fgColor: { argb: 'FFFFD9D9' } });
    expect(sheet.getCell('B2').numFmt).toBe('0%');
    expect(JSON.stringify(sheet.getCell('B2').note)).toContain('Too small.');
    expect(JSON.stringify([sheet.getCell('C2').fill, sheet.getCell('B3').fill])).not.toContain('solid');
    expect(sheet.views).toMatchObject([{ state: 'frozen', xSplit: 1, ySplit: 1 }]);
    expect(sheet.pageSetup).toMatchObject({ orientation: 'landscape', fitToPage: true });
    expect(sheet.columns[0]?.width).toBe(11);
  });

  it('offers the choices of a column in each of its cells, long ones from a hidden sheet', async () => {
    const long = Array.from({ length: 60 }, (_, index) => `A long choice ${index}`);
    const columns: readonly TableColumn[] = [
      { name: 'Short', choices: { texts: ['Yes', 'No'], isStrict: true } },
      { name: 'Long', choices: { texts: long, isStrict: false } },
    ];
    const rows = Array.from({ length: 12 }, () => ({ cells: ['Yes', 'x'] }));
    const sheet = await writeAndLoad(columns, rows, {});
    for (const row of [2, 13]) {
      expect(sheet.getCell(`A${row}`).dataValidation).toMatchObject({ formulae: ['"Yes,No"'], errorStyle: 'stop' });
      expect(sheet.getCell(`B${row}`).dataValidation).toMatchObject({ formulae: ['Lists!$A$1:$A$60'] });
    }
    const lists = sheet.workbook.getWorksheet('Lists');
    expect([lists?.state, lists?.getCell('A60').value]).toEqual(['hidden', 'A long choice 59']);
  });
});
