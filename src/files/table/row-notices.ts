import type { Code } from '#pipelines/codes.js';
import { formatCount } from '#pipelines/format-count.js';
import type { Issue } from '#pipelines/issue.js';
import { type Cell, cellToText } from '#pipelines/model.js';

/** Looks out for empty rows, and for totals and notes below the data, while rows go by. Blank lines need no mention. */
export interface RowNotices {
  /** @param isBlankLine - whether not even a delimiter stands on the line */
  emptyRow(isBlankLine: boolean): void;
  /** @returns whether only rows of a single cell stand between this one, which has no more, and an empty row */
  dataRow(row: number, cells: readonly Cell[]): boolean;
  /** A row of another list in the same file, which is not read. */
  otherListRow(row: number): void;
  notices(): readonly Issue[];
}

/** What the first cell of a row of sums says, in the languages of the customers' spreadsheets. */
const totalsPattern =
  /^(?:(?:grand|sub)?[ -]?totals?|totaal|totale|totali|totaux|suma|summe|summa|sum|gesamt(?:summe)?|ukupno|общо|всего|итого|σύνολο|合計|総計)[\s\d:=.,()#]*$/iu;

export function createRowNotices(): RowNotices {
  let dataRows = 0;
  let lastRow = 0;
  let lastCells: readonly Cell[] = [];
  const gaps = { count: 0, rowsBefore: 0, rowAfter: 0 };
  let isAfterGap = false;
  const empty = { between: 0, pending: 0, isGap: false };

  const otherList = { count: 0, first: 0 };

  const closeGap = (row: number) => {
    if (dataRows > 0) {
      gaps.count += 1;
      if (gaps.count === 1) [gaps.rowsBefore, gaps.rowAfter] = [dataRows, row];
    }
    empty.between += empty.pending;
    empty.pending = 0;
    empty.isGap = false;
  };
  return {
    emptyRow(isBlankLine) {
      empty.isGap = true;
      if (!isBlankLine) empty.pending += 1;
    },
    dataRow(row, cells) {
      if (empty.isGap) {
        closeGap(row);
        isAfterGap = dataRows > 0;
      }
      if (isAfterGap && countFilled(cells) > 1) isAfterGap = false;
      dataRows += 1;
      lastRow = row;
      lastCells = cells;
      return isAfterGap;
    },
    otherListRow(row) {
      otherList.count += 1;
      otherList.first ||= row;
    },
    notices: () => [
      ...createOtherListNotice(otherList.count, otherList.first),
      ...createEmptyRowsNotice('EMPTY_ROWS_SKIPPED', empty.between, 'between other rows'),
      ...createEmptyRowsNotice('TRAILING_EMPTY_ROWS_DROPPED', empty.pending, 'at the end'),
      ...findRowsBelow(lastRow, lastCells, gaps, dataRows),
    ],
  };
}

function createOtherListNotice(count: number, row: number): Issue[] {
  if (count === 0) return [];
  const message = `${formatCount(count, 'row')} of other lists ${count === 1 ? 'was' : 'were'} not read, the first is row ${row}.`;
  return [{ severity: 'warning', code: 'OTHER_LISTS', message, row }];
}

function countFilled(cells: readonly Cell[]): number {
  return cells.reduce((count, cell) => (cellToText(cell).trim() === '' ? count : count + 1), 0);
}

/** Empty rows that have data rows on both sides. */
interface Gaps {
  readonly count: number;
  readonly rowsBefore: number;
  readonly rowAfter: number;
}

function findRowsBelow(lastRow: number, lastCells: readonly Cell[], gaps: Gaps, dataRows: number): Issue[] {
  const firstText = lastCells.map((cell) => cellToText(cell).trim()).find((text) => text !== '') ?? '';
  if (totalsPattern.test(firstText)) return [createTotalsNotice(lastRow, firstText)];
  const rowsAfter = dataRows - gaps.rowsBefore;
  // Where empty rows are a habit of the file, what follows one says nothing.
  const isRemarkable = gaps.count === 1 || (gaps.count > 1 && rowsAfter <= gaps.rowsBefore);
  return isRemarkable ? [createRowsAfterGapNotice(rowsAfter, gaps.rowAfter)] : [];
}

function createEmptyRowsNotice(code: Code, count: number, where: string): Issue[] {
  if (count === 0) return [];
  return [
    {
      severity: 'warning',
      code,
      message: `${count} empty ${count === 1 ? 'row' : 'rows'} ${where} ${count === 1 ? 'was' : 'were'} ignored.`,
    },
  ];
}

function createTotalsNotice(row: number, text: string): Issue {
  return {
    severity: 'warning',
    code: 'TOTALS_ROW',
    message: `The last row begins with "${text}" and looks like a totals row. If it is not a customer, delete it.`,
    row,
  };
}

function createRowsAfterGapNotice(count: number, row: number): Issue {
  return {
    severity: 'warning',
    code: 'ROWS_AFTER_EMPTY_ROW',
    message: `${count} ${count === 1 ? 'row follows' : 'rows follow'} an empty row: they look like a totals row or notes. If they are not customers, delete them.`,
    row,
  };
}
