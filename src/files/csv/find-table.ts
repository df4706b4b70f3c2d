import type { ReadOptions } from '#pipelines/reading-options.js';
import { createInputError } from '#src/files/input-file.js';
import type { CsvLayout, OpenOptions, TopRow } from '#src/files/input-source.js';
import {
  findHeader,
  type HeaderSearch,
  headerSearchRows,
  isEmptyRow,
  letterColumns,
  nameColumns,
} from '#src/files/table/find-header.js';
import { NoDataRowsError } from '#src/files/table/no-data-rows.js';
import type { PeekableBatches } from '#src/files/table/peekable.js';
import { rowsCompared, sortRowsAbove } from '#src/files/table/rows-above.js';
import type { TextInput, TextPass } from '#src/files/text/open-text.js';
import { type Dialect, findPreamble, parseDelimiter, sniffDelimiter } from './dialect.js';
import { type CsvRecord, type RecordBatch, readRecords } from './read-records.js';

/**
 * The dialect of a text: what the options say, what a `sep=` line says, what the beginning of the text looks like, in
 * this order.
 *
 * @throws UsageError `BAD_DELIMITER`
 */
export function chooseDialect({ sample, sampleLineEnds }: TextPass, options: ReadOptions): Dialect {
  const delimiter = parseDelimiter(options.delimiter);
  const preamble = findPreamble(sample);
  const body = sample.subarray(preamble?.bytes ?? 0);
  return {
    delimiter: delimiter ?? preamble?.delimiter ?? sniffDelimiter(body.toString()),
    returnEndsRow: sampleLineEnds.cr > 0,
    lenientQuotes: options.lenientQuotes ?? false,
    backslashEscapes: options.escape === 'backslash',
    skipInitialSpace: options.skipInitialSpace ?? false,
    preambleBytes: preamble?.bytes ?? 0,
    firstLine: preamble === undefined ? 1 : 2,
  };
}

/**
 * The same dialect with what only the whole text tells: whether a carriage return without a line feed ends a row. Where
 * the text has both line ends, it may be glued together from two systems or have returns inside its cells: the number of
 * columns decides, for which the text is read twice more.
 */
export async function reviseDialect(text: TextInput, dialect: Dialect): Promise<Dialect> {
  const { lf, crlf, cr } = text.lineEnds;
  if (cr === 0) return { ...dialect, returnEndsRow: false };
  const asEnd = { ...dialect, returnEndsRow: true };
  if (lf + crlf === 0) return asEnd;
  const asText = { ...dialect, returnEndsRow: false };
  return (await countRaggedRows(text, asText)) < (await countRaggedRows(text, asEnd)) ? asText : asEnd;
}

/** How many rows differ in width from the widest of the first rows. */
async function countRaggedRows(text: TextInput, dialect: Dialect): Promise<number> {
  let width = 0;
  let ragged = 0;
  for await (const { records } of readRecords({ name: text.file.name, dialect }, text.chunks())) {
    if (width === 0) width = Math.max(...records.map((record) => record.cells.length));
    for (const { cells } of records) {
      const isBlankLine = cells.length === 1 && cells[0] === '';
      if (cells.length !== width && !isBlankLine) ragged += 1;
    }
  }
  return ragged;
}

/** Where the table begins in a CSV text, and what its columns are. */
export interface CsvTable extends Omit<CsvLayout, 'dialect'> {
  readonly topRows: readonly TopRow[];
}

/** Rows whose cells tell whether a column without a name holds anything. */
const sampleRows = 1000;

/**
 * Finds the header and the columns.
 *
 * @param batches - all records from the first; those that are looked at are kept
 * @throws InputError `NO_HEADER_ROW`, `HEADER_DAMAGED`, `NO_COLUMNS`, `NO_DATA_ROWS`
 */
export async function findTable(
  batches: PeekableBatches<RecordBatch>,
  name: string,
  options: OpenOptions,
): Promise<CsvTable> {
  const { headerRow, noHeader } = options;
  if (noHeader === true) return findTableWithoutHeader(batches, name);
  const top = headerRow === undefined ? await readTop(batches) : [await readHeaderAt(batches, name, headerRow)];
  const topRows = top.map(toTopRow);
  const header =
    headerRow === undefined
      ? top[
          findHeader(
            topRows.map(({ cells }) => cells),
            options,
          ).position
        ]
      : top[0];
  if (header === undefined) throw createNoDataRowsError(name, undefined, options);
  if (header.issue !== undefined) throw createHeaderDamagedError(name, header);
  const rowsAbove = top.slice(0, top.indexOf(header));
  const look = await lookBelow(batches, header);
  if (look === undefined) throw createNoDataRowsError(name, header, options, rowsAbove);
  const table = nameColumns(header.cells, look.usedWidth, header.line, options.resultColumns);
  if (table.columns.length === 0) throw createNoColumnsError(name, header.line);
  const above = rowsAbove.filter(({ issue }) => issue === undefined);
  const { customers, notices } = sortRowsAbove(above.map(toTopRow), toTopRow(header), look.first, 1);
  return {
    headerLine: header.line,
    table: { ...table, notices: [...notices, ...table.notices] },
    topRows,
    ...(customers.length > 0 && { customersAbove: customers }),
  };
}

