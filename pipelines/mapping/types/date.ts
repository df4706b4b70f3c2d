import type { CellFailure } from '#pipelines/mapping/cells.js';
import type { TypedCell } from '#pipelines/model.js';
import { type JsonNode, list, optional, refine, type Shape, text } from '#pipelines/shape.js';
import { type CellType, defineCellType } from './cell-type.js';

/** The tokens of a date format: the part of a date that each states, and its number of digits (or letters). */
export const dateTokens = {
  YYYY: { part: 'year', digits: [4, 4] },
  /** 00–49 are 2000–2049, 50–99 are 1950–1999. */
  YY: { part: 'year', digits: [2, 2] },
  /** English short name, e.g. Mar. */
  MMM: { part: 'month', digits: 'letters' },
  MM: { part: 'month', digits: [2, 2] },
  M: { part: 'month', digits: [1, 2] },
  DD: { part: 'day', digits: [2, 2] },
  D: { part: 'day', digits: [1, 2] },
  HH: { part: 'hour', digits: [2, 2] },
  H: { part: 'hour', digits: [1, 2] },
  /** 12, 1 … 11, with A. */
  hh: { part: 'hour', digits: [2, 2] },
  h: { part: 'hour', digits: [1, 2] },
  mm: { part: 'minute', digits: [2, 2] },
  ss: { part: 'second', digits: [2, 2] },
  /** AM or PM. */
  A: { part: 'half', digits: 'letters' },
} as const satisfies Record<string, DateToken>;

interface DateToken {
  readonly part: DatePart;
  readonly digits: readonly [min: number, max: number] | 'letters';
}

type DatePart = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'half';
export type DateTokenName = keyof typeof dateTokens;

/** A piece of a format: a token, or text that stands for itself. */
type FormatPiece = { readonly token: DateTokenName } | { readonly literal: string };

/** Longest first, so that MMM is not read as MM and M. A T stands between date and time in ISO texts. */
const pieces = /YYYY|YY|MMM|MM|M|DD|D|HH|H|hh|h|mm|ss|A|T(?=HH)|[^\p{L}\p{N}]/gu;

/** Splits a format into its pieces; `undefined` when it has letters that are no token. */
export function parseDateFormat(format: string): readonly FormatPiece[] | undefined {
  const found = format.match(pieces) ?? [];
  if (found.join('') !== format) return undefined;
  return found.map((piece) => (isToken(piece) ? { token: piece } : { literal: piece }));
}

function isToken(piece: string): piece is DateTokenName {
  return Object.hasOwn(dateTokens, piece);
}

/** What is wrong with a format, as the end of a sentence; `undefined` when it is right. */
export function findDateFormatFault(format: string): string | undefined {
  const read = parseDateFormat(format);
  if (read === undefined) return `has letters that are not a token; use ${Object.keys(dateTokens).join(' ')}`;
  const parts = read.flatMap((piece) => ('token' in piece ? [dateTokens[piece.token].part] : []));
  const twice = parts.find((part, position) => parts.indexOf(part) !== position);
  if (twice !== undefined) return `has the ${twice} twice; keep one`;
  const missing = (['year', 'month', 'day'] as const).find((part) => !parts.includes(part));
  if (missing !== undefined) return `has no ${missing}; add it`;
  if (parts.includes('hour') !== parts.includes('minute')) return 'needs both HH and mm, or neither';
  if (parts.includes('second') && !parts.includes('minute')) return 'has ss without HH and mm; add them';
  const hasHalves = read.some((piece) => 'token' in piece && halfDayHours.has(piece.token));
  if (hasHalves && !parts.includes('half')) return 'has h without A (AM or PM); use H, or add A';
  if (parts.includes('half') && !hasHalves) return 'has A (AM or PM) without h; use h in place of H';
  return findOpenEnd(read);
}

const halfDayHours: ReadonlySet<DateTokenName> = new Set(['h', 'hh'] as const);
/** "D" takes one digit or two: directly before another token, its end is unknown. */
const openTokens: Readonly<Partial<Record<DateTokenName, string>>> = {
  M: 'M or D directly before another token; put a separator between them, or use MM and DD',
  D: 'M or D directly before another token; put a separator between them, or use MM and DD',
  H: 'H or h directly before another token; put a separator between them, or use HH or hh',
  h: 'H or h directly before another token; put a separator between them, or use HH or hh',
};

function findOpenEnd(format: readonly FormatPiece[]): string | undefined {
  for (const [position, piece] of format.entries()) {
    const next = format[position + 1];
    const fault = 'token' in piece ? openTokens[piece.token] : undefined;
    // Letters end the digits before them.
    if (fault === undefined || next === undefined || !('token' in next)) continue;
    if (dateTokens[next.token].digits !== 'letters') return `has ${fault}`;
  }
  return undefined;
}

