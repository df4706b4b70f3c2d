import type { Code } from '#pipelines/codes.js';
import { formatCount } from '#pipelines/format-count.js';
import type { Issue } from '#pipelines/issue.js';
import { type Cell, cellToText, type Row, type RowOutcome } from '#pipelines/model.js';
import { findSpreadsheetForm, looksSpreadsheetMade } from '#pipelines/quality/spreadsheet-forms.js';
import { splitKey } from './keys.js';

/** What is known of a row that was imported before and comes back in a file that this program wrote. */
export interface EarlierRow {
  /** The row's cells as they were read, by column; kept only for rows that had to be fixed. */
  readonly cells?: ReadonlyMap<string, Cell>;
  readonly key?: string;
  readonly outcome?: RowOutcome;
  /** Whether it was mapped in the same way as now. */
  readonly hasSameMapping: boolean;
}

/** The rows of earlier runs. */
export interface EarlierRows {
  /** @returns `undefined` for a run that is not known here */
  find(run: string, row: number): EarlierRow | undefined;
  hasRun(run: string): boolean;
}

export interface ReturnedRowsOptions {
  /** Of the file that comes back. */
  readonly columns: readonly string[];
  /** The columns that the key is made of. */
  readonly keyColumns: readonly string[];
  readonly earlier: EarlierRows;
  /** Whether rows for the same customer are sent one after the other. */
  readonly allowsRepeats: boolean;
}

/**
 * Puts back what a spreadsheet program has made of cells that nobody had to fix: `2` is `0002` again. A key that it has
 * changed beyond recognition ends its row. A row that comes back as it was has the outcome that it had, where the row
 * alone would not show why.
 */
export class ReturnedRows {
  readonly #options: ReturnedRowsOptions;
  readonly #putBack = new Map<string, { count: number; row: number; from: string; to: string }>();
  readonly #unknownRuns = new Set<string>();
  #lastIndex = -1;

  constructor(options: ReturnedRowsOptions) {
    this.#options = options;
  }

  adopt(rows: readonly Row[]): readonly Row[] {
    return rows.map((row) => {
      const adopted = row.origin === undefined ? row : this.#adoptRow(row, row.origin);
      this.#lastIndex = Math.max(this.#lastIndex, row.index);
      return adopted;
    });
  }

  /** For the file as a whole: one for each column, whatever the number of its cells. */
  notices(): readonly Issue[] {
    return [...[...this.#putBack].map(describePutBack), ...[...this.#unknownRuns].map(describeUnknownRun)];
  }

  #adoptRow(row: Row, origin: NonNullable<Row['origin']>): Row {
    const { earlier } = this.#options;
    const known = earlier.find(origin.run, origin.row);
    if (known === undefined) {
      if (!earlier.hasRun(origin.run)) this.#unknownRuns.add(origin.run);
      return row;
    }
    const { cells, issues } = this.#restoreCells(row, known);
    const restored = { ...row, cells };
    const same = issues.length > 0 ? issues : this.#findSameReasons(restored, known);
    return same.length === 0 ? restored : { ...restored, issues: [...(row.issues ?? []), ...same] };
  }

  #restoreCells(row: Row, known: EarlierRow): { readonly cells: readonly Cell[]; readonly issues: readonly Issue[] } {
    const fixed = listErrorColumns(known.outcome);
    const issues: Issue[] = [];
    const cells = row.cells.map((cell, place) => {
      const column = this.#options.columns[place];
      const before = column === undefined ? undefined : this.#findCell(column, known);
      if (column === undefined || before === undefined || fixed.has(column)) return cell;
      const [from, to] = [cellToText(cell), cellToText(before)];
      if (from === to) return cell;
      if (findSpreadsheetForm(to, from) !== undefined) {
        this.#notePutBack(row, column, from, to);
        return before;
      }
      if (this.#options.keyColumns.includes(column) && isDamagedKey(to, from))
        issues.push(describeChangedKey(column, from, to));
      return cell;
    });
    return { cells, issues };
  }

  /** What stood in a cell; of a row that had not to be fixed, only its key is known. */
  #findCell(column: string, { cells, key }: EarlierRow): Cell | undefined {
    if (cells !== undefined) return cells.get(column);
    const { keyColumns } = this.#options;
    return key !== undefined && keyColumns.length === 1 && keyColumns[0] === column ? splitKey(key).key : undefined;
  }

