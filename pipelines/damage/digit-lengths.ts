import { addTo, type ColumnWatch, createTally, firstRows, namedRows, type Tally } from './column-watch.js';

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
      const tally = /^\d+$/.test(text) ? lengths.tallies[text.length] : undefined;
      if (tally !== undefined) addTo(tally, row);
    },
    finish() {
      const { length, share, values } = usualLength(lengths);
      if (values < minValues || share < minShareOfUsual) return [];
      const short = lengths.tallies.slice(Math.max(1, length - maxZerosLost), length);
      const count = short.reduce((sum, tally) => sum + tally.count, 0);
      if (count === 0) return [];
      const rows = firstRows(short);
      return [
        {
          code: 'POST_CODES_TOO_SHORT',
          message:
            `${count} of ${values} post codes are shorter than the usual ${length} digits and probably lost their ` +
            `leading zeros (${namedRows(rows, count)}). Pad them to ${length} digits in the mapping, or format the column as text.`,
          columns: [column],
          ...firstOf(rows),
        },
      ];
    },
  };
}

/** Phone numbers one digit shorter than the usual one that begins with 0. */
export function watchPhones(column: string): ColumnWatch {
  const withZero = createLengths();
  const withoutZero = createLengths();
  return {
    see(text, row) {
      if (text.startsWith('+') || /[^\d\s().\-/]/.test(text)) return;
      const digits = text.replace(/\D/g, '');
      const tally = (digits.startsWith('0') ? withZero : withoutZero).tallies[digits.length];
      if (digits !== '' && tally !== undefined) addTo(tally, row);
    },
    finish() {
      const { length, share, values } = usualLength(withZero);
      const short = withoutZero.tallies[length - 1];
      if (values < minValues || share < minShareOfUsual || short === undefined || short.count === 0) return [];
      // Where most numbers have no zero, those that do are the exception.
      if (short.count > values) return [];
      return [
        {
          code: 'PHONES_WITHOUT_ZERO',
          message:
            `${short.count} phone numbers have ${length - 1} digits, where ${values} others begin with 0 and mostly have ` +
            `${length}: they probably lost their leading zero (${namedRows(short.rows, short.count)}). ` +
            'Format the column as text and export again.',
          columns: [column],
          ...firstOf(short.rows),
        },
      ];
    },
  };
}

function firstOf(rows: readonly number[]): { row?: number } {
  const [row] = rows;
  return row === undefined ? {} : { row };
}
