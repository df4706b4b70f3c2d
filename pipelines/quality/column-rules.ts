import { countLeadingDigits, findCurrency, isDigitAt } from '#pipelines/mapping/types/number.js';
import type { DamageGroup } from './damage-issue.js';

/** An issue that only a whole column shows, in a form that can be stored as JSON. Its code says which cells it affects. */
export interface ColumnIssue extends DamageGroup {
  /** In digits, where the affected cells are those of another length. */
  readonly usualLength?: number;
}

/** Examines one column as a whole; its memory does not grow with the rows. */
export interface ColumnScan {
  add(text: string, row: number): void;
  finish(): readonly ColumnIssue[];
}

const maxRowsNamed = 5;

/** The number of cells of a kind, the first rows with one, and the first value. */
interface Tally {
  count: number;
  readonly rows: number[];
  value: string | undefined;
}

function createTally(): Tally {
  return { count: 0, rows: [], value: undefined };
}

function addToTally(tally: Tally, row: number, value: string): void {
  tally.count += 1;
  tally.value ??= value;
  if (tally.rows.length < maxRowsNamed) tally.rows.push(row);
}

/** Combines several tallies. */
function mergeTallies(tallies: readonly Tally[]): Tally {
  const seen = tallies.filter(({ count }) => count > 0);
  const rows = seen.flatMap((tally) => tally.rows).sort((a, b) => a - b);
  return {
    count: seen.reduce((sum, { count }) => sum + count, 0),
    rows: rows.slice(0, maxRowsNamed),
    value: seen.find((tally) => tally.rows[0] === rows[0])?.value,
  };
}

const months = 12;
const numericDate = /^(\d{1,2})([/.-])(\d{1,2})\2(?:\d{4}|\d{2})(?:\D|$)/;

/** A few dates among other texts do not make a date column. */
const minShareOfDates = 0.8;

type Order = 'either' | 'same' | 'dayFirst' | 'monthFirst';

/** Finds dates such as 05/04/2024 in a column where no date shows whether the day or the month comes first. */
export function scanDateOrder(column: string): ColumnScan {
  const tallies = { either: createTally(), same: createTally(), dayFirst: createTally(), monthFirst: createTally() };
  let values = 0;
  return {
    add(text, row) {
      values += 1;
      const order = detectDateOrder(text);
      if (order !== undefined) addToTally(tallies[order], row, text);
    },
    finish() {
      const { either, same, dayFirst, monthFirst } = tallies;
      if (mergeTallies(Object.values(tallies)).count < values * minShareOfDates) return [];
      if (dayFirst.count > 0 && monthFirst.count > 0)
        return [describeMixedOrder(column, mergeTallies([dayFirst, monthFirst, either]))];
      if (either.count > 0 && dayFirst.count + monthFirst.count === 0 && same.count < values)
        return [describeAmbiguousOrder(column, either)];
      return [];
    },
  };
}

/** More than any column of amounts has. */
const maxCurrencies = 20;

/** Finds amounts in another currency than the others of their column. */
export function scanCurrencies(column: string): ColumnScan {
  const tallies = new Map<string, Tally>();
  return {
    add(text, row) {
      // Most amounts name no currency.
      if (isDigitAt(text, 0) && isDigitAt(text, text.length - 1)) return;
      const currency = findCurrency(text);
      if (currency === undefined) return;
      const tally = tallies.get(currency) ?? createTally();
      if (tallies.size < maxCurrencies) tallies.set(currency, tally);
      addToTally(tally, row, text);
    },
    finish() {
      if (tallies.size < 2) return [];
      const [[usual] = [''], ...others] = [...tallies].sort(([, a], [, b]) => b.count - a.count);
      const { count, rows, value } = mergeTallies(others.map(([, tally]) => tally));
      return [
        {
          ...{ code: 'CURRENCIES_MIXED', columns: [column], count, rows },
          message: `The amount is in another currency than most of its column (${usual}), and the field has no currency.`,
          suggestion: 'Convert these amounts, or give each currency a column of its own.',
          ...(value === undefined ? {} : { value }),
        },
      ];
    },
  };
}

