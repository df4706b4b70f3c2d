import { createInputError } from '#src/files/input-file.js';
import type { OpenOptions } from '#src/files/input-source.js';
import {
  findHeader,
  headerSearchRows,
  isEmptyRow,
  nameColumns,
  type TableColumns,
} from '#src/files/table/find-header.js';
import { readSample, type TextInput } from '#src/files/text/open-text.js';
import { type Dialect, findPreamble, parseDelimiter, sniffDelimiter } from './dialect.js';
import { type CsvRecord, type CsvText, readRecords } from './read-records.js';

/** The dialect of a text: what the options say, what a `sep=` line says, what the text looks like, in this order. */
export async function chooseDialect(text: TextInput, options: OpenOptions): Promise<Dialect> {
  const asked = parseDelimiter(options.delimiter);
  const sample = await readSample(text);
  const preamble = findPreamble(sample);
  const body = sample.subarray(preamble?.bytes ?? 0);
  const dialect: Dialect = {
    delimiter: asked ?? preamble?.delimiter ?? sniffDelimiter(body.toString()),
    returnEndsRow: text.lineEnds.cr > 0,
    lenientQuotes: options.lenientQuotes ?? false,
    preambleBytes: preamble?.bytes ?? 0,
    firstLine: preamble === undefined ? 1 : 2,
  };
  const { lf, crlf, cr } = text.lineEnds;
  if (cr === 0 || lf + crlf === 0) return dialect;
  // Both a file glued together from two systems and a return inside a cell look like this: the columns tell.
  const asText = { ...dialect, returnEndsRow: false };
  return (await countRaggedRows(text, asText)) < (await countRaggedRows(text, dialect)) ? asText : dialect;
}

/** How many rows differ in width from the widest of the first rows. */
async function countRaggedRows(text: TextInput, dialect: Dialect): Promise<number> {
  let width = 0;
  let ragged = 0;
  for await (const records of readRecords({ name: text.file.name, dialect, chunks: () => text.chunks() })) {
    if (width === 0) width = Math.max(...records.map((record) => record.cells.length));
    for (const { cells } of records) {
      const isBlankLine = cells.length === 1 && cells[0] === '';
      if (cells.length !== width && !isBlankLine) ragged += 1;
    }
  }
  return ragged;
}

/** Where the table begins in a CSV text, and what its columns are. */
export interface CsvTable {
  readonly headerLine: number;
  readonly columns: TableColumns;
}

interface HeaderOptions {
  readonly headerRow?: number | undefined;
  readonly expectedColumns?: readonly string[] | undefined;
  readonly resultColumns?: boolean | undefined;
}

/** Rows whose cells tell whether a column without a name holds anything. */
const sampleRows = 1000;

/**
 * Finds the header and the columns.
 *
 * @throws InputError `NO_HEADER_ROW`, `HEADER_DAMAGED`, `NO_COLUMNS`, `NO_DATA_ROWS`
 */
export async function findTable(text: CsvText, wishes: HeaderOptions): Promise<CsvTable> {
  const { headerRow } = wishes;
  const header =
    headerRow === undefined
      ? await searchHeader(text, wishes.expectedColumns ?? [])
      : await readHeaderAt(text, headerRow);
  if (header.issue !== undefined) throw createHeaderDamagedError(text.name, header);
  const usedWidth = await measureUsedWidth(text, header);
  const columns = nameColumns(header.cells, usedWidth, header.line, wishes.resultColumns);
  if (columns.columns.length === 0) throw createNoColumnsError(text.name, header.line);
  return { headerLine: header.line, columns };
}

async function searchHeader(text: CsvText, expectedColumns: readonly string[]): Promise<CsvRecord> {
  const candidates: CsvRecord[] = [];
  for await (const records of readRecords(text)) {
    candidates.push(...records.filter(({ cells }) => !isEmptyRow(cells)));
    if (candidates.length >= headerSearchRows) break;
  }
  const rows = candidates.slice(0, headerSearchRows);
  const header =
    rows[
      findHeader(
        rows.map(({ cells }) => cells),
        expectedColumns,
      )
    ];
  if (header === undefined) throw createNoDataRowsError(text.name, 1);
  return header;
}

async function readHeaderAt(text: CsvText, headerRow: number): Promise<CsvRecord> {
  for await (const records of readRecords(text)) {
    const found = records.find(({ line }) => line >= headerRow);
    if (found === undefined) continue;
    if (found.line === headerRow && !isEmptyRow(found.cells)) return found;
    break;
  }
  throw createInputError({
    code: 'NO_HEADER_ROW',
    file: text.name,
    line: headerRow,
    fact: 'no row with column names begins on this line.',
    nextStep:
      'Give the line as an editor shows it: --header-row <n>, or "headerRow" under "source" of the mapping; without them it is searched for.',
  });
}

/** How many cells the first data rows use. */
async function measureUsedWidth(text: CsvText, header: CsvRecord): Promise<number> {
  let rows = 0;
  let usedWidth = 0;
  for await (const records of readRecords(text)) {
    for (const { line, cells, issue: flaw } of records) {
      if (line <= header.line || isEmptyRow(cells)) continue;
      rows += 1;
      // More cells than the header has are a matter of that row.
      if (flaw === undefined && cells.length <= header.cells.length)
        usedWidth = Math.max(usedWidth, cells.findLastIndex((cell) => cell.trim() !== '') + 1);
    }
    if (rows >= sampleRows) break;
  }
  if (rows === 0) throw createNoDataRowsError(text.name, header.line);
  return usedWidth;
}

function createHeaderDamagedError(file: string, header: CsvRecord) {
  return createInputError({
    code: 'HEADER_DAMAGED',
    file,
    line: header.line,
    fact: `the header cannot be read. ${header.issue?.message ?? ''}`,
    nextStep: 'Mend the header, or name its line: --header-row <n>',
  });
}

function createNoColumnsError(file: string, line: number) {
  return createInputError({
    code: 'NO_COLUMNS',
    file,
    line,
    fact: 'every column name begins with "_", and such columns are not read.',
    nextStep: 'Give the columns names without "_", or name the line of the header: --header-row <n>',
  });
}

function createNoDataRowsError(file: string, line: number) {
  return createInputError({
    code: 'NO_DATA_ROWS',
    file,
    line,
    fact: 'there is a header, but no row of data below it.',
    nextStep: 'Export the file again, and look whether the export finished.',
  });
}