/**
 * Whether two formats can read one text as different dates, e.g. DD/MM/YYYY and M/D/YYYY: then the file, not its
 * owner, would decide row by row.
 */
export function doDateFormatsConflict(a: string, b: string): boolean {
  const [first, second] = [a, b].map((format) => parseDateFormat(format) ?? []);
  if (first === undefined || second === undefined || first.length !== second.length) return false;
  if (buildDateShape(first) !== buildDateShape(second)) return false;
  return listDateParts(first) !== listDateParts(second);
}

function buildDateShape(format: readonly FormatPiece[]): string {
  return format.map((piece) => ('token' in piece ? buildTokenSample(piece.token) : piece.literal)).join('');
}

function buildTokenSample(token: DateTokenName): string {
  if (token === 'YYYY') return '9999';
  return dateTokens[token].digits === 'letters' ? 'Aaa' : '9';
}

function listDateParts(format: readonly FormatPiece[]): string {
  return format.map((piece) => ('token' in piece ? dateTokens[piece.token].part : '')).join();
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Two-digit years below this are of this century: 00–49 → 2000–2049. */
const centuryPivot = 50;

const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

type DateParts = { readonly [part in DatePart]?: number };

/** Reads and writes the dates of one format. Dates are `YYYY-MM-DD`, with `THH:mm:ss` when the format has a time. */
interface DateFormatter {
  /** `undefined` for a text of another form. */
  read(text: string): { readonly date: string } | 'impossible' | undefined;
  /** A date that the format cannot express comes back as it is. */
  write(date: string): string;
}

/** Makes a valid format (see {@link findDateFormatFault}) ready for use. */
export function createDateFormatter(format: string): DateFormatter {
  const pieces = parseDateFormat(format) ?? [];
  const tokens = pieces.flatMap((piece) => ('token' in piece ? [piece.token] : []));
  const shape = new RegExp(`^${pieces.map(buildTokenPattern).join('')}$`, 'i');
  return {
    read(text) {
      const match = shape.exec(text);
      if (match === null) return undefined;
      const parts: { [part in DatePart]?: number } = {};
      let position = 0;
      for (const token of tokens) {
        position += 1;
        parts[dateTokens[token].part] = parseDateToken(token, match[position] ?? '');
      }
      return isPossibleDate(parts) ? { date: formatIsoDate(toWholeDay(parts)) } : 'impossible';
    },
    write(date) {
      const parts = parseIsoDate(date);
      if (parts === undefined || !canExpressDate(tokens, parts)) return date;
      return pieces.map((piece) => ('token' in piece ? formatDateToken(piece.token, parts) : piece.literal)).join('');
    },
  };
}

function buildTokenPattern(piece: FormatPiece): string {
  if ('literal' in piece) return piece.literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
  const { digits } = dateTokens[piece.token];
  if (piece.token === 'A') return String.raw`([ap]\.?\s?m\.?)`;
  return digits === 'letters' ? `(${months.join('|')})` : String.raw`(\d{${digits[0]},${digits[1]}})`;
}

const zero = 0x30;

function parseDateToken(token: DateTokenName, text: string): number {
  if (token === 'MMM') return months.indexOf(text.toLowerCase()) + 1;
  if (token === 'A') return /^p/i.test(text) ? 1 : 0;
  // A few digits: `Number` takes five times as long for them.
  let value = 0;
  for (let at = 0; at < text.length; at += 1) value = value * 10 + text.charCodeAt(at) - zero;
  if (token !== 'YY') return value;
  return value + (value < centuryPivot ? 2000 : 1900);
}

/** With the hour of 24: 12 AM is midnight. */
function toWholeDay({ half, ...parts }: DateParts): DateParts {
  return half === undefined || parts.hour === undefined ? parts : { ...parts, hour: (parts.hour % 12) + 12 * half };
}

function isPossibleDate({ year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, half }: DateParts): boolean {
  if (half !== undefined && (hour < 1 || hour > 12)) return false;
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && isLeapYear ? 29 : (daysInMonth[month - 1] ?? 0);
  return year >= 1 && day >= 1 && day <= days && hour <= 23 && minute <= 59 && second <= 59;
}

function formatIsoDate(parts: DateParts): string {
  const date = `${padNumber(parts.year, 4)}-${padNumber(parts.month)}-${padNumber(parts.day)}`;
  if (parts.hour === undefined) return date;
  return `${date}T${padNumber(parts.hour)}:${padNumber(parts.minute)}:${padNumber(parts.second)}`;
}

const twoDigits = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));

function padNumber(value = 0, length = 2): string {
  return (length === 2 ? twoDigits[value] : undefined) ?? String(value).padStart(length, '0');
}

type WholeDate = Required<Omit<DateParts, 'half'>>;

