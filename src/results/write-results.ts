import { extname } from 'node:path';
import type { Issue } from '#pipelines/issue.js';
import { publishMilestone } from '#pipelines/milestones.js';
import { isReject, type Row, type RowOutcome, type RowStatus } from '#pipelines/model.js';
import { resultColumns } from '#pipelines/own-columns.js';
import type { RowSource, RunLedger } from '#pipelines/ports.js';
import { beginTable } from '#src/files/begin-table.js';
import type { FileRights } from '#src/files/file-rights.js';
import type { CellChoices, CellMark, CsvStyle, RowTone, TableColumn, TableRow, TableSink } from '#src/files/table.js';
import { publishBesideEdited, type WrittenFiles } from './keep-edited.js';

/** One line of the result file: the outcome of the row, then the row as it was. */
function toResultRow(row: Row, outcome: RowOutcome, run: string, columns: readonly string[]): TableRow {
  const error = describeError(outcome);
  const cells = [
    String(row.number),
    outcome.status,
    ('customerCode' in outcome ? outcome.customerCode : undefined) ?? '',
    ('customerId' in outcome ? outcome.customerId : undefined) ?? '',
    'httpStatus' in outcome && outcome.httpStatus !== undefined ? String(outcome.httpStatus) : '',
    error.code,
    error.text,
    error.columns.join(', '),
    ('response' in outcome ? outcome.response : undefined) ?? '',
    String(outcome.attempts),
    run,
  ];
  // A row shorter than the header is padded, so that every line has the same columns; a longer one keeps all its cells.
  const missing = Math.max(0, columns.length - row.cells.length);
  return {
    cells: [...cells, ...row.cells, ...Array.from({ length: missing }, () => '')],
    marks: createMarks(error, columns),
    tone: tones[outcome.status],
  };
}

const tones = {
  created: 'good',
  updated: 'good',
  unchanged: 'same',
  deleted: 'good',
  deactivated: 'good',
  invalid: 'fix',
  rejected: 'fix',
  failed: 'fix',
  in_doubt: 'wait',
  skipped: 'same',
  pending: 'wait',
} as const satisfies Record<RowStatus, RowTone>;

interface ErrorText {
  readonly code: string;
  readonly text: string;
  readonly columns: readonly string[];
  readonly reasons: readonly Issue<string>[];
}

function describeError(outcome: RowOutcome): ErrorText {
  switch (outcome.status) {
    case 'invalid':
      return { ...joinReasons(outcome.reasons), reasons: outcome.reasons };
    case 'rejected':
    case 'failed':
    case 'in_doubt': {
      const { errorCode, message, columns = [] } = outcome;
      return {
        code: errorCode,
        text: message,
        columns,
        reasons: [{ severity: 'error', code: errorCode, message, columns }],
      };
    }
    case 'skipped':
    case 'pending':
      return {
        code: outcome.reason.code,
        text: outcome.reason.message,
        columns: outcome.reason.columns ?? [],
        reasons: [],
      };
    case 'created':
    case 'updated':
    case 'deleted':
    case 'deactivated':
    case 'unchanged':
      return { ...joinReasons(outcome.notes ?? []), reasons: [] };
  }
}

/** Between the reasons in one cell: each is a sentence or more. */
const reasonSeparator = ' | ';

function joinReasons(reasons: readonly Issue[]): Omit<ErrorText, 'reasons'> {
  return {
    code: reasons[0]?.code ?? '',
    text: reasons.map((reason) => reason.message).join(reasonSeparator),
    columns: [...new Set(reasons.flatMap((reason) => reason.columns ?? []))],
  };
}

function createMarks(error: ErrorText, columns: readonly string[]): CellMark[] {
  const notes = new Map<number, string[]>();
  for (const reason of error.reasons)
    for (const name of reason.columns ?? []) {
      const column = columns.indexOf(name);
      if (column < 0) continue;
      notes.set(column, [...(notes.get(column) ?? []), reason.message]);
    }
  return [...notes].map(([column, texts]) => ({ column: resultColumns.length + column, note: texts.join('\n') }));
}