  /** A file is read more than once; its cells are counted once. */
  #notePutBack(row: Row, column: string, from: string, to: string): void {
    if (row.index <= this.#lastIndex) return;
    const known = this.#putBack.get(column);
    this.#putBack.set(
      column,
      known === undefined ? { count: 1, row: row.number, from, to } : { ...known, count: known.count + 1 },
    );
  }

  #findSameReasons(row: Row, { outcome, cells, hasSameMapping }: EarlierRow): readonly Issue[] {
    if (outcome?.status !== 'invalid' || cells === undefined) return [];
    const { columns, allowsRepeats } = this.#options;
    const isUnchanged = (column: string) => {
      const place = columns.indexOf(column);
      return place < 0 || cellToText(row.cells[place]) === cellToText(cells.get(column) ?? '');
    };
    const reasons = outcome.reasons.filter(({ code, columns: wrong = [] }) => {
      if (wholeRowCodes.has(code)) return columns.every(isUnchanged);
      // The other row is in another file: as long as the key is the same, this one would overwrite its customer.
      return repeatCodes.has(code) && !allowsRepeats && hasSameMapping && wrong.every(isUnchanged);
    });
    return reasons;
  }
}

/** What was wrong with the row in its own file, and does not show in a file that this program has written. */
const wholeRowCodes: ReadonlySet<Code> = new Set(['NUL_CHARACTER', 'OPEN_QUOTE', 'RAGGED_ROW', 'STRAY_QUOTE']);

const repeatCodes: ReadonlySet<Code> = new Set(['KEY_REPEATED', 'CODE_REPEATED', 'MATCH_REPEATED']);

function listErrorColumns(outcome: RowOutcome | undefined): ReadonlySet<string> {
  switch (outcome?.status) {
    case 'invalid':
      return new Set(outcome.reasons.flatMap(({ columns = [] }) => columns));
    case 'rejected':
    case 'failed':
      return new Set(outcome.columns ?? []);
    default:
      return new Set();
  }
}

/** Whether a key that is no form of the old one may still be damaged: a person types no exponents and keeps the zeros. */
function isDamagedKey(before: string, after: string): boolean {
  if (looksSpreadsheetMade(after)) return true;
  return /^0\d+$/.test(before) && /^[1-9]\d*$/.test(after) && after.length < before.length;
}

function describeChangedKey(column: string, from: string, to: string): Issue {
  return {
    severity: 'error',
    code: 'CHANGED_BY_SPREADSHEET',
    message: `The key "${to}" is now "${from}", which looks like the work of a spreadsheet program, not like an edit. Type it again, as text.`,
    columns: [column],
    value: from,
  };
}

function describePutBack([column, { count, row, from, to }]: [
  string,
  { readonly count: number; readonly row: number; readonly from: string; readonly to: string },
]): Issue {
  const cells = count === 1 ? '1 cell was' : `${formatCount(count, 'cell')} were`;
  return {
    severity: 'warning',
    code: 'CELLS_PUT_BACK',
    message: `${cells} changed by a spreadsheet program when the file was saved, and put back: "${from}" is "${to}" (row ${row}).`,
    columns: [column],
  };
}

function describeUnknownRun(run: string): Issue {
  return {
    severity: 'warning',
    code: 'RETURNED_FROM_ELSEWHERE',
    message: `The rows come from run ${run}, which this state folder does not know: cells that a spreadsheet program has changed cannot be put back. Import the file where that run was made.`,
  };
}
