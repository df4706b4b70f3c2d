import type { Cell, TypedCell } from '#pipelines/row.js';
import { decodeEscapes } from './cell-escapes.js';
import { type CivilDate, civilFromIso, civilFromSerial } from './civil-date.js';
import type { NumberFormat } from './number-format.js';
import { digitsText, generalText } from './plain-number.js';
import type { StoredCell } from './sheet-events.js';
import type { CellFormats } from './styles-part.js';

/** What cells refer to. */
export interface CellContext {
  readonly formats: CellFormats;
  readonly isDate1904: boolean;
  readonly sharedTextAt: (index: number) => string | undefined;
}

/** Decodes stored cells; `''` stands for a cell without content. */
export type CellDecoder = (cell: Readonly<StoredCell>) => Cell;

/** What the error values of formulas mean, for people who do not write formulas. */
const errorMeanings: Readonly<Record<string, string>> = {
  '#N/A': 'a look-up found nothing',
  '#REF!': 'the formula refers to cells that were deleted',
  '#DIV/0!': 'the formula divides by zero',
  '#VALUE!': 'the formula got a value of the wrong kind',
  '#NAME?': 'the formula uses a name that does not exist',
  '#NUM!': 'the formula has no result that is a number',
  '#NULL!': 'the formula refers to cells that have nothing in common',
  '#SPILL!': 'there was no room for the results of the formula',
};

const neverCalculated =
  'The formula was never calculated, so the file holds no value. Open the file in Excel, save it, and try again.';

const general: NumberFormat = { kind: 'general' };
const plainInteger = /^(?:0|-?[1-9]\d{0,14})$/;
const decimalNumber = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?\s*$/i;

/** Makes the one total function from what a workbook stores to what the pipeline knows. */
export function makeCellDecoder(context: CellContext): CellDecoder {
  const decoders: Readonly<Record<string, CellDecoder>> = {
    s: ({ value }) => sharedCell(value ?? '', context),
    '': (cell) => numberOrNothing(cell, context),
    n: (cell) => numberOrNothing(cell, context),
    str: ({ value, formula }) =>
      value === undefined && formula !== undefined ? uncalculated(formula) : textCell(value),
    inlineStr: ({ inline, value }) => textCell(inline ?? value),
    b: ({ value, formula }) => booleanCell(value, formula),
    e: ({ value }) => errorCell(value),
    d: (cell) => isoCell(cell, context),
  };
  return (cell) => {
    const decode = Object.hasOwn(decoders, cell.type) ? decoders[cell.type] : undefined;
    if (decode !== undefined) return decode(cell);
    return broken(cell.value ?? '', `The cell has a type (“${cell.type}”) that workbooks do not know.`);
  };
}

function textCell(text: string | undefined): string {
  return text === undefined ? '' : decodeEscapes(text);
}

function sharedCell(value: string, context: CellContext): Cell {
  const text = value === '' ? '' : context.sharedTextAt(Number(value));
  return text ?? broken(value, `The cell refers to text ${value}, which the file does not hold: the file is damaged.`);
}

function numberOrNothing(cell: Readonly<StoredCell>, context: CellContext): Cell {
  const { value = '', formula, inline } = cell;
  if (value === '') {
    if (inline !== undefined) return textCell(inline);
    return formula === undefined ? '' : uncalculated(formula);
  }
  return numberCell(value, context.formats[cell.style] ?? general, context.isDate1904);
}

function numberCell(stored: string, format: NumberFormat, isDate1904: boolean): Cell {
  if (format.kind === 'general' && plainInteger.test(stored))
    return { kind: 'number', text: stored, value: Number(stored) };
  const value = decimalNumber.test(stored) ? Number(stored) : Number.NaN;
  if (!Number.isFinite(value)) return broken(stored, `The file says that “${stored}” is a number, and it is none.`);
  switch (format.kind) {
    case 'general':
      return { kind: 'number', text: generalText(value, stored.trim()), value };
    case 'digits': {
      const text = digitsText(value, stored.trim(), format.integerDigits, format.decimals);
      return { kind: 'number', text, value, format: format.code };
    }
    case 'date':
      return dateCell(civilFromSerial(value, format.shows, isDate1904), stored, format.code);
    case 'text':
      return { kind: 'number', text: generalText(value, stored.trim()), value, format: format.code };
    case 'other':
      return { kind: 'number', text: generalText(value, stored.trim()), value, format: format.code };
  }
}

function dateCell(date: CivilDate, stored: string, code: string | undefined): TypedCell {
  if ('reason' in date) return broken(stored, `The value ${stored} ${date.reason}. Enter the date again.`);
  return { kind: 'date', text: date.text, ...(code === undefined ? {} : { format: code }) };
}

function isoCell(cell: Readonly<StoredCell>, context: CellContext): Cell {
  const { value = '', formula, style } = cell;
  if (value === '') return formula === undefined ? '' : uncalculated(formula);
  const format = context.formats[style];
  const dated = format?.kind === 'date' ? format : undefined;
  return dateCell(civilFromIso(value, dated?.shows), value, dated?.code);
}

function booleanCell(value: string | undefined, formula: string | undefined): Cell {
  if (value === undefined || value === '') return formula === undefined ? '' : uncalculated(formula);
  const flag = /^\s*(?:(1|true)|0|false)\s*$/i.exec(value);
  if (flag === null) return broken(value, `The file says that “${value}” is yes or no, and it is neither.`);
  return flag[1] === undefined
    ? { kind: 'boolean', text: 'FALSE', value: false }
    : { kind: 'boolean', text: 'TRUE', value: true };
}

function errorCell(value = ''): TypedCell {
  const meaning = errorMeanings[value] ?? 'the formula failed';
  return broken(value, `The cell shows the error ${value}: ${meaning}. Mend the formula, or type the value itself.`);
}

function uncalculated(formula: string): TypedCell {
  return broken(formula === '' ? '=' : `=${formula}`, neverCalculated);
}

function broken(text: string, reason: string): TypedCell {
  return { kind: 'error', text, reason };
}