export interface ResultPaths {
  readonly results: string;
  readonly rejects: string;
  /** Where rows that wait for a decision go. Runs of older versions have none. */
  readonly review?: string;
  readonly report?: string;
}

export interface ResultsWritten {
  readonly results?: string;
  /** Absent when no row needs fixing. */
  readonly rejects?: string;
  /** Files that kept their names because somebody has edited them. */
  readonly notices: readonly Issue[];
}

/** A row of the input with its outcome. */
export interface ResultLine {
  readonly row: Row;
  readonly outcome: RowOutcome;
}

/** The default places of the files: beside the input, as a workbook for a workbook, else as CSV. */
export function defaultResultPaths(inputPath: string): Required<Omit<ResultPaths, 'report'>> {
  const withoutGz = inputPath.replace(/\.gz$/i, '');
  const extension = extname(withoutGz);
  const stem = extension === '' ? withoutGz : withoutGz.slice(0, -extension.length);
  const written = extension.toLowerCase() === '.xlsx' ? '.xlsx' : '.csv';
  return {
    results: `${stem}.results${written}`,
    rejects: `${nextRejectsName(stem)}${written}`,
    // Only a workbook can offer the decisions. What is left undecided in a review file goes beside it.
    review: `${stem.replace(/\.review(?:-\d+)?$/i, '')}.review.xlsx`,
  };
}

/** The rejects of a rejects file keep its name, with a number: `customers.rejects.2`. */
function nextRejectsName(stem: string): string {
  const [, input = stem, number] = /^(.+)\.rejects(?:-\d+)?(?:\.(\d+))?$/i.exec(stem) ?? [];
  return input === stem ? `${stem}.rejects` : `${input}.rejects.${Number(number ?? 1) + 1}`;
}

/** The values that the cells of a column may have, by the column's name in the input. */
export type ChoicesByColumn = ReadonlyMap<string, CellChoices>;

/** Says what became of a row that the ledger does not know. */
export type NotReached = (row: Row) => RowOutcome;

/** Where results go, and what is known of the files that may be there. */
export interface ResultTargets {
  readonly paths: Partial<ResultPaths>;
  readonly choices?: ChoicesByColumn | undefined;
  /** Without it, files that are there are replaced. */
  readonly written?: WrittenFiles | undefined;
  /** Who may read the files. */
  readonly rights: FileRights;
}

/**
 * Writes the outcome of every row of a run, in input order, from the input and the ledger.
 *
 * @param notReached - the outcome of rows that the run did not reach
 */
export function writeResults(
  source: RowSource,
  ledger: RunLedger,
  run: string,
  targets: ResultTargets,
  notReached: NotReached,
): Promise<ResultsWritten> {
  const { paths } = targets;
  if (paths.results === undefined && paths.rejects === undefined) return Promise.resolve({ notices: [] });
  return writeResultLines(joinLedger(source, ledger, notReached), source, run, targets);
}

async function* joinLedger(
  source: RowSource,
  ledger: RunLedger,
  notReached: NotReached,
): AsyncIterable<readonly ResultLine[]> {
  for await (const batch of source.batches()) yield joinOutcomes(batch, ledger, notReached);
}

/** Rows with their outcomes in the ledger. */
export function joinOutcomes(
  rows: readonly Row[],
  ledger: RunLedger,
  notReached: NotReached = () => interrupted,
): readonly ResultLine[] {
  const first = rows[0]?.index ?? 0;
  const known = ledger.outcomesBetween(first, rows.at(-1)?.index ?? first);
  return rows.map((row) => ({ row, outcome: toOutcome(known.get(row.index)) ?? notReached(row) }));
}

