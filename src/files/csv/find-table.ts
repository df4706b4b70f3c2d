import { inputFailure } from '#src/files/input-failure.js';
import { nameColumns, type TableColumns } from '#src/files/table/column-names.js';
import { findHeader, headerSearchRows, isEmptyRow } from '#src/files/table/find-header.js';
import { type CsvRecord, type CsvText, readRecords } from './reader/read-records.js';

/** Where the table begins in a CSV text, and what its columns are. */
export interface CsvTable {
  readonly headerLine: number;
  readonly columns: TableColumns;
}

interface HeaderWishes {
  readonly headerRow?: number | undefined;
  readonly expectedColumns?: readonly string[] | undefined;
  readonly resultColumns?: boolean | undefined;
}

/** Rows whose cells tell whether a column without a name holds anything. */
const rowsLookedAt = 1000;

/**
 * Finds the header and the columns.
 *
 * @throws InputError `NO_HEADER_ROW`, `HEADER_DAMAGED`, `NO_COLUMNS`, `NO_DATA_ROWS`
 */
export async function findTable(text: CsvText, wishes: HeaderWishes): Promise<CsvTable> {
  const { headerRow } = wishes;
  const header =
    headerRow === undefined ? await searchHeader(text, wishes.expectedColumns ?? []) : await headerAt(text, headerRow);
  if (header.flaw !== undefined) throw headerDamaged(text.name, header);
  const usedWidth = await usedWidthBelow(text, header);
  const columns = nameColumns(header.cells, usedWidth, header.line, wishes.resultColumns);
  if (columns.columns.length === 0) throw noColumns(text.name, header.line);
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
  if (header === undefined) throw noDataRows(text.name, 1);
  return header;
}

async function headerAt(text: CsvText, headerRow: number): Promise<CsvRecord> {
  for await (const records of readRecords(text)) {
    const found = records.find(({ line }) => line >= headerRow);
    if (found === undefined) continue;
    if (found.line === headerRow && !isEmptyRow(found.cells)) return found;
    break;
  }
  throw inputFailure({
    code: 'NO_HEADER_ROW',
    file: text.name,
    line: headerRow,
    fact: 'no row with column names begins on this line.',
    nextStep:
      'Give the line as an editor shows it: --header-row <n>, or "headerRow" under "source" of the mapping; without them it is searched for.',
  });
}

/** How many cells the first data rows use. */
async function usedWidthBelow(text: CsvText, header: CsvRecord): Promise<number> {
  let rows = 0;
  let usedWidth = 0;
  for await (const records of readRecords(text)) {
    for (const { line, cells, flaw } of records) {
      if (line <= header.line || isEmptyRow(cells)) continue;
      rows += 1;
      // More cells than the header has are a matter of that row.
      if (flaw === undefined && cells.length <= header.cells.length)
        usedWidth = Math.max(usedWidth, cells.findLastIndex((cell) => cell.trim() !== '') + 1);
    }
    if (rows >= rowsLookedAt) break;
  }
  if (rows === 0) throw noDataRows(text.name, header.line);
  return usedWidth;
}

function headerDamaged(file: string, header: CsvRecord) {
  return inputFailure({
    code: 'HEADER_DAMAGED',
    file,
    line: header.line,
    fact: `the header cannot be read. ${header.flaw?.message ?? ''}`,
    nextStep: 'Mend the header, or name its line: --header-row <n>',
  });
}

function noColumns(file: string, line: number) {
  return inputFailure({
    code: 'NO_COLUMNS',
    file,
    line,
    fact: 'every column name begins with "_", and such columns are not read.',
    nextStep: 'Give the columns names without "_", or name the line of the header: --header-row <n>',
  });
}

function noDataRows(file: string, line: number) {
  return inputFailure({
    code: 'NO_DATA_ROWS',
    file,
    line,
    fact: 'there is a header, but no row of data below it.',
    nextStep: 'Export the file again, and look whether the export finished.',
  });
}
