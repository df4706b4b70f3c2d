import { extname } from 'node:path';
import { reached } from '../../pipelines/milestones.js';
import type { RowOutcome } from '../../pipelines/outcome.js';
import type { LedgerRow, RowSource, RunLedger } from '../../pipelines/ports.js';
import type { Row } from '../../pipelines/row.js';
import { beginCsv, type CsvStyle } from '../files/csv/writer.js';
import type { TableRow, TableWriter } from '../files/table-writer.js';
import { beginWorkbook } from '../files/xlsx/writer.js';
import { resultColumns, toResultRow } from './result-row.js';

export interface ResultPaths {
  readonly results: string;
  readonly rejects: string;
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
): Promise<ResultsWritten> {
  if (paths.results === undefined && paths.rejects === undefined) return Promise.resolve({});
  return writeResultLines(joinLedger(source, ledger, notReached), source, run, paths);
}

async function* joinLedger(
  source: RowSource,
  ledger: RunLedger,
  notReached: RowOutcome,
): AsyncIterable<readonly ResultLine[]> {
  for await (const batch of source.batches()) {
    const first = batch[0]?.index ?? 0;
    const known = ledger.rowsBetween(first, batch.at(-1)?.index ?? first);
    yield batch.map((row) => ({ row, outcome: outcomeOf(known.get(row.index)) ?? notReached }));
  }
}

/** Writes the results, and the rejects when there are any; both appear under their names when whole. */
export async function writeResultLines(
  batches: AsyncIterable<readonly ResultLine[]>,
  source: RowSource,
  run: string,
  paths: Partial<ResultPaths>,
): Promise<ResultsWritten> {
  const header = [...resultColumns, ...source.columns];
  const results = paths.results === undefined ? undefined : await beginTable(paths.results, header, source);
  let rejects: TableWriter | undefined;
  try {
    for await (const batch of batches) {
      reached('during-result-file');
      if (results === undefined && paths.rejects === undefined) continue;
      const lines = batch.map(({ row, outcome }) => ({
        line: toResultRow(row, outcome, run, source.columns),
        rejected: rejectStatuses.has(outcome.status),
      }));
      await results?.write(lines.map(({ line }) => withoutMarks(line)));
      const rejected = lines.filter((one) => one.rejected).map(({ line }) => line);
      if (rejected.length === 0 || paths.rejects === undefined) continue;
      rejects ??= await beginTable(paths.rejects, header, source);
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

/** The colours of mending belong into the file that is to be mended. */
function withoutMarks(line: TableRow): TableRow {
  return { cells: line.cells };
}

function outcomeOf(row: LedgerRow | undefined): RowOutcome | undefined {
  if (row === undefined) return undefined;
  if (row.state !== 'intent') return row.outcome;
  return {
    status: 'in_doubt',
    attempts: 1,
    errorCode: 'INTERRUPTED',
    message: 'The run was interrupted while this row was being sent, so it is not known whether it arrived.',
  };
}

function beginTable(path: string, header: readonly string[], source: RowSource): Promise<TableWriter> {
  if (extname(path).toLowerCase() === '.xlsx') return beginWorkbook(path, 'Results', header);
  return beginCsv(path, header, styleLike(source));
}

/** As the input was, so that the program that made it opens the results in the same way. */
export function styleLike(source: RowSource): CsvStyle {
  const { delimiter = ',', lineEnd, bom = false, encoding = 'utf-8' } = source.detected;
  const unicode = /^utf-?8$/i.test(encoding) || encoding === 'ascii';
  return { delimiter, lineEnd: lineEnd === 'CRLF' ? '\r\n' : '\n', bom: source.format === 'csv' && (bom || !unicode) };
}
