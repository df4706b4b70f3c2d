import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, type Options, open as openZip, type ZipFile } from 'yauzl';
import type { ColumnContent, ExportColumn } from '#pipelines/mapping/export-columns.js';
import type { Cell } from '#pipelines/model.js';
import { openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import { beginExportWorkbook } from '#src/files/xlsx/write/export-workbook.js';
import { rowsOf } from '#test/files/xlsx/make-workbook.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'export-workbook-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, 'book.xlsx');

function column(name: string, holds: ColumnContent = 'text'): ExportColumn {
  return { name, content: holds, cell: () => '' };
}

async function write(columns: readonly ExportColumn[], rows: readonly (readonly Cell[])[], rowsPerSheet?: number) {
  const split = rowsPerSheet === undefined ? {} : { rowsPerSheet };
  const book = await beginExportWorkbook(path(), columns, { sheetName: 'Customers', ...split });
  await book.write(rows);
  const finished = await book.finish([
    ['Customers in this file', rows.length],
    ['API', 'https://example.com'],
  ]);
  await finished.publish();
  return book.remarks();
}

async function cellsOf(sheet?: string): Promise<readonly (readonly Cell[])[]> {
  const rows = await rowsOf(await openWorkbook(path(), sheet === undefined ? {} : { sheet }));
  return rows.map(({ cells }) => cells);
}

/** A part of the archive as any other program reads it. */
async function part(name: string): Promise<string> {
  const { default: excel } = await import('exceljs');
  const book = new excel.Workbook();
  await book.xlsx.readFile(path());
  const sheet = book.worksheets[0];
  return JSON.stringify({
    name,
    views: sheet?.views,
    filter: sheet?.autoFilter,
    bold: sheet?.getCell('A1').font?.bold,
    widths: sheet?.columns.map(({ width }) => width),
    sheets: book.worksheets.map((one) => one.name),
  });
}

async function textOfPart(name: string): Promise<string> {
  const zip = await promisify<string, Options, ZipFile>(openZip)(path(), { lazyEntries: true });
  const entry = await new Promise<Entry>((found, fail) => {
    zip.on('entry', (one: Entry) => (one.fileName === name ? found(one) : zip.readEntry()));
    zip.on('end', () => fail(new Error(`There is no part ${name}.`)));
    zip.readEntry();
  });
  const stream = await promisify<Entry, Readable>(zip.openReadStream.bind(zip))(entry);
  const content = await text(stream);
  zip.close();
  return content;
}

describe('an exported workbook', () => {
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
    expect(await cellsOf()).toEqual([[text]]);
  });

  it('leaves out what no workbook can hold, and says where', async () => {
    const remarks = await write([column('A'), column('B')], [['ok', 'half \uD83D and \uFFFE nil \0']]);
    expect(await cellsOf()).toEqual([['ok', 'half \uFFFD and  nil ']]);
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
    const cells = await cellsOf();
    expect(cells[0]).toEqual(['x'.repeat(32_767)]);
    expect(cells[1]).toEqual([`${'y'.repeat(32_766)}…`]);
    expect(remarks).toEqual([expect.objectContaining({ code: 'CELLS_CUT', row: 3 })]);
    expect(JSON.stringify(await cellsOf('About'))).toContain('row 3');
  });

  it('begins another sheet when one is full, each with its header', async () => {
    const rows = Array.from({ length: 7 }, (_, index) => [String(index)]);
    await write([column('A')], rows, 3);
    expect(await cellsOf()).toEqual([['0'], ['1'], ['2']]);
    expect(await cellsOf('Customers 2')).toEqual([['3'], ['4'], ['5']]);
    expect(await cellsOf('Customers 3')).toEqual([['6']]);
    expect(await part('sheets')).toContain('["Customers","Customers 2","Customers 3","About"]');
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
    expect(await cellsOf()).toEqual([
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
    expect(JSON.parse(await part('first'))).toMatchObject({
      views: [{ state: 'frozen', ySplit: 1 }],
      filter: 'A1:B2',
      bold: true,
      widths: [8, 28],
    });
  });

  it('tells Excel that texts of digits are meant so', async () => {
    await write([column('Code')], [['0001']]);
    const xml = await textOfPart('xl/worksheets/sheet1.xml');
    expect(xml).toMatch(/<\/sheetData>.*<ignoredErrors>.*numberStoredAsText="1".*<\/ignoredErrors><\/worksheet>\s*$/s);
  });

  it('leaves nothing behind when it is given up', async () => {
    const book = await beginExportWorkbook(path(), [column('A')], { sheetName: 'Customers' });
    await book.write([['x']]);
    await book.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is hashed as it is on disk', async () => {
    const book = await beginExportWorkbook(path(), [column('A')], { sheetName: 'Customers' });
    await book.write([['x']]);
    const finished = await book.finish([]);
    await finished.publish();
    const { createHash } = await import('node:crypto');
    expect(finished.sha256).toBe(createHash('sha256').update(readFileSync(path())).digest('hex'));
    expect(readdirSync(folder)).toEqual(['book.xlsx']);
  });
});
