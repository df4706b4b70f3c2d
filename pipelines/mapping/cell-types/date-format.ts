/** The parts of a date format, how many digits (or letters) each has in a text, and what it states. */
export const dateTokens = {
  YYYY: { part: 'year', digits: [4, 4], about: 'year, four digits' },
  YY: { part: 'year', digits: [2, 2], about: 'year, two digits: 00–49 are 2000–2049, 50–99 are 1950–1999' },
  MMM: { part: 'month', digits: 'letters', about: 'English short name of the month, e.g. Mar' },
  MM: { part: 'month', digits: [2, 2], about: 'month, two digits' },
  M: { part: 'month', digits: [1, 2], about: 'month, one or two digits' },
  DD: { part: 'day', digits: [2, 2], about: 'day, two digits' },
  D: { part: 'day', digits: [1, 2], about: 'day, one or two digits' },
  HH: { part: 'hour', digits: [2, 2], about: 'hour, 00–23' },
  mm: { part: 'minute', digits: [2, 2], about: 'minute' },
  ss: { part: 'second', digits: [2, 2], about: 'second' },
} as const satisfies Record<string, DateToken>;

interface DateToken {
  readonly part: DatePart;
  readonly digits: readonly [fewest: number, most: number] | 'letters';
  readonly about: string;
}

export type DatePart = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';
export type DateTokenName = keyof typeof dateTokens;

/** A piece of a format: a token, or text that stands for itself. */
export type FormatPiece = { readonly token: DateTokenName } | { readonly literal: string };

/** Longest first, so that MMM is not read as MM and M. A T stands between date and time in ISO texts. */
const pieces = /YYYY|YY|MMM|MM|M|DD|D|HH|mm|ss|T(?=HH)|[^\p{L}\p{N}]/gu;

/** Splits a format into its pieces; `undefined` when it has letters that are no token. */
export function readDateFormat(format: string): readonly FormatPiece[] | undefined {
  const found = format.match(pieces) ?? [];
  if (found.join('') !== format) return undefined;
  return found.map((piece) => (isToken(piece) ? { token: piece } : { literal: piece }));
}

function isToken(piece: string): piece is DateTokenName {
  return Object.hasOwn(dateTokens, piece);
}

/** What is wrong with a format, as the end of a sentence; `undefined` when it is right. */
export function dateFormatFault(format: string): string | undefined {
  const read = readDateFormat(format);
  if (read === undefined) return `has letters that are no token; use ${Object.keys(dateTokens).join(' ')}`;
  const parts = read.flatMap((piece) => ('token' in piece ? [dateTokens[piece.token].part] : []));
  const twice = parts.find((part, position) => parts.indexOf(part) !== position);
  if (twice !== undefined) return `states the ${twice} twice; keep one`;
  const missing = (['year', 'month', 'day'] as const).find((part) => !parts.includes(part));
  if (missing !== undefined) return `does not state the ${missing}; add it`;
  if (parts.includes('hour') !== parts.includes('minute')) return 'needs both HH and mm, or neither';
  if (parts.includes('second') && !parts.includes('minute')) return 'has ss without HH and mm; add them';
  return hasOpenEnd(read) ? 'has M or D right before another token; put a sign between, or use MM and DD' : undefined;
}

/** "D" takes one digit or two: with another token behind, nobody can tell where it ends. */
function hasOpenEnd(format: readonly FormatPiece[]): boolean {
  return format.some((piece, position) => {
    const next = format[position + 1];
    const isOpen = 'token' in piece && (piece.token === 'M' || piece.token === 'D');
    return isOpen && next !== undefined && 'token' in next;
  });
}

/**
 * Whether two formats can read one text as different dates, e.g. DD/MM/YYYY and M/D/YYYY: then the file, not its
 * owner, would decide row by row.
 */
export function dateFormatsConflict(one: string, other: string): boolean {
  const [first, second] = [one, other].map((format) => readDateFormat(format) ?? []);
  if (first === undefined || second === undefined || first.length !== second.length) return false;
  if (shapeOf(first) !== shapeOf(second)) return false;
  return orderOf(first) !== orderOf(second);
}

function shapeOf(format: readonly FormatPiece[]): string {
  return format.map((piece) => ('token' in piece ? digitsOf(piece.token) : piece.literal)).join('');
}

function digitsOf(token: DateTokenName): string {
  if (token === 'YYYY') return '9999';
  return token === 'MMM' ? 'Aaa' : '9';
}

function orderOf(format: readonly FormatPiece[]): string {
  return format.map((piece) => ('token' in piece ? dateTokens[piece.token].part : '')).join();
}
