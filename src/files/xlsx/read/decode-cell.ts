import type { Cell, TypedCell } from '#pipelines/model.js';
import { type CellFormats, type DateParts, type NumberFormat, showNumber } from './number-formats.js';
import type { StoredCell } from './read-sheet.js';
import { decodeEscapes } from './xml-parser.js';

/** Excel calculates with and shows 15 significant digits; a double has up to 17. */
const significantDigits = 15;
/** Larger numbers are written with an exponent: they are no identifiers. */
const exponentFrom = 1e21;
const smallestPlain = 1e-12;

/**
 * The text of a number in the format General: up to 15 significant digits, and no exponent where a person expects
 * digits. Whole numbers with more digits keep the text of the file, so that lost digits are detected.
 */
function formatGeneral(value: number, stored: string): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= exponentFrom || size < smallestPlain) return formatExponent(value);
  if (Number.isInteger(value)) return size < 1e15 ? String(value) : expandExponent(stored);
  const shortest = String(value);
  const digits = shortest.length <= significantDigits ? shortest : String(Number(value.toPrecision(significantDigits)));
  return digits.includes('e') ? expandExponent(digits) : digits;
}

/** The text of a number in a format of digits only, such as `0`, `00000`, `0.00`; halves round away from zero. */
function formatDigits(value: number, stored: string, integerDigits: number, decimals: number): string {
  if (Math.abs(value) >= 1e15) return formatGeneral(value, stored);
  const [whole = '', fraction = ''] = expandExponent(Math.abs(value).toPrecision(significantDigits)).split('.');
  const kept = whole + fraction.slice(0, decimals).padEnd(decimals, '0');
  const rounded = (fraction.charCodeAt(decimals) >= 0x35 ? String(BigInt(kept) + 1n) : kept).replace(/^0+/, '');
  const padded = rounded.padStart(integerDigits + decimals, '0');
  const split = padded.length - decimals;
  const sign = value < 0 && rounded !== '' ? '-' : '';
  return sign + padded.slice(0, split) + (decimals > 0 ? `.${padded.slice(split)}` : '');
}

/** Writes `1.5e-7` or `1.2E+19` out in full, without rounding. */
function expandExponent(text: string): string {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const point = whole.length + Number(exponent);
  const digits = (whole + fraction).padEnd(point, '0');
  const left = point > 0 ? digits.slice(0, point) : '';
  const right = (point > 0 ? digits.slice(point) : digits.padStart(digits.length - point, '0')).replace(/0+$/, '');
  return `${sign === '-' ? '-' : ''}${left.replace(/^0+(?=\d)/, '') || '0'}${right === '' ? '' : `.${right}`}`;
}

/** `1E+21`, `1.5E-13`: at least two digits of exponent. */
function formatExponent(value: number): string {
  const [mantissa = '', exponent = ''] = Number(value.toPrecision(significantDigits)).toExponential().split('e');
  return `${mantissa}E${exponent[0] ?? '+'}${exponent.slice(1).padStart(2, '0')}`;
}

/** A date or time without a zone as text, or why the value is not one. */
type CivilDate = { readonly text: string } | { readonly reason: string };

const secondsPerDay = 86_400;
/** 31 December 9999, the last day of Excel's calendar. */
const lastDay = { from1900: 2_958_465, from1904: 2_957_003 } as const;
/** Days from 1970-01-01 back to the day with the number 0. */
const dayZero = { from1900: 25_569, from1904: 24_107 } as const;

/**
 * A serial number as the civil date that Excel shows, with no zone anywhere. Seconds are rounded, as Excel's are.
 * The time of day is there even if the format hides it. The year 1900 follows Excel, whose calendar has a
 * 29 February 1900 (number 60) that did not exist.
 */
export function parseSerialDate(serial: number, shows: DateParts, isDate1904: boolean): CivilDate {
  const seconds = Math.round(serial * secondsPerDay);
  if (seconds < 0) return { reason: 'is shown as a date, but is below zero' };
  if (shows === 'elapsed') return { text: formatTime(seconds) };
  const day = Math.floor(seconds / secondsPerDay);
  const secondOfDay = seconds - day * secondsPerDay;
  const time = formatTime(secondOfDay);
  if (day === 0 && (shows === 'time' || (secondOfDay > 0 && !isDate1904))) return { text: time };
  const date = isDate1904 ? dateFrom1904(day) : dateFrom1900(day);
  if ('reason' in date) return date;
  return { text: secondOfDay > 0 || shows === 'datetime' ? `${date.text}T${time}` : date.text };
}

function dateFrom1904(day: number): CivilDate {
  if (day > lastDay.from1904) return { reason: 'is shown as a date, but is after the year 9999' };
  return { text: formatDate(day - dayZero.from1904) };
}