function parseIsoDate(date: string): WholeDate | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?)?(?:\.\d+)?$/.exec(date);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((digits = '0') => Number(digits));
  return { year, month, day, hour, minute, second };
}

/** Whether the text of this format would be read as the same date again. */
function canExpressDate(tokens: readonly DateTokenName[], parts: WholeDate): boolean {
  const isOutOfCentury = parts.year < centuryPivot + 1900 || parts.year >= centuryPivot + 2000;
  if (tokens.includes('YY') && isOutOfCentury) return false;
  const stated = new Set<DatePart>(tokens.map((token) => dateTokens[token].part));
  return (['hour', 'minute', 'second'] as const).every((part) => parts[part] === 0 || stated.has(part));
}

function formatDateToken(token: DateTokenName, parts: WholeDate): string {
  const { part, digits } = dateTokens[token];
  if (part === 'half') return parts.hour < 12 ? 'AM' : 'PM';
  const value = halfDayHours.has(token) ? ((parts.hour + 11) % 12) + 1 : parts[part];
  if (digits === 'letters') return (months[value - 1] ?? '').replace(/^./, (letter) => letter.toUpperCase());
  return token === 'YY' ? padNumber(value % 100) : padNumber(value, digits[0]);
}

/** The format of a date, e.g. DD/MM/YYYY. */
export function dateFormat(): Shape<string> {
  return refine(text(), (format, node) => {
    const fault = findDateFormatFault(format);
    return fault === undefined ? format : node.report('DATE_FORMAT_INVALID', `The format "${format}" ${fault}`);
  });
}

const civilDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?$/;

export interface DateRule {
  readonly name: 'date';
  readonly formats: readonly string[];
}

/** Civil dates by declared formats, tried in order; never an instant in a time zone, and never a guess. */
export const dateType = defineCellType({
  fieldTypes: ['date', 'string'],
  options: {
    format: optional(dateFormat(), 'The format of dates, in tokens such as DD/MM/YYYY.'),
    formats: optional(
      list(dateFormat(), { code: 'PROPERTY_MISSING', message: 'The list of formats is empty; name at least one' }),
      'Several date formats; the first that fits is used.',
    ),
  },
  readRule({ format, formats = [] }, node): DateRule | undefined {
    if (node.has('format') === node.has('formats'))
      return node.report(
        'PROPERTY_MISSING',
        'A date needs its format: give either "format": "DD/MM/YYYY" or a list "formats"',
      );
    reportConflicts(formats, node.at('formats'));
    const all = format === undefined ? formats : [format];
    return all.length === 0 ? undefined : { name: 'date', formats: all };
  },
  create: createDateCells,
});

function reportConflicts(formats: readonly string[], node: JsonNode): void {
  formats.forEach((format, index) => {
    const conflict = formats.slice(0, index).find((earlier) => doDateFormatsConflict(earlier, format));
    if (conflict !== undefined)
      node.report(
        'DATE_FORMATS_CONFLICT',
        `"${conflict}" and "${format}" read the same text as two dates; keep the one that the file uses`,
      );
  });
}

function createDateCells(rule: DateRule): CellType {
  const formats = rule.formats.map(createDateFormatter);
  const expected = `expected ${rule.formats.map((format) => `"${format}"`).join(' or ')}`;
  const notADate: CellFailure = { code: 'NOT_A_DATE', says: `is not a date as declared; ${expected}` };
  const impossible: CellFailure = { code: 'IMPOSSIBLE_DATE', says: `is a date that does not exist; ${expected}` };
  return {
    fromText(text) {
      let failure = notADate;
      for (const format of formats) {
        const read = format.read(text);
        if (read === 'impossible') failure = impossible;
        else if (read !== undefined) return read.date;
      }
      return failure;
    },
    fromTyped: rule.formats.some(hasTime) ? fromTyped : fromTypedDay,
    toCell: (value) => formats[0]?.write(String(value)) ?? String(value),
  };
}

/** A workbook's date needs no format: the file itself says what it is. A time of day alone is no date. */
function fromTyped(cell: TypedCell): string | CellFailure | undefined {
  if (cell.kind !== 'date') return undefined;
  if (civilDate.test(cell.text)) return cell.text;
  return { code: 'NOT_A_DATE', says: 'is a time without a date; enter the date' };
}

/** Whether a date format has a time of day. */
export function hasTime(format: string): boolean {
  return (parseDateFormat(format) ?? []).some((piece) => 'token' in piece && dateTokens[piece.token].part === 'hour');
}

/** Without the time of a workbook's cell, whose format is another one; what has no format says that the time counts. */
function fromTypedDay(cell: TypedCell): string | CellFailure | undefined {
  const date = fromTyped(cell);
  return typeof date === 'string' && 'format' in cell ? date.slice(0, isoDateLength) : date;
}

const isoDateLength = 'YYYY-MM-DD'.length;