function detectDateOrder(text: string): Order | undefined {
  // Most cells are words or house numbers: for them, a pattern would cost ten times as much.
  const digits = countLeadingDigits(text, 3);
  if (digits === 0 || digits > 2 || !isDigitAt(text, digits + 1)) return undefined;
  const [, first, , second] = numericDate.exec(text) ?? [];
  if (first === undefined || second === undefined) return undefined;
  if (Number(first) > months) return 'dayFirst';
  if (Number(second) > months) return 'monthFirst';
  // 05/05 is the same date in both orders.
  return Number(first) === Number(second) ? 'same' : 'either';
}

const declareTheOrder =
  'Declare the order in the mapping ("type": "date", "format": "DD/MM/YYYY"), or write the dates as yyyy-mm-dd.';

function describeMixedOrder(column: string, { count, rows, value }: Tally): ColumnIssue {
  return {
    code: 'MIXED_DATE_ORDER',
    columns: [column],
    count,
    rows,
    message: 'In some dates of the column the day comes first, in others the month.',
    suggestion: 'Find out which program wrote which dates, and write all of them as yyyy-mm-dd.',
    ...(value === undefined ? {} : { value }),
  };
}

function describeAmbiguousOrder(column: string, { count, rows, value }: Tally): ColumnIssue {
  return {
    code: 'AMBIGUOUS_DATES',
    columns: [column],
    count,
    rows,
    message: 'The date could begin with the day or with the month, and no other date in the column shows which.',
    suggestion: declareTheOrder,
    ...(value === undefined ? {} : { value }),
  };
}

const maxDigits = 20;
/** With fewer values than this, no length is typical. */
const minValues = 10;
/** With more exceptions than this, two lengths are typical: there are two countries, not lost zeros. */
const minShareOfTypical = 0.65;
/** Post codes begin with two zeros at most (00501). */
const maxZerosLost = 2;

/** How often each number of digits occurs. */
interface Lengths {
  readonly tallies: readonly Tally[];
}

function createLengths(): Lengths {
  return { tallies: Array.from({ length: maxDigits + 1 }, createTally) };
}

function findTypicalLength({ tallies }: Lengths): { length: number; share: number; values: number } {
  const values = tallies.reduce((sum, { count }) => sum + count, 0);
  const length = tallies.reduce((best, { count }, at) => (count > (tallies[best]?.count ?? 0) ? at : best), 0);
  return { length, share: values === 0 ? 0 : (tallies[length]?.count ?? 0) / values, values };
}

/** Finds post codes of digits that are shorter than is typical of their column: they lost their leading zeros. */
export function scanPostCodes(column: string): ColumnScan {
  const lengths = createLengths();
  return {
    add(text, row) {
      const tally = isDigits(text) ? lengths.tallies[text.length] : undefined;
      if (tally !== undefined) addToTally(tally, row, text);
    },
    finish() {
      const { length, share, values } = findTypicalLength(lengths);
      const { count, rows, value } = mergeTallies(lengths.tallies.slice(findMinLength(length), length));
      if (values < minValues || share < minShareOfTypical || count === 0) return [];
      return [
        {
          code: 'POST_CODES_TOO_SHORT',
          columns: [column],
          count,
          rows,
          message: `The post code is shorter than the ${length} digits that are typical of its column: it probably lost its leading zeros.`,
          suggestion: `Restore the zeros in the mapping: "transform": [{ "pad": { "length": ${length} } }]. Or format the column as text and export again.`,
          ...(value === undefined ? {} : { value }),
          usualLength: length,
        },
      ];
    },
  };
}

function isDigits(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (!isDigitAt(text, at)) return false;
  return text !== '';
}

function findMinLength(usualLength: number): number {
  return Math.max(1, usualLength - maxZerosLost);
}

function isPostCodeTooShort(text: string, usualLength: number): boolean {
  return isDigits(text) && text.length >= findMinLength(usualLength) && text.length < usualLength;
}

/**
 * What mobile numbers begin with behind their 0, where they have 9 digits without it; by the country's code and name.
 *
 * Source: the national numbering plans.
 */
const mobilePrefixes: Readonly<Record<string, string>> = {
  ...{ au: '4', australia: '4', nz: '2', 'new zealand': '2', be: '4', belgium: '4', ch: '7', switzerland: '7' },
  ...{ fr: '67', france: '67', nl: '6', netherlands: '6', ie: '8', ireland: '8', za: '678', 'south africa': '678' },
};
/** Where no country is named, and other numbers of the column begin with 0: customers of this API are mostly in Australia. */
const defaultPrefixes = '4';
const mobileDigits = 9;
/** One number may be any other. */
const minMobiles = 2;

