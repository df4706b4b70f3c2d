import { isDigitAt } from '#pipelines/digits.js';
import type { CellFailure } from '#pipelines/mapping/cells.js';
import type { CellType } from './cell-type.js';

/** What a spreadsheet makes of a long number: the last digits are gone for good. */
const shortenedNumber = /^-?\d(?:[.,]\d+)?E\+\d+$/i;

/** Workbooks keep 15 digits of a number; an identifier of 16 has lost its last one. */
const firstRoundedInteger = 1e15;

const rounded: CellFailure = {
  code: 'NUMBER_DAMAGED',
  says: 'has more digits than a workbook keeps in a number; format the column as text and enter the digits again',
};

/** Text as it stands. The fallback type of every cell. */
export const stringType: CellType = {
  fromText(text) {
    // Few texts end with a digit, and nearly none holds a plus: looking for them costs far less than the pattern.
    if (!isDigitAt(text, text.length - 1) || !text.includes('+') || !shortenedNumber.test(text)) return text;
    return {
      code: 'NUMBER_DAMAGED',
      says: 'is a number that a spreadsheet program shortened; format the column as text and enter the digits again',
    };
  },
  fromTyped: (cell) => (cell.kind === 'number' && Math.abs(cell.value) >= firstRoundedInteger ? rounded : undefined),
  toCell: String,
};