/** Writes the results, and the rejects when there are any; both appear under their names when whole. */
export async function writeResultLines(
  batches: AsyncIterable<readonly ResultLine[]>,
  source: RowSource,
  run: string,
  { paths, choices = new Map(), written, rights }: ResultTargets,
): Promise<ResultsWritten> {
  const results =
    paths.results === undefined ? undefined : await beginResultTable(paths.results, source, choices, { rights });
  let rejects: TableSink | undefined;
  try {
    for await (const batch of batches) {
      publishMilestone('during-result-file');
      if (results === undefined && paths.rejects === undefined) continue;
      const lines = batch.map(({ row, outcome }) => ({
        line: toResultRow(row, outcome, run, source.columns),
        isRejected: isReject(outcome),
      }));
      await results?.write(lines.map(({ line }) => line));
      const rejectLines = lines.filter(({ isRejected }) => isRejected).map(({ line }) => line);
      if (rejectLines.length === 0 || paths.rejects === undefined) continue;
      rejects ??= await beginResultTable(paths.rejects, source, choices, { rights, isEdited: true });
      await rejects.write(rejectLines);
    }
    const publish = async (table: TableSink | undefined, path: string | undefined) =>
      table && path !== undefined ? publishBesideEdited(await table.end(), path, written) : undefined;
    const [publishedRejects, publishedResults] = [
      await publish(rejects, paths.rejects),
      await publish(results, paths.results),
    ];
    return {
      ...(publishedResults === undefined ? {} : { results: publishedResults.path }),
      ...(publishedRejects === undefined ? {} : { rejects: publishedRejects.path }),
      notices: [publishedRejects, publishedResults].flatMap((published) => published?.notices ?? []),
    };
  } catch (error) {
    await rejects?.discard();
    await results?.discard();
    throw error;
  }
}

function toOutcome(known: RowOutcome | 'intent' | undefined): RowOutcome | undefined {
  return known === 'intent' ? interrupted : known;
}

/** The outcome of a row whose request may have been sent and has no answer on record. */
export const interrupted: RowOutcome = {
  status: 'in_doubt',
  attempts: 1,
  errorCode: 'INTERRUPTED',
  message: 'The run was interrupted while this row was being sent, so it is not known whether it arrived.',
};

/** @param isEdited - people will open it in a spreadsheet program, which must recognise its encoding */
function beginResultTable(
  path: string,
  source: RowSource,
  choices: ChoicesByColumn,
  { rights, isEdited = false }: { readonly rights: FileRights; readonly isEdited?: boolean },
): Promise<TableSink> {
  const statusColumn = resultColumns.indexOf('_status');
  const columns: TableColumn[] = [
    ...resultColumns.map((name) => ({ name, width: resultWidths[name] })),
    ...source.columns.map((name) => {
      const found = choices.get(name);
      return { name, width: columnWidth(name), ...(found === undefined ? {} : { choices: found }) };
    }),
  ];
  return beginTable(path, columns, {
    csv: { ...matchInputStyle(source), ...(isEdited ? { bom: true } : {}) },
    sheet: {
      // A mapping that names the sheet of the input also finds it in the corrected result file.
      name: source.detected.sheet ?? 'Results',
      toneColumn: statusColumn,
      frozenColumns: statusColumn + 1,
      fitsPage: true,
    },
    rights,
  });
}

/** In characters: wide for what people read, narrow for what only support staff need. */
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

function columnWidth(column: string): number {
  return Math.min(30, Math.max(12, column.length + 4));
}

/** The style of the input, so that the program that wrote it opens the results in the same way. */
export function matchInputStyle(source: RowSource): Partial<CsvStyle> {
  const { delimiter = ',', lineEnd, bom = false, encoding = 'utf-8' } = source.detected;
  const isUnicode = /^utf-?8$/i.test(encoding) || encoding === 'ascii';
  return {
    delimiter,
    // Cells of a stranger's file, opened by a person who trusts a result file.
    formulas: 'escape',
    lineEnd: lineEnd === 'CRLF' ? '\r\n' : '\n',
    bom: source.format === 'csv' && (bom || !isUnicode),
  };
}
