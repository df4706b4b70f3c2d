import type { CellFailure } from '#pipelines/mapping/cells.js';
import { type CellType, defineCellType } from './cell-type.js';
import { isDigitAt } from './number.js';

/** How a spreadsheet shortens a long number; its last digits are lost for good. */
const shortenedNumber = /^-?\d(?:[.,]\d+)?E\+\d+$/i;

/** Workbooks keep 15 digits of a number; an identifier of 16 has lost its last one. */
const firstRoundedInteger = 1e15;

const rounded: CellFailure = {
  code: 'NUMBER_DAMAGED',
  says: 'has more digits than a workbook stores in a number; format the column as text and enter the digits again',
};

const textCells: CellType = {
  fromText(text) {
    // Few texts end with a digit, and hardly any has a plus: testing that costs far less than the pattern.
    if (!isDigitAt(text, text.length - 1) || !text.includes('+') || !shortenedNumber.test(text)) return text;
    return {
      code: 'NUMBER_DAMAGED',
      says: 'is a number that a spreadsheet program has shortened; format the column as text and enter the digits again',
    };
  },
  fromTyped: (cell) => (cell.kind === 'number' && Math.abs(cell.value) >= firstRoundedInteger ? rounded : undefined),
  toCell: String,
};

/** Text as it is: the type of every cell for which the mapping names none. */
export const stringType = defineCellType({
  fieldTypes: ['string'],
  options: {},
  readRule: () => ({ name: 'string' as const }),
  create: () => textCells,
});
