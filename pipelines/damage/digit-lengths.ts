import { isDigitAt } from '#pipelines/digits.js';
import { addTo, type ColumnWatch, createTally, type Tally, together } from './column-watch.js';

const maxDigits = 20;
/** Fewer values than this show no habit. */
const minValues = 10;
/** With more exceptions than this, two lengths are usual: two countries, not lost zeros. */
const minShareOfUsual = 0.65;
/** Post codes of two zeros (00501) are the most that a spreadsheet takes away. */
const maxZerosLost = 2;

/** How often each number of digits occurs. */
interface Lengths {
  readonly tallies: readonly Tally[];
}

function createLengths(): Lengths {
  return { tallies: Array.from({ length: maxDigits + 1 }, createTally) };
}

function usualLength({ tallies }: Lengths): { length: number; share: number; values: number } {
  const values = tallies.reduce((sum, { count }) => sum + count, 0);
  const length = tallies.reduce((best, { count }, at) => (count > (tallies[best]?.count ?? 0) ? at : best), 0);
  return { length, share: values === 0 ? 0 : (tallies[length]?.count ?? 0) / values, values };
}

/** Post codes of digits only that are shorter than is usual in their column: they lost their leading zeros. */
export function watchPostCodes(column: string): ColumnWatch {
  const lengths = createLengths();
  return {
    see(text, row) {
      const tally = isDigits(text) ? lengths.tallies[text.length] : undefined;
      if (tally !== undefined) addTo(tally, row, text);
    },
    finish() {
      const { length, share, values } = usualLength(lengths);
      const { count, rows, value } = together(lengths.tallies.slice(shortestOf(length), length));
      if (values < minValues || share < minShareOfUsual || count === 0) return [];
      return [
        {
          code: 'POST_CODES_TOO_SHORT',
          columns: [column],
          count,
          rows,
          message: `The post code is shorter than the ${length} digits that are usual in its column: it probably lost its leading zeros.`,
          suggestion: `Fill it up in the mapping: "transform": [{ "pad": { "length": ${length} } }]. Or format the column as text and export again.`,
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

function shortestOf(usualLength: number): number {
  return Math.max(1, usualLength - maxZerosLost);
}

export function isPostCodeTooShort(text: string, usualLength: number): boolean {
  return isDigits(text) && text.length >= shortestOf(usualLength) && text.length < usualLength;
}

/** Phone numbers one digit shorter than the usual one that begins with 0. */
export function watchPhones(column: string): ColumnWatch {
  const withZero = createLengths();
  const withoutZero = createLengths();
  return {
    see(text, row) {
      const digits = nationalDigits(text);
      const tally = digits === 0 ? undefined : (beginsWithZero(text) ? withZero : withoutZero).tallies[digits];
      if (tally !== undefined) addTo(tally, row, text);
    },
    finish() {
      const { length, share, values } = usualLength(withZero);
      const short = withoutZero.tallies[length - 1];
      if (values < minValues || share < minShareOfUsual || short === undefined || short.count === 0) return [];
      // Where most numbers have no zero, those that do are the exception.
      if (short.count > values) return [];
      const { count, rows, value } = short;
      return [
        {
          code: 'PHONES_WITHOUT_ZERO',
          columns: [column],
          count,
          rows,
          message: `The phone number has ${length - 1} digits, where the others begin with 0 and mostly have ${length}: it probably lost its leading zero.`,
          suggestion: 'Format the column as text and export again.',
          ...(value === undefined ? {} : { value }),
          usualLength: length,
        },
      ];
    },
  };
}

export function isPhoneWithoutZero(text: string, usualLength: number): boolean {
  return nationalDigits(text) === usualLength - 1 && !beginsWithZero(text);
}

/** How many digits a number without a country code has; none when it is something else. */
function nationalDigits(text: string): number {
  let digits = 0;
  for (let at = 0; at < text.length; at += 1)
    if (isDigitAt(text, at)) digits += 1;
    else if (!betweenDigits.test(text.charAt(at))) return 0;
  return digits;
}

const betweenDigits = /[\s().\-/]/;

function beginsWithZero(text: string): boolean {
  let at = 0;
  while (at < text.length && !isDigitAt(text, at)) at += 1;
  return text.charAt(at) === '0';
}
