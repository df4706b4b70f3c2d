/**
 * What a spreadsheet program does to a cell of a file that it opens and saves, although nobody has edited the cell.
 * Every form is known from Excel, LibreOffice or Numbers.
 */
export const spreadsheetForms = ['number', 'date', 'boolean', 'formula', 'width', 'encoding', 'space'] as const;

export type SpreadsheetForm = (typeof spreadsheetForms)[number];

/**
 * Whether a text is what a spreadsheet program makes of another one.
 *
 * @returns how it was changed; `undefined` when a person must have edited it, or the texts are the same
 */
export function findSpreadsheetForm(before: string, after: string): SpreadsheetForm | undefined {
  let text = before;
  for (let marks = 0; marks <= maxTextMarks; marks += 1) {
    if (text === after) return marks === 0 ? undefined : 'space';
    for (const [form, isForm] of tests) if (isForm(text, after)) return form;
    const bare = stripTextMark(text);
    if (bare === text) return undefined;
    text = bare;
  }
  return undefined;
}

/** A mark of this program and one of another may come together; a cell of a thousand marks is no number. */
const maxTextMarks = 3;

/** `'0801` and `="0801"` say that the cell is text; programs take the mark for their own. */
function stripTextMark(text: string): string {
  return /^="(.*)"$/s.exec(text)?.[1] ?? (text.startsWith("'") ? text.slice(1) : text);
}

type FormTest = (before: string, after: string) => boolean;

const tests: readonly (readonly [SpreadsheetForm, FormTest])[] = [
  ['space', (before, after) => normaliseSpace(before) === normaliseSpace(after)],
  ['number', isSameNumber],
  ['date', isSameDate],
  ['boolean', isSameBoolean],
  ['formula', isFormulaResult],
  [
    'width',
    (before, after) => /^#{2,}$/.test(after) && (readNumbers(before).length > 0 || readDates(before).length > 0),
  ],
  ['encoding', isOtherEncoding],
];

/** A text that was taken for a formula: an error, or for one that begins as formulas do, a number. */
function isFormulaResult(before: string, after: string): boolean {
  if (/^[=+\-@]/.test(before) && errorText.test(after)) return true;
  return before.startsWith('=') && !before.startsWith('="') && readNumbers(after).length > 0;
}

