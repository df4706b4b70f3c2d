import type { RowOutcome, RowStatus } from '#pipelines/outcome.js';
import type { Reason, Row } from '#pipelines/row.js';
import type { CellMark, TableRow, Tone } from '#src/files/table-writer.js';

/** The columns that come before the input's own. */
export const resultColumns = [
  '_row',
  '_status',
  '_customerCode',
  '_customerId',
  '_httpStatus',
  '_errorCode',
  '_error',
  '_errorFields',
  '_response',
  '_attempts',
  '_run',
] as const;

/** One line of the result file: what became of the row, then the row as it was. */
export function toResultRow(row: Row, outcome: RowOutcome, run: string, columns: readonly string[]): TableRow {
  const error = errorOf(outcome);
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
  // A row shorter than the header is padded, so that every line has the same cells; a longer one keeps them all.
  const missing = Math.max(0, columns.length - row.cells.length);
  return {
    cells: [...cells, ...row.cells, ...Array.from({ length: missing }, () => '')],
    marks: marksOf(error, columns),
    tone: tones[outcome.status],
  };
}

const tones = {
  created: 'good',
  updated: 'good',
  unchanged: 'same',
  deleted: 'good',
  deactivated: 'good',
  invalid: 'mend',
  rejected: 'mend',
  failed: 'mend',
  in_doubt: 'wait',
  skipped: 'same',
} as const satisfies Record<RowStatus, Tone>;

interface ErrorText {
  readonly code: string;
  readonly text: string;
  readonly columns: readonly string[];
  readonly reasons: readonly Reason[];
}

function errorOf(outcome: RowOutcome): ErrorText {
  switch (outcome.status) {
    case 'invalid':
      return { ...together(outcome.reasons), reasons: outcome.reasons };
    case 'rejected':
    case 'failed':
    case 'in_doubt': {
      const { errorCode, message, columns = [] } = outcome;
      return { code: errorCode, text: message, columns, reasons: [{ code: errorCode, message, columns }] };
    }
    case 'skipped':
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
      return { ...together(outcome.notes ?? []), reasons: [] };
    case 'unchanged':
      return { code: '', text: '', columns: [], reasons: [] };
  }
}

function together(reasons: readonly Reason[]): Omit<ErrorText, 'reasons'> {
  return {
    code: reasons[0]?.code ?? '',
    text: reasons.map((reason) => reason.message).join(' '),
    columns: [...new Set(reasons.flatMap((reason) => reason.columns ?? []))],
  };
}

function marksOf(error: ErrorText, columns: readonly string[]): CellMark[] {
  const notes = new Map<number, string[]>();
  for (const reason of error.reasons)
    for (const name of reason.columns ?? []) {
      const column = columns.indexOf(name);
      if (column < 0) continue;
      notes.set(column, [...(notes.get(column) ?? []), reason.message]);
    }
  return [...notes].map(([column, texts]) => ({ column: resultColumns.length + column, note: texts.join('\n') }));
}