function dateFrom1900(day: number): CivilDate {
  if (day === 0) return { reason: 'is shown as a date, but is 0, which is not a date' };
  if (day === 60) return { reason: 'is shown as 29 February 1900, a date that does not exist' };
  if (day > lastDay.from1900) return { reason: 'is shown as a date, but is after the year 9999' };
  return { text: formatDate(day - dayZero.from1900 + (day < 60 ? 1 : 0)) };
}

function formatTime(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  return `${padTwo(hours)}:${padTwo(Math.floor(seconds / 60) % 60)}:${padTwo(seconds % 60)}`;
}

/** Days since 1970-01-01 as a date of the Gregorian calendar, counted in eras of 400 years that start in March. */
function formatDate(daysSince1970: number): string {
  const days = daysSince1970 + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${padTwo(month)}-${padTwo(day)}`;
}

function padTwo(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

const isoDate = /^\s*(?:(\d{4})-(\d\d)-(\d\d))?(?:T?(\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\s*$/;
/** The date that some programs write before a time of day. */
const emptyDay = '1899-12-30';

/** A date that the file states as text (`t="d"`); a zone is dropped, since cells have none. */
function parseIsoDate(text: string, shows: DateParts | undefined): CivilDate {
  const match = isoDate.exec(text);
  const reason = 'is not a readable date';
  if (match === null || text.trim() === '') return { reason };
  const [, year, month = '', day = '', hour, minute = '00', second = '00'] = match;
  const time = hour === undefined ? undefined : `${hour}:${minute}:${second}`;
  if (time !== undefined && (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)) return { reason };
  if (year === undefined) return time === undefined ? { reason } : { text: time };
  const date = `${year}-${month}-${day}`;
  if (new Date(`${date}T00:00:00Z`).toJSON()?.slice(0, 10) !== date) return { reason };
  if (date === emptyDay && time !== undefined) return { text: time };
  const hasTime = time !== undefined && (time !== '00:00:00' || shows === 'datetime');
  return { text: hasTime ? `${date}T${time}` : date };
}

/** The parts of the workbook that cells refer to. */
export interface CellContext {
  readonly formats: CellFormats;
  readonly isDate1904: boolean;
  readonly sharedStringAt: (index: number) => string | undefined;
  /** Called for a number whose style the workbook does not have. */
  readonly onUnknownStyle?: () => void;
}

/** Decodes stored cells; `''` stands for a cell without content. */
export type CellDecoder = (cell: Readonly<StoredCell>) => Cell;

/** Explains the error values of formulas. */
const errorMeanings: Readonly<Record<string, string>> = {
  '#N/A': 'a look-up found nothing',
  '#REF!': 'the formula refers to cells that were deleted',
  '#DIV/0!': 'the formula divides by zero',
  '#VALUE!': 'the formula has a value of the wrong type',
  '#NAME?': 'the formula uses a name that does not exist',
  '#NUM!': 'the result of the formula is not a valid number',
  '#NULL!': 'the formula refers to cells that have nothing in common',
  '#SPILL!': 'there was not enough space for the results of the formula',
};

const neverCalculated =
  'The formula was never calculated, so the file contains no value. Open the file in Excel, save it, and try again.';

const general: NumberFormat = { kind: 'general' };
const plainInteger = /^(?:0|-?[1-9]\d{0,14})$/;
const decimalNumber = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?\s*$/i;

/** Creates the function that turns a stored cell into a cell of the input; it never throws. */
export function createCellDecoder(context: CellContext): CellDecoder {
  const decoders: Readonly<Record<string, CellDecoder>> = {
    s: ({ value }) => decodeSharedString(value ?? '', context),
    '': (cell) => decodeNumber(cell, context),
    n: (cell) => decodeNumber(cell, context),
    str: ({ value, formula }) => {
      if (formula === undefined) return decodeText(value);
      return value === undefined ? uncalculatedCell(formula) : linkCell(decodeText(value), findLinkedAddress(formula));
    },
    inlineStr: ({ inline, value }) => decodeText(inline ?? value),
    b: ({ value, formula }) => decodeBoolean(value, formula),
    e: ({ value, formula }) => decodeError(value, formula),
    d: (cell) => decodeIsoDate(cell, context),
  };
  return (cell) => {
    const decode = Object.hasOwn(decoders, cell.type) ? decoders[cell.type] : undefined;
    if (decode !== undefined) return decode(cell);
    return createErrorCell(cell.value ?? '', `The cell has the type “${cell.type}”, which workbooks do not have.`);
  };
}

function decodeText(text: string | undefined): string {
  return text === undefined ? '' : decodeEscapes(text);
}

function decodeSharedString(value: string, context: CellContext): Cell {
  const text = value === '' ? '' : context.sharedStringAt(Number(value));
  return (
    text ??
    createErrorCell(value, `The cell refers to text ${value}, which the file does not contain: the file is damaged.`)
  );
}

function decodeNumber(cell: Readonly<StoredCell>, context: CellContext): Cell {
  const { value = '', formula, inline } = cell;
  if (value === '') {
    if (inline !== undefined) return decodeText(inline);
    return formula === undefined ? '' : uncalculatedCell(formula);
  }
  const format = context.formats[cell.style];
  if (format === undefined && cell.style > 0) context.onUnknownStyle?.();
  return formatNumberCell(value, format ?? general, context.isDate1904);
}

function formatNumberCell(stored: string, format: NumberFormat, isDate1904: boolean): Cell {
  if (format.kind === 'general' && plainInteger.test(stored))
    return { kind: 'number', text: stored, value: Number(stored) };
  const value = decimalNumber.test(stored) ? Number(stored) : Number.NaN;
  if (!Number.isFinite(value))
    return createErrorCell(stored, `The file says that “${stored}” is a number, but it is not.`);
  switch (format.kind) {
    case 'general':
      return { kind: 'number', text: formatGeneral(value, stored.trim()), value };
    case 'digits': {
      const text = formatDigits(value, stored.trim(), format.integerDigits, format.decimals);
      return { kind: 'number', text, value, format: format.code };
    }
    case 'date': {
      const shows = format.sectionFor === undefined ? format.shows : format.sectionFor(value);
      if (shows === undefined) return showNumber(value, format.code) ?? '';
      return createDateCell(parseSerialDate(value, shows, isDate1904), stored, shows, format.code);
    }
    case 'text':
      return { kind: 'number', text: formatGeneral(value, stored.trim()), value, format: format.code };
    case 'other':
      return new FormattedNumber(formatGeneral(value, stored.trim()), value, format.code);
  }
}

/**
 * A number in a format of its own. What that shows is found out when it is asked for: it takes longer than to read the
 * cell, and for amounts nobody asks.
 */
class FormattedNumber {
  readonly kind = 'number';
  readonly text: string;
  readonly value: number;
  readonly format: string;

  constructor(text: string, value: number, format: string) {
    this.text = text;
    this.value = value;
    this.format = format;
  }

  get shown(): string | undefined {
    return showNumber(this.value, this.format);
  }
}

function createDateCell(
  date: CivilDate,
  stored: string,
  shows: DateParts | undefined,
  code: string | undefined,
): TypedCell {
  if ('reason' in date) return createErrorCell(stored, `The value ${stored} ${date.reason}. Enter the date again.`);
  const [day = '', time] = date.text.split('T');
  const format = code === undefined ? {} : { format: code };
  if (shows === 'date' && time !== undefined) return { kind: 'date', text: day, ...format, hiddenTime: time };
  return { kind: 'date', text: date.text, ...format };
}

const hyperlink = /^\s*HYPERLINK\s*\(\s*"mailto:([^"?]+)/i;

/** The e-mail address behind the text of a cell with the formula `HYPERLINK("mailto:…","text")`. */
function findLinkedAddress(formula: string): string | undefined {
  return hyperlink.exec(formula)?.[1]?.trim();
}

/** A text with the e-mail address to which it is linked; just the text where that is the address. */
export function linkCell(text: string, address: string | undefined): Cell {
  if (address === undefined || text.trim() === '' || text.includes(address)) return text;
  return { kind: 'text', text, linkedAddress: address };
}

function decodeIsoDate(cell: Readonly<StoredCell>, context: CellContext): Cell {
  const { value = '', formula, style } = cell;
  if (value === '') return formula === undefined ? '' : uncalculatedCell(formula);
  const format = context.formats[style];
  const dated = format?.kind === 'date' ? format : undefined;
  return createDateCell(parseIsoDate(value, dated?.shows), value, dated?.shows, dated?.code);
}

function decodeBoolean(value: string | undefined, formula: string | undefined): Cell {
  if (value === undefined || value === '') return formula === undefined ? '' : uncalculatedCell(formula);
  const flag = /^\s*(?:(1|true)|0|false)\s*$/i.exec(value);
  if (flag === null)
    return createErrorCell(value, `The file says that “${value}” is TRUE or FALSE, but it is neither.`);
  return flag[1] === undefined
    ? { kind: 'boolean', text: 'FALSE', value: false }
    : { kind: 'boolean', text: 'TRUE', value: true };
}

function decodeError(value = '', formula?: string): Cell {
  if (value === '') return formula === undefined ? '' : uncalculatedCell(formula);
  const meaning = errorMeanings[value] ?? 'the formula failed';
  return createErrorCell(
    value,
    `The cell shows the error ${value}: ${meaning}. Fix the formula, or enter the value itself.`,
  );
}

function uncalculatedCell(formula: string): TypedCell {
  return createErrorCell(formula === '' ? '=' : `=${formula}`, neverCalculated);
}

function createErrorCell(text: string, reason: string): TypedCell {
  return { kind: 'error', text, reason };
}