/** What a cell shows when it was taken for a formula that fails. */
const errorText = /^(?:#(?:NAME\?|VALUE!|REF!|N\/A|NUM!|DIV\/0!|NULL!|BEZUG!|WERT!|NV|ZAHL!)|Err:\d{3})$/i;

/** Whether a text looks like something that a program has made of another text that is no longer known. */
export function looksSpreadsheetMade(text: string): boolean {
  return (
    /^[+-]?\d(?:[.,]\d+)?E[+-]?\d+$/i.test(text) || /^#{2,}$/.test(text) || errorText.test(text) || isShortDate(text)
  );
}

/** `12-Mar`, `Mar-12`. */
function isShortDate(text: string): boolean {
  const parts = /^(?:(\d{1,2})[-. ]{1,2}(\p{L}+)|(\p{L}+)[- ](\d{2}))\.?$/u.exec(text);
  return parts !== null && monthByName(parts[2] ?? parts[3] ?? '') !== undefined;
}

function normaliseSpace(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').replaceAll('\u00a0', ' ').normalize('NFC').trim();
}

/** Numbers that a text may stand for, with a point or a comma before the fraction. */
function readNumbers(text: string): readonly number[] {
  const compact = text.trim().replaceAll(/[\s'’]/g, '');
  const parts = /^\(?([+-]?)(?:[$£€¥]|[A-Z]{3})?([+-]?)(\d[\d.,]*|[.,]\d+)(?:E([+-]?\d+))?(%?)(?:[$£€¥])?\)?$/i.exec(
    compact,
  );
  if (parts === null) return [];
  const [, sign = '', innerSign = '', digits = '', exponent = '0', percent] = parts;
  const isNegative = sign === '-' || innerSign === '-' || compact.startsWith('(');
  const scale = 10 ** Number(exponent) / (percent === '%' ? 100 : 1);
  return readDecimals(digits).map((value) => (isNegative ? -1 : 1) * value * scale);
}

function readDecimals(digits: string): readonly number[] {
  const texts = new Set<string>();
  for (const [point, group] of [
    ['.', ','],
    [',', '.'],
  ] as const) {
    const [whole = '', fraction = '', ...rest] = digits.split(point);
    if (rest.length > 0 || fraction.includes(group)) continue;
    const groups = whole.split(group);
    if (groups.length > 1 && !groups.slice(1).every((part) => part.length === 3)) continue;
    texts.add(`${groups.join('') || '0'}.${fraction}`);
  }
  return [...texts].map(Number);
}

/** Digits of a number that programs keep. */
const keptDigits = 15;

function isSameNumber(before: string, after: string): boolean {
  // Excel cuts behind the fifteenth digit, other programs round there.
  if (/^\d{16,}$/.test(before) && after === before.slice(0, keptDigits).padEnd(before.length, '0')) return true;
  const precision = countMantissaDigits(after);
  const afters = readNumbers(after);
  return readNumbers(before).some((a) =>
    afters.some((b) => a === b || a.toPrecision(precision) === b.toPrecision(precision)),
  );
}

/** With an exponent, a cell shows only some of the digits. */
function countMantissaDigits(text: string): number {
  const mantissa = /^[+-]?([\d.,]+)E/i.exec(text.trim())?.[1];
  if (mantissa === undefined) return keptDigits;
  return Math.min(keptDigits, Math.max(1, mantissa.replaceAll(/\D/g, '').length));
}

const booleans: readonly (readonly string[])[] = [
  ['TRUE', 'WAHR', 'VRAI', 'VERDADERO', 'VERO', 'WAAR'],
  ['FALSE', 'FALSCH', 'FAUX', 'FALSO', 'ONWAAR'],
];

function isSameBoolean(before: string, after: string): boolean {
  const [a, b] = [before.trim().toUpperCase(), after.trim().toUpperCase()];
  return booleans.some((names) => names.includes(a) && names.includes(b));
}

/** A date, a time, or both; what is not said is undefined. */
interface Moment {
  readonly year?: number;
  readonly month?: number;
  readonly day?: number;
  readonly seconds?: number;
}

function isSameDate(before: string, after: string): boolean {
  const afters = readDates(after);
  const befores = readDates(before);
  if (befores.length === 0) return false;
  if (/^\d{4,5}$/.test(after)) return befores.some((date) => toSerial(date) === Number(after));
  return befores.some((a) => afters.some((b) => isSameMoment(a, b)));
}

function isSameMoment(a: Moment, b: Moment): boolean {
  if (a.month !== b.month) return false;
  if (a.year !== undefined && b.year !== undefined && a.year !== b.year) return false;
  // A month without a day begins on the first.
  if ((a.day ?? 1) !== (b.day ?? 1) && a.month !== undefined) return false;
  return a.month === undefined ? a.seconds === b.seconds : (a.seconds ?? 0) === (b.seconds ?? 0);
}

/** Days since the day before 1900, as programs count them. */
function toSerial({ year, month, day }: Moment): number | undefined {
  if (year === undefined || month === undefined) return undefined;
  return Math.round((Date.UTC(year, month - 1, day ?? 1) - Date.UTC(1899, 11, 30)) / 86_400_000);
}

/** Dates and times that a text may stand for, in whatever order of day and month. */
function readDates(text: string): readonly Moment[] {
  const trimmed = text.trim();
  const time = /(?:^|[ T])(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?: ?([ap])\.?m\.?)?Z?$/i.exec(trimmed);
  const date = time === null ? trimmed : trimmed.slice(0, time.index).trim();
  const seconds = time === null ? {} : { seconds: toSeconds(time) };
  if (date === '') return time === null ? [] : [seconds];
  return readCalendarDates(date).map((day) => ({ ...day, ...seconds }));
}

function toSeconds([, hours, minutes, seconds = '0', half]: RegExpExecArray): number {
  const twelve = half === undefined ? Number(hours) : (Number(hours) % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  return twelve * 3600 + Number(minutes) * 60 + Number(seconds);
}

function readCalendarDates(text: string): readonly Moment[] {
  const parts = text
    .replace(/^\p{L}+,? (?=\d)|(?<=\d)(?:st|nd|rd|th)\b/gu, (word) =>
      monthByName(word.trim()) === undefined ? '' : word,
    )
    .split(/[-/. ,]+|(?<=\p{L})(?=\d)|(?<=\d)(?=\p{L})/u)
    .filter((part) => part !== '');
  if (parts.length < 2 || parts.length > 3) return [];
  const named = parts.findIndex((part) => /^\p{L}+$/u.test(part));
  const month = named < 0 ? undefined : monthByName(parts[named] ?? '');
  if (named >= 0 && month === undefined) return [];
  const numbers = parts.filter((_, place) => place !== named);
  if (!numbers.every((part) => /^\d{1,4}$/.test(part))) return [];
  const found = month === undefined ? orderNumbers(numbers) : orderWithMonth(numbers, month);
  return found.filter(({ month: m = 1, day: d = 1 }) => m >= 1 && m <= 12 && d >= 1 && d <= 31);
}

function orderNumbers([a = '', b = '', c]: readonly string[]): readonly Moment[] {
  const [x, y] = [Number(a), Number(b)];
  if (c === undefined) {
    const monthFirst = { month: x, day: y };
    const dayFirst = { month: y, day: x };
    return [
      ...(a.length <= 2 && b.length <= 2 ? [monthFirst, dayFirst, { month: x, ...toYear(b) }] : []),
      ...(b.length === 4 ? [{ month: x, ...toYear(b) }] : []),
      ...(a.length === 4 ? [{ month: y, ...toYear(a) }] : []),
    ];
  }
  if (a.length === 4) return [{ ...toYear(a), month: y, day: Number(c) }];
  return [
    { ...toYear(c), month: y, day: x },
    { ...toYear(c), month: x, day: y },
    // Two digits each: the year may come first.
    ...(c.length <= 2 ? [{ ...toYear(a), month: y, day: Number(c) }] : []),
  ];
}

function orderWithMonth([a = '', b]: readonly string[], month: number): readonly Moment[] {
  if (b === undefined) return [...(a.length <= 2 ? [{ month, day: Number(a) }] : []), { month, ...toYear(a) }];
  return [
    { month, day: Number(a), ...toYear(b) },
    { month, day: Number(b), ...toYear(a) },
  ];
}

/** From which year on two digits mean the last century. */
const lastCenturyFrom = 30;

function toYear(text: string): { readonly year: number } {
  const year = Number(text);
  if (text.length > 2) return { year };
  return { year: year + (year < lastCenturyFrom ? 2000 : 1900) };
}

/** How the names of the months begin in the languages of the users, without accents. */
const monthBeginnings: readonly (readonly string[])[] = [
  ['jan', 'gen', 'ene'],
  ['feb', 'fev'],
  ['mar', 'maa', 'mrz', 'mrt'],
  ['apr', 'avr', 'abr'],
  ['may', 'mai', 'mag', 'mei'],
  ['jun', 'giu', 'juin'],
  ['jul', 'lug', 'juil'],
  ['aug', 'aou', 'ago'],
  ['sep', 'set'],
  ['oct', 'okt', 'ott', 'out'],
  ['nov'],
  ['dec', 'dez', 'dic'],
];

function monthByName(name: string): number | undefined {
  const plain = name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
  if (plain.length < 3) return undefined;
  const found = monthBeginnings.findIndex((beginnings) => beginnings.some((text) => plain.startsWith(text)));
  return found < 0 ? undefined : found + 1;
}

/** Read in another encoding, once or twice, or saved in one that lacks some characters. */
function isOtherEncoding(before: string, after: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  if (/^[\x00-\x7f]*$/.test(before)) return false;
  for (const encoding of ['windows-1252', 'macintosh'] as const) {
    const once = misread(before, encoding);
    const visible = withoutControls(after);
    if (visible === withoutControls(once) || visible === withoutControls(misread(once, encoding))) return true;
  }
  const [from, to] = [[...before.normalize('NFC')], [...after.normalize('NFC')]];
  return (
    from.length === to.length && from.every((char, place) => char === to[place] || isSubstitute(char, to[place] ?? ''))
  );
}

/** Some bytes stand for no character of an encoding: programs keep or drop them, or put others in their place. */
function withoutControls(text: string): string {
  return text.replaceAll(/[\u0080-\u009f\ue000-\uf8ff\ufffd?]/g, '');
}

/**
 * The upper halves of the encodings that programs take text for. Spelled out, since the decoder of some versions of Node.js
 * takes windows-1252 for latin1.
 */
const upperHalves = {
  'windows-1252':
    '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ' +
    Array.from({ length: 96 }, (_, place) => String.fromCharCode(0xa0 + place)).join(''),
  macintosh:
    'ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u00a0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ',
} as const;

/** What UTF-8 looks like to a program that takes it for another encoding. */
function misread(text: string, encoding: keyof typeof upperHalves): string {
  const upper = upperHalves[encoding];
  return Array.from(new TextEncoder().encode(text), (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : (upper[byte - 0x80] ?? ''),
  ).join('');
}

function isSubstitute(char: string, substitute: string): boolean {
  if (char.charCodeAt(0) < 0x80) return false;
  if (substitute === '?' || substitute === '\ufffd') return true;
  // Windows replaces letters that its encoding lacks by similar ones.
  return char.charCodeAt(0) > 0xff && substitute === char.normalize('NFD').replaceAll(/\p{M}/gu, '');
}