/**
 * Finds phone numbers one digit shorter than the typical one that begins with 0; and mobile numbers of the country without
 * their 0, where most of the column is like that.
 */
export function scanPhones(column: string, country?: string): ColumnScan {
  const withZero = createLengths();
  const withoutZero = createLengths();
  const mobiles = createTally();
  const prefixes = country === undefined ? defaultPrefixes : (mobilePrefixes[country.trim().toLowerCase()] ?? '');
  return {
    add(text, row) {
      const digits = countNationalDigits(text);
      const hasZero = beginsWithZero(text);
      const tally = digits === 0 ? undefined : (hasZero ? withZero : withoutZero).tallies[digits];
      if (tally === undefined) return;
      addToTally(tally, row, text);
      if (!hasZero && digits === mobileDigits && prefixes.includes(findFirstDigit(text)))
        addToTally(mobiles, row, text);
    },
    finish() {
      const [zeros, others] = [withZero, withoutZero].map(({ tallies }) => mergeTallies(tallies).count);
      const mayHaveZeros = country !== undefined || (zeros ?? 0) > 0;
      if (mayHaveZeros && mobiles.count >= minMobiles && mobiles.count * 2 > (zeros ?? 0) + (others ?? 0))
        return [describeLostZeros(column, mobiles)];
      const { length, share, values } = findTypicalLength(withZero);
      const short = withoutZero.tallies[length - 1];
      if (values < minValues || share < minShareOfTypical || short === undefined || short.count === 0) return [];
      // Where most numbers have no zero, those with one are the exception.
      if (short.count > values) return [];
      const { count, rows, value } = short;
      return [
        {
          code: 'PHONES_WITHOUT_ZERO',
          columns: [column],
          count,
          rows,
          message: `The phone number has ${length - 1} digits, while most others begin with 0 and have ${length}: it probably lost its leading zero.`,
          suggestion: 'Format the column as text and export again.',
          ...(value === undefined ? {} : { value }),
          usualLength: length,
        },
      ];
    },
  };
}

function describeLostZeros(column: string, { count, rows, value }: Tally): ColumnIssue {
  return {
    code: 'PHONES_WITHOUT_ZERO',
    columns: [column],
    count,
    rows,
    message: `The phone number has ${mobileDigits} digits and begins like a mobile number without its 0, as most of its column do: they probably lost their leading zero.`,
    suggestion:
      'Format the column as text and export again, or name the country in the mapping: "transform": [{ "phone": { "country": "AU" } }].',
    ...(value === undefined ? {} : { value }),
    usualLength: mobileDigits + 1,
  };
}

function findFirstDigit(text: string): string {
  let at = 0;
  while (at < text.length && !isDigitAt(text, at)) at += 1;
  return text.charAt(at);
}

function isPhoneWithoutZero(text: string, usualLength: number): boolean {
  return countNationalDigits(text) === usualLength - 1 && !beginsWithZero(text);
}

/** The number of digits of a phone number without a country code; 0 for anything else. */
function countNationalDigits(text: string): number {
  let digits = 0;
  for (let at = 0; at < text.length; at += 1)
    if (isDigitAt(text, at)) digits += 1;
    else if (!betweenDigits.test(text.charAt(at))) return 0;
  return digits;
}

const betweenDigits = /[\s().\-/]/;

function beginsWithZero(text: string): boolean {
  return findFirstDigit(text) === '0';
}

/** Whether an issue of a column affects a cell. */
export function isAffected({ code, usualLength = 0 }: ColumnIssue, text: string): boolean {
  return affectedTests[code]?.(text, usualLength) ?? false;
}

const affectedTests: Readonly<Record<string, (text: string, usualLength: number) => boolean>> = {
  MIXED_DATE_ORDER: (text) => (detectDateOrder(text) ?? 'same') !== 'same',
  AMBIGUOUS_DATES: (text) => detectDateOrder(text) === 'either',
  POST_CODES_TOO_SHORT: isPostCodeTooShort,
  PHONES_WITHOUT_ZERO: isPhoneWithoutZero,
};
