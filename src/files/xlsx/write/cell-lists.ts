import type { stream } from 'exceljs';
import { toExcelText } from './cell-values.js';

/** What the cells of a column may say, as a drop-down. */
export interface CellList {
  /** From 0. */
  readonly column: number;
  readonly texts: readonly string[];
  /** Nothing else can be typed. */
  readonly isStrict: boolean;
}

type Workbook = stream.xlsx.WorkbookWriter;
type Sheet = ReturnType<Workbook['addWorksheet']>;

const listSheetName = 'Lists';
/** Excel takes a list in the cell itself up to 255 characters, and no commas in it. */
const maxInlineListLength = 250;

/** Adds the drop-downs to the rows below the header; to be called before the sheet is committed. */
export function addCellLists(sheet: Sheet, lists: readonly CellList[], lastRow: number): void {
  lists.forEach((list, index) => {
    const letter = sheet.getColumn(list.column + 1).letter;
    // The types of exceljs leave out that a range will do.
    const { dataValidations } = sheet as unknown as { dataValidations: { add(range: string, check: object): void } };
    dataValidations.add(`${letter}2:${letter}${lastRow}`, {
      type: 'list',
      allowBlank: true,
      formulae: [isInline(list) ? `"${list.texts.join(',')}"` : listRange(list, index)],
      showErrorMessage: true,
      errorStyle: list.isStrict ? 'stop' : 'warning',
      errorTitle: 'Not in the mapping',
      error: list.isStrict ? 'The mapping knows only the texts of the list.' : 'The mapping does not list this text.',
    });
  });
}

/** Puts long lists on a hidden sheet of their own; to be called after the first sheet was committed. */
export function addListSheet(workbook: Workbook, lists: readonly CellList[]): void {
  if (lists.every(isInline)) return;
  const sheet = workbook.addWorksheet(listSheetName, { state: 'hidden' });
  const longest = Math.max(...lists.map(({ texts }) => texts.length));
  for (let row = 0; row < longest; row += 1)
    sheet.addRow(lists.map((list) => (isInline(list) ? '' : toExcelText(list.texts[row] ?? '')))).commit();
  sheet.commit();
}

function isInline({ texts }: CellList): boolean {
  return texts.join(',').length <= maxInlineListLength && !texts.some((text) => /[",]/.test(text));
}

function listRange({ texts }: CellList, index: number): string {
  const letter = columnLetter(index);
  return `${listSheetName}!$${letter}$1:$${letter}$${texts.length}`;
}

function columnLetter(index: number): string {
  const letters = 26;
  const last = String.fromCharCode(65 + (index % letters));
  return index < letters ? last : columnLetter(Math.floor(index / letters) - 1) + last;
}
