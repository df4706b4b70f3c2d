import type { Notice } from '../../../pipelines/ports.js';
import { type Cell, textOf } from '../../../pipelines/row.js';

/** Looks out for empty rows, and for totals and notes below the data, while rows go by. */
export interface RowWatch {
  /** @param isBlankLine - whether the row is a line without even a delimiter, which needs no mention */
  emptyRow(row: number, isBlankLine: boolean): void;
  dataRow(row: number, cells: readonly Cell[]): void;
  notices(): readonly Notice[];
}

/** What the first cell of a row of sums says, in the languages of the customers' spreadsheets. */
const totalsCell =
  /^(?:(?:grand|sub)?[ -]?totals?|totaal|totale|totali|totaux|suma|summe|summa|sum|gesamt(?:summe)?|ukupno|общо|всего|итого|σύνολο|合計|総計)[\s\d:=.,()#]*$/iu;

export function createRowWatch(): RowWatch {
  let dataRows = 0;
  let lastRow = 0;
  let lastCells: readonly Cell[] = [];
  let rowsBeforeGap = 0;
  let firstRowAfterGap = 0;
  let gaps = 0;
  let pending = { count: 0, visible: 0 };
  let between = 0;

  const closeGap = (row: number) => {
    if (pending.count === 0) return;
    if (dataRows > 0) {
      gaps += 1;
      if (gaps === 1) [rowsBeforeGap, firstRowAfterGap] = [dataRows, row];
    }
    between += pending.visible;
    pending = { count: 0, visible: 0 };
  };
  return {
    emptyRow(_row, isBlankLine) {
      pending = { count: pending.count + 1, visible: pending.visible + (isBlankLine ? 0 : 1) };
    },
    dataRow(row, cells) {
      if (pending.count > 0) closeGap(row);
      dataRows += 1;
      lastRow = row;
      lastCells = cells;
    },
    notices() {
      const notices: Notice[] = [];
      if (between > 0) notices.push(emptyRows('EMPTY_ROWS_SKIPPED', between, 'between the rows'));
      if (pending.visible > 0) notices.push(emptyRows('TRAILING_EMPTY_ROWS_DROPPED', pending.visible, 'at the end'));
      const rowsAfterGap = dataRows - rowsBeforeGap;
      const firstText = lastCells.map((cell) => textOf(cell).trim()).find((text) => text !== '') ?? '';
      if (totalsCell.test(firstText)) notices.push(totalsRow(lastRow, firstText));
      // Where empty rows are a habit of the file, what follows one says nothing.
      else if (gaps > 0 && (gaps === 1 || rowsAfterGap <= rowsBeforeGap))
        notices.push(rowsAfterEmptyRow(rowsAfterGap, firstRowAfterGap));
      return notices;
    },
  };
}

function emptyRows(code: string, count: number, where: string): Notice {
  return { code, message: `${count} empty ${count === 1 ? 'row' : 'rows'} ${where} left out.` };
}

function totalsRow(row: number, text: string): Notice {
  return {
    code: 'TOTALS_ROW',
    message: `The last row begins with "${text}" and looks like a totals row. If it is no customer, delete it.`,
    row,
  };
}

function rowsAfterEmptyRow(count: number, row: number): Notice {
  return {
    code: 'ROWS_AFTER_EMPTY_ROW',
    message: `${count} ${count === 1 ? 'row follows' : 'rows follow'} an empty row: they look like a totals row or notes. If they are no customers, delete them.`,
    row,
  };
}
