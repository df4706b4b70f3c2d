import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { utils, write } from '@e965/xlsx';
import { stringify } from 'csv-stringify/sync';
import { describe, expect, it, vi } from 'vitest';
import { cellToText, type Row } from '#pipelines/model.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { awkwardColumns, awkwardCustomers } from '#test/files/awkward-customers.js';
import { catchFailure, readContent, readRowRanges, useTempFiles } from '#test/files/temp-files.js';
import { makeWorkbook, makeZip, textCell } from '#test/files/xlsx/make-workbook.js';

const files = useTempFiles();

type Cells = readonly string[];

/** One kind of file, and how its producers write a table into it. */
interface Kind {
  readonly format: 'csv' | 'xlsx' | 'ndjson';
  readonly name: string;
  write(columns: Cells, rows: readonly Cells[]): Buffer;
  /** The line or row number of the first row of data. */
  readonly firstNumber: number;
  /** Whether the outer no-break blanks of a cell are lost. */
  readonly trims?: boolean;
}

const csv = (columns: Cells, rows: readonly Cells[]) =>
  Buffer.from(stringify([columns, ...rows] as string[][], { quoted_empty: true }));
const ndjson = (columns: Cells, rows: readonly Cells[]) =>
  Buffer.from(
    rows
      .map((cells) => `${JSON.stringify(Object.fromEntries(columns.map((name, at) => [name, cells[at]])))}\n`)
      .join(''),
  );
const letters = (at: number) => String.fromCharCode(65 + at);
const xlsx = (columns: Cells, rows: readonly Cells[]) => {
  const row = (cells: Cells, number: number) =>
    `<row r="${number}">${cells.map((text, at) => textCell(`${letters(at)}${number}`, text)).join('')}</row>`;
  return makeWorkbook({ rows: [columns, ...rows].map((cells, at) => row(cells, at + 1)).join('') });
};

const oldWorkbook = (bookType: 'biff8' | 'ods') => (columns: Cells, rows: readonly Cells[]) => {
  const book = utils.book_new();
  utils.book_append_sheet(book, utils.aoa_to_sheet([columns, ...rows] as string[][]), 'Customers');
  return write(book, { type: 'buffer', bookType }) as Buffer;
};

const kinds: Readonly<Record<string, Kind>> = {
  csv: { format: 'csv', name: 'customers.csv', write: csv, firstNumber: 2 },
  'csv.gz': {
    format: 'csv',
    name: 'customers.csv.gz',
    write: (columns, rows) => gzipSync(csv(columns, rows)),
    firstNumber: 2,
  },
  xlsx: { format: 'xlsx', name: 'customers.xlsx', write: xlsx, firstNumber: 2 },
  ndjson: { format: 'ndjson', name: 'customers.ndjson', write: ndjson, firstNumber: 1 },
  'ndjson.gz': {
    format: 'ndjson',
    name: 'customers.ndjson.gz',
    write: (columns, rows) => gzipSync(ndjson(columns, rows)),
    firstNumber: 1,
  },
  'csv.zip': {
    format: 'csv',
    name: 'customers.zip',
    write: (columns, rows) => makeZip([{ name: 'customers.csv', content: csv(columns, rows) }]),
    firstNumber: 2,
  },
  json: {
    format: 'ndjson',
    name: 'customers.json',
    write: (columns, rows) =>
      Buffer.from(
        JSON.stringify(
          rows.map((cells) => Object.fromEntries(columns.map((name, at) => [name, cells[at]]))),
          null,
          2,
        ),
      ),
    firstNumber: 1,
  },
  xls: { format: 'xlsx', name: 'customers.xls', write: oldWorkbook('biff8'), firstNumber: 2 },
  ods: { format: 'xlsx', name: 'customers.ods', write: oldWorkbook('ods'), firstNumber: 2, trims: true },
};

const many = Array.from({ length: 2345 }, (_, at) => [
  `${at}`,
  `Zoë ${at} 東京`,
  at % 7 === 0 ? '' : 'x'.repeat(at % 50),
]);
const threeColumns = ['No', 'Name', 'Remark'];

/** A decompressor closes its file a moment after it is asked to; on a busy machine that takes long. */
const patience = { timeout: 10_000 };

/** Files that this process has open, where the system shows them. */
function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

