import { type DatePart, type DateTokenName, dateTokens, type FormatPiece, readDateFormat } from './date-format.js';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Two-digit years below this are of this century: 00–49 → 2000–2049. */
const centuryPivot = 50;

const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

type DateParts = { readonly [part in DatePart]?: number };

/** Reads and writes the dates of one format. Dates are `YYYY-MM-DD`, with `THH:mm:ss` when the format has a time. */
export interface DateText {
  /** `undefined` for a text of another form. */
  read(text: string): { readonly date: string } | 'impossible' | undefined;
  /** A date that the format cannot state comes back as it is. */
  write(date: string): string;
}

/** Makes a format that {@link dateFormatFault} finds nothing wrong with ready for use. */
export function dateText(format: string): DateText {
  const pieces = readDateFormat(format) ?? [];
  const tokens = pieces.flatMap((piece) => ('token' in piece ? [piece.token] : []));
  const shape = new RegExp(`^${pieces.map(patternOf).join('')}$`, 'i');
  return {
    read(text) {
      const match = shape.exec(text);
      if (match === null) return undefined;
      const parts: { [part in DatePart]?: number } = {};
      let position = 0;
      for (const token of tokens) {
        position += 1;
        parts[dateTokens[token].part] = numberFrom(token, match[position] ?? '');
      }
      return isPossible(parts) ? { date: isoDate(parts) } : 'impossible';
    },
    write(date) {
      const parts = partsOfIso(date);
      if (parts === undefined || !canState(tokens, parts)) return date;
      return pieces.map((piece) => ('token' in piece ? tokenText(piece.token, parts) : piece.literal)).join('');
    },
  };
}

function patternOf(piece: FormatPiece): string {
  if ('literal' in piece) return piece.literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
  const { digits } = dateTokens[piece.token];
  return digits === 'letters' ? `(${months.join('|')})` : String.raw`(\d{${digits[0]},${digits[1]}})`;
}

const zero = 0x30;

function numberFrom(token: DateTokenName, text: string): number {
  if (token === 'MMM') return months.indexOf(text.toLowerCase()) + 1;
  // A few digits: `Number` takes five times as long for them.
  let value = 0;
  for (let at = 0; at < text.length; at += 1) value = value * 10 + text.charCodeAt(at) - zero;
  if (token !== 'YY') return value;
  return value + (value < centuryPivot ? 2000 : 1900);
}

function isPossible({ year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 }: DateParts): boolean {
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && isLeapYear ? 29 : (daysInMonth[month - 1] ?? 0);
  return year >= 1 && day >= 1 && day <= days && hour <= 23 && minute <= 59 && second <= 59;
}

function isoDate(parts: DateParts): string {
  const date = `${padded(parts.year, 4)}-${padded(parts.month)}-${padded(parts.day)}`;
  if (parts.hour === undefined) return date;
  return `${date}T${padded(parts.hour)}:${padded(parts.minute)}:${padded(parts.second)}`;
}

const twoDigits = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));

function padded(value = 0, length = 2): string {
  return (length === 2 ? twoDigits[value] : undefined) ?? String(value).padStart(length, '0');
}

function partsOfIso(date: string): Required<DateParts> | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?)?(?:\.\d+)?$/.exec(date);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((digits = '0') => Number(digits));
  return { year, month, day, hour, minute, second };
}

/** Whether the text of this format would be read as the same date again. */
function canState(tokens: readonly DateTokenName[], parts: Required<DateParts>): boolean {
  const isOutOfCentury = parts.year < centuryPivot + 1900 || parts.year >= centuryPivot + 2000;
  if (tokens.includes('YY') && isOutOfCentury) return false;
  const stated = new Set<DatePart>(tokens.map((token) => dateTokens[token].part));
  return (['hour', 'minute', 'second'] as const).every((part) => parts[part] === 0 || stated.has(part));
}

function tokenText(token: DateTokenName, parts: Required<DateParts>): string {
  const { part, digits } = dateTokens[token];
  const value = parts[part];
  if (digits === 'letters') return (months[value - 1] ?? '').replace(/^./, (letter) => letter.toUpperCase());
  return token === 'YY' ? padded(value % 100) : padded(value, digits[0]);
}