function toTopRow({ line, cells }: CsvRecord): TopRow {
  return { number: line, cells };
}

/** All rows are customers, and most of the first ones tell how many columns there are. */
async function findTableWithoutHeader(batches: PeekableBatches<RecordBatch>, name: string): Promise<CsvTable> {
  const widths = new Map<number, number>();
  const top: CsvRecord[] = [];
  let rows = 0;
  for await (const { records } of batches.peek()) {
    for (const record of records) {
      if (isEmptyRow(record.cells)) continue;
      rows += 1;
      if (top.length < headerSearchRows) top.push(record);
      const { length } = record.cells;
      if (record.issue === undefined) widths.set(length, (widths.get(length) ?? 0) + 1);
    }
    if (rows >= sampleRows) break;
  }
  const [usual] = [...widths].sort((a, b) => b[1] - a[1] || b[0] - a[0]);
  if (usual === undefined) throw createNoDataRowsError(name, undefined, {});
  return { headerLine: 0, table: letterColumns(usual[0]), topRows: top.map(toTopRow) };
}

/** The first records that are not empty. */
async function readTop(batches: PeekableBatches<RecordBatch>): Promise<readonly CsvRecord[]> {
  const top: CsvRecord[] = [];
  for await (const { records } of batches.peek()) {
    top.push(...records.filter(({ cells }) => !isEmptyRow(cells)));
    if (top.length >= headerSearchRows) break;
  }
  return top.slice(0, headerSearchRows);
}

async function readHeaderAt(
  batches: PeekableBatches<RecordBatch>,
  name: string,
  headerRow: number,
): Promise<CsvRecord> {
  for await (const { records } of batches.peek()) {
    const found = records.find(({ line }) => line >= headerRow);
    if (found === undefined) continue;
    if (found.line === headerRow && !isEmptyRow(found.cells)) return found;
    break;
  }
  throw createInputError({
    code: 'NO_HEADER_ROW',
    file: name,
    line: headerRow,
    fact: 'there are no column names on this line.',
    nextStep:
      'Give the line number that an editor shows: --header-row <n>, or "headerRow" under "source" in the mapping. Without it, the header is detected.',
  });
}

/** How many cells the first data rows use, and the first of them; `undefined` when there are none. */
async function lookBelow(
  batches: PeekableBatches<RecordBatch>,
  header: CsvRecord,
): Promise<{ readonly usedWidth: number; readonly first: readonly (readonly string[])[] } | undefined> {
  let rows = 0;
  let usedWidth = 0;
  const first: (readonly string[])[] = [];
  for await (const { records } of batches.peek()) {
    for (const { line, cells, issue } of records) {
      if (line <= header.line || isEmptyRow(cells)) continue;
      rows += 1;
      if (first.length < rowsCompared && issue === undefined) first.push(cells);
      // More cells than the header has are an issue of that row.
      if (issue === undefined && cells.length <= header.cells.length)
        usedWidth = Math.max(usedWidth, cells.findLastIndex((cell) => cell.trim() !== '') + 1);
    }
    if (rows >= sampleRows) break;
  }
  return rows === 0 ? undefined : { usedWidth, first };
}

function createHeaderDamagedError(file: string, header: CsvRecord) {
  return createInputError({
    code: 'HEADER_DAMAGED',
    file,
    line: header.line,
    fact: `the header cannot be read. ${header.issue?.message ?? ''}`,
    nextStep: 'Fix the header, or give its line: --header-row <n>',
  });
}

function createNoColumnsError(file: string, line: number) {
  return createInputError({
    code: 'NO_COLUMNS',
    file,
    line,
    fact: 'all columns are those that this program adds to its result files.',
    nextStep: 'Import the file that the results are of, or give the line of the header: --header-row <n>',
  });
}

function createNoDataRowsError(
  file: string,
  header: CsvRecord | undefined,
  search: HeaderSearch,
  above: readonly CsvRecord[] = [],
) {
  return new NoDataRowsError(
    `${file}, line ${header?.line ?? 1}: there is a header, but there are no rows below it.`,
    'Export the file again, and check that the export finished.',
    header && { header: header.cells, above: above.map(({ cells }) => cells) },
    search,
  );
}