describe.each(Object.entries(kinds))('a source of rows from .%s', (_, kind) => {
  const put = (columns: Cells, rows: readonly Cells[]) => files.write(kind.write(columns, rows), kind.name);
  const open = (columns: Cells, rows: readonly Cells[]) => openRowSource(put(columns, rows));

  it('gives the ten awkward customers cell by cell', async () => {
    const { source, columns, cells, issues } = await readContent(await open(awkwardColumns, awkwardCustomers));
    const expected = awkwardCustomers.map((row) =>
      kind.trims === true ? row.map((cell) => cell.replace(/^\u00a0+|\u00a0+$/g, '')) : row,
    );
    expect([columns, cells, issues]).toEqual([awkwardColumns, expected, []]);
    expect([source.format, source.detected.format]).toEqual([kind.format, kind.format]);
  });

  it('counts rows from 0 and numbers them as the user’s editor does', async () => {
    const { rows } = await readContent(await open(threeColumns, many));
    expect(rows.map(({ index }) => index)).toEqual(many.map((_, at) => at));
    expect(rows.map(({ number }) => number)).toEqual(many.map((_, at) => at + kind.firstNumber));
    expect(rows.map(({ cells }) => cells.map(cellToText))).toEqual(many);
  });

  it('gives them in batches, none of them empty or endless', async () => {
    const sizes: number[] = [];
    for await (const batch of (await open(threeColumns, many)).batches()) sizes.push(batch.length);
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
  });

  it('gives the same as often as it is read, with the same notices', async () => {
    const source = await open(threeColumns, many);
    const first = await readContent(source);
    const second = await readContent(source);
    expect([second.rows, second.notices]).toEqual([first.rows, first.notices]);
  });

  it('can be read by two at once', async () => {
    const source = await open(threeColumns, many);
    const [a, b] = await Promise.all([readContent(source), readContent(source)]);
    expect(a.rows).toHaveLength(many.length);
    expect(b.rows).toEqual(a.rows);
  });

  it('holds no file open, read to its end, left early, or not at all', async () => {
    const path = put(threeColumns, many);
    const before = openFiles();
    const source = await openRowSource(path);
    await readContent(source);
    for (let round = 0; round < 5; round += 1) for await (const _batch of source.batches()) break;
    await vi.waitFor(() => expect(openFiles()).toBeLessThanOrEqual(before), patience);
  });

  it('leaves out the columns that this program has added, and keeps the others in place', async () => {
    const columns = ['_row', '_status', 'No', 'Name', '_run'];
    const { columns: kept, cells } = await readContent(await open(columns, [['2', 'invalid', '7', 'Ann', 'r-1']]));
    expect([kept, cells]).toEqual([['No', 'Name'], [['7', 'Ann']]]);
  });

  it('keeps the columns of other programs whose names begin like ours', async () => {
    const columns = ['_id', '_key', 'Name'];
    const { columns: kept, cells } = await readContent(await open(columns, [['64f0', 'k1', 'Ann']]));
    expect([kept, cells]).toEqual([columns, [['64f0', 'k1', 'Ann']]]);
  });

  it('knows the bytes on disk', async () => {
    const path = put(threeColumns, many);
    const bytes = readFileSync(path);
    expect((await openRowSource(path)).fingerprint).toEqual({
      sha256: createHash('sha256').update(bytes).digest('hex'),
      sizeBytes: bytes.length,
    });
  });

  it('shows all rows to a visitor during the first reading, and by what that found, kept as JSON, is read again in any ranges', async () => {
    const path = put(threeColumns, many);
    expect((await openRowSource(path)).scan).toBeUndefined();
    const visited: Row[] = [];
    const source = await openRowSource(path, { visitRows: () => (batch) => visited.push(...batch) });
    const { rows } = await readContent(source);
    expect(visited).toEqual(rows);
    const known = JSON.parse(JSON.stringify(source.scan));
    const again = await openRowSource(path, { scan: known });
    expect([again.columns, again.detected, again.notices, again.fingerprint]).toEqual([
      ...[source.columns, source.detected, source.notices, source.fingerprint],
    ]);
    const all = again.rowRanges?.all ?? [];
    expect(all.length).toBeGreaterThan(1);
    for (const wanted of [all, all.slice(1), [all.slice(0, 1), all.slice(-1)].flat(), []])
      expect(await readRowRanges(again, wanted)).toEqual(
        rows.filter(({ index }) => wanted.some(({ first, last }) => index >= first && index <= last)),
      );
    expect((await readContent(again)).rows).toEqual(rows);
  });

  it('is read whole when its bytes are not those that were scanned', async () => {
    const { scan } = await openRowSource(put(threeColumns, many), { visitRows: () => () => undefined });
    const other = [...many.slice(1), ['9', 'Nobody', '']];
    const again = await openRowSource(put(threeColumns, other), { scan });
    expect([again.rowRanges, (await readContent(again)).cells]).toEqual([undefined, other]);
  });

  it('says that the file changed since it was opened', async () => {
    const path = put(threeColumns, many);
    const source = await openRowSource(path);
    appendFileSync(path, '\n');
    expect((await catchFailure(readContent(source))).code).toBe('FILE_CHANGED');
  });

  it('says that the file has gone', async () => {
    const path = put(threeColumns, many);
    const source = await openRowSource(path);
    rmSync(path);
    expect((await catchFailure(readContent(source))).code).toBe('FILE_NOT_FOUND');
    expect((await catchFailure(openRowSource(path))).code).toBe('FILE_NOT_FOUND');
  });

  it('refuses a folder, and a file with nothing in it, by the name that the user knows', async () => {
    const folder = files.path(`folder-${kind.name}`);
    mkdirSync(folder);
    const empty = files.write('', kind.name);
    const displayName = 'theirs';
    expect(await catchFailure(openRowSource(folder, { displayName }))).toMatchObject({
      code: 'IS_A_FOLDER',
      message: expect.stringContaining('theirs'),
    });
    expect(await catchFailure(openRowSource(empty, { displayName }))).toMatchObject({
      code: 'EMPTY_FILE',
      message: expect.stringContaining('theirs'),
    });
  });

  it('passes on what its reader throws, and closes the file', async () => {
    const source = await open(threeColumns, many);
    const before = openFiles();
    const seen: Row[] = [];
    const stopped = (async () => {
      for await (const batch of source.batches()) {
        seen.push(...batch);
        throw new Error('the consumer gave up');
      }
    })();
    await expect(stopped).rejects.toThrow('the consumer gave up');
    expect(seen.length).toBeGreaterThan(0);
    await vi.waitFor(() => expect(openFiles()).toBeLessThanOrEqual(before), patience);
  });
});
