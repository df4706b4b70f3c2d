import { extname } from 'node:path';
import { reached } from '#pipelines/milestones.js';
import type { RowOutcome } from '#pipelines/outcome.js';
import type { RowSource, RunLedger } from '#pipelines/ports.js';
import type { Row } from '#pipelines/row.js';
import type { CsvStyle } from '#src/files/csv/writer.js';
import type { TableWriter } from '#src/files/table-writer.js';
import type { CellList } from '#src/files/xlsx/cell-lists.js';
import { resultColumns, toResultRow } from './result-row.js';

export interface ResultPaths {
  readonly results: string;
  readonly rejects: string;
  readonly report?: string;
}

export interface ResultsWritten {
  readonly results?: string;
  /** Absent when no row needs mending. */
  readonly rejects?: string;
}

/** A row of the input with its end. */
export interface ResultLine {
  readonly row: Row;
  readonly outcome: RowOutcome;
}

/** Where the files go when nobody says: beside the input, in its format as far as we write that. */
export function defaultResultPaths(inputPath: string): ResultPaths {
  const bare = inputPath.replace(/\.gz$/i, '');
  const extension = extname(bare);
  const stem = extension === '' ? bare : bare.slice(0, -extension.length);
  const written = extension.toLowerCase() === '.xlsx' ? '.xlsx' : '.csv';
  return { results: `${stem}.results${written}`, rejects: `${stem}.rejects${written}` };
}

/** What the cells of a column may say, by the column's name in the input. */
export type AllowedByColumn = ReadonlyMap<string, Omit<CellList, 'column'>>;

const rejectStatuses: ReadonlySet<string> = new Set(['invalid', 'rejected', 'failed']);

/**
 * Writes what became of every row of a run, in input order, from the input and the ledger.
 *
 * @param notReached - the outcome to show for rows that the run did not come to
 */
export function writeResults(
  source: RowSource,
  ledger: RunLedger,
  run: string,
  paths: Partial<ResultPaths>,
  notReached: RowOutcome,
  allowed?: AllowedByColumn,
): Promise<ResultsWritten> {
  if (paths.results === undefined && paths.rejects === undefined) return Promise.resolve({});
  return writeResultLines(joinLedger(source, ledger, notReached), source, run, paths, allowed);
}

async function* joinLedger(
  source: RowSource,
  ledger: RunLedger,
  notReached: RowOutcome,
): AsyncIterable<readonly ResultLine[]> {
  for await (const batch of source.batches()) {
    const first = batch[0]?.index ?? 0;
    const known = ledger.outcomesBetween(first, batch.at(-1)?.index ?? first);
    yield batch.map((row) => ({ row, outcome: outcomeOf(known.get(row.index)) ?? notReached }));
  }
}

/** Writes the results, and the rejects when there are any; both appear under their names when whole. */
export async function writeResultLines(
  batches: AsyncIterable<readonly ResultLine[]>,
  source: RowSource,
  run: string,
  paths: Partial<ResultPaths>,
  allowed: AllowedByColumn = new Map(),
): Promise<ResultsWritten> {
  const header = [...resultColumns, ...source.columns];
  const results = paths.results === undefined ? undefined : await beginTable(paths.results, header, source, allowed);
  let rejects: TableWriter | undefined;
  try {
    for await (const batch of batches) {
      reached('during-result-file');
      if (results === undefined && paths.rejects === undefined) continue;
      const lines = batch.map(({ row, outcome }) => ({
        line: toResultRow(row, outcome, run, source.columns),
        rejected: rejectStatuses.has(outcome.status),
      }));
      await results?.write(lines.map(({ line }) => line));
      const rejected = lines.filter((one) => one.rejected).map(({ line }) => line);
      if (rejected.length === 0 || paths.rejects === undefined) continue;
      rejects ??= await beginTable(paths.rejects, header, source, allowed);
      await rejects.write(rejected);
    }
    await rejects?.commit();
    await results?.commit();
  } catch (error) {
    await rejects?.discard();
    await results?.discard();
    throw error;
  }
  return {
    ...(paths.results === undefined ? {} : { results: paths.results }),
    ...(rejects === undefined || paths.rejects === undefined ? {} : { rejects: paths.rejects }),
  };
}

function outcomeOf(known: RowOutcome | 'intent' | undefined): RowOutcome | undefined {
  return known === 'intent' ? interrupted : known;
}

/** What is known of a row whose request may have left and of which nothing more is on record. */
export const interrupted: RowOutcome = {
  status: 'in_doubt',
  attempts: 1,
  errorCode: 'INTERRUPTED',
  message: 'The run was interrupted while this row was being sent, so it is not known whether it arrived.',
};

/** The writers are loaded when there is something to write. */
async function beginTable(
  path: string,
  header: readonly string[],
  source: RowSource,
  allowed: AllowedByColumn,
): Promise<TableWriter> {
  if (extname(path).toLowerCase() !== '.xlsx') {
    const { beginCsv } = await import('#src/files/csv/writer.js');
    return beginCsv(path, header, styleLike(source));
  }
  const lists = source.columns.flatMap((name, index) => {
    const found = allowed.get(name);
    return found === undefined ? [] : [{ ...found, column: resultColumns.length + index }];
  });
  const look = {
    // A mapping that names the sheet of the input finds it here, too, when the file comes back mended.
    name: source.detected.sheet ?? 'Results',
    toneColumn: resultColumns.indexOf('_status'),
    widths: [...resultColumns.map((name) => resultWidths[name]), ...source.columns.map(widthOf)],
    frozenColumns: resultColumns.indexOf('_status') + 1,
    lists,
  };
  const { beginWorkbook } = await import('#src/files/xlsx/writer.js');
  return beginWorkbook(path, look, header);
}

/** In characters: what people read has room, what only a helpdesk wants has not. */
const resultWidths: Readonly<Record<(typeof resultColumns)[number], number>> = {
  _row: 7,
  _status: 11,
  _customerCode: 15,
  _customerId: 12,
  _httpStatus: 11,
  _errorCode: 18,
  _error: 60,
  _errorFields: 16,
  _response: 12,
  _attempts: 10,
  _run: 12,
};

function widthOf(column: string): number {
  return Math.min(30, Math.max(12, column.length + 4));
}

/** As the input was, so that the program that made it opens the results in the same way. */
export function styleLike(source: RowSource): CsvStyle {
  const { delimiter = ',', lineEnd, bom = false, encoding = 'utf-8' } = source.detected;
  const unicode = /^utf-?8$/i.test(encoding) || encoding === 'ascii';
  return { delimiter, lineEnd: lineEnd === 'CRLF' ? '\r\n' : '\n', bom: source.format === 'csv' && (bom || !unicode) };
}
