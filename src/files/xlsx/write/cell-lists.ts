import type { Workbook, Worksheet } from 'exceljs';
import { columnLetters } from '#src/files/xlsx/cell-reference.js';
import { encodeCellText } from './cell-values.js';

const listSheetName = 'Lists';
/** Excel takes a list in the formula itself up to 255 characters, and no commas or quotation marks in its texts. */
const maxInlineListLength = 250;

/** The lists of a workbook's drop-downs; those that are too long for a formula go to a hidden sheet. */
export class CellLists {
  readonly #columns: (readonly string[])[] = [];

  /** The formula that names the texts, for a validation. */
  formulaFor(texts: readonly string[]): string {
    const inline = texts.join(',');
    if (inline.length <= maxInlineListLength && !texts.some((text) => /[",]/.test(text))) return `"${inline}"`;
    const index = this.#columns.indexOf(texts);
    const letters = columnLetters(index < 0 ? this.#columns.push(texts) : index + 1);
    return `${listSheetName}!$${letters}$1:$${letters}$${texts.length}`;
  }

  /** Adds the hidden sheet, when a list needs it; the last sheet of the workbook. */
  addSheet(workbook: Workbook): void {
    if (this.#columns.length === 0) return;
    const sheet = workbook.addWorksheet(listSheetName, { state: 'hidden' });
    const rows = Math.max(...this.#columns.map((texts) => texts.length));
    for (let row = 0; row < rows; row += 1)
      sheet.addRow(this.#columns.map((texts) => encodeCellText(texts[row] ?? ''))).commit();
  }
}

/** Checks the cells of a range, such as `B2:B5000`, while somebody types. */
export function addValidation(sheet: Worksheet, range: string, validation: object): void {
  sheet.dataValidations.add(range, validation);
}

declare module 'exceljs' {
  interface Worksheet {
    /**
     * The typings of exceljs leave this out. Its documented `cell.dataValidation` would need an entry for every cell, and
     * the ranges that exceljs makes of those overlap from row 10 on.
     */
    readonly dataValidations: { add(range: string, validation: object): void };
  }
}
