import type { ColumnVerdict } from './column-watch.js';
import { orderOf } from './date-order.js';
import { isPhoneWithoutZero, isPostCodeTooShort } from './digit-lengths.js';

/** Whether a cell is one of those that a column's verdict is about. */
export function isConcerned({ code, usualLength = 0 }: ColumnVerdict, text: string): boolean {
  return concerns[code]?.(text, usualLength) ?? false;
}

const concerns: Readonly<Record<string, (text: string, usualLength: number) => boolean>> = {
  MIXED_DATE_ORDER: (text) => (orderOf(text) ?? 'same') !== 'same',
  AMBIGUOUS_DATES: (text) => orderOf(text) === 'either',
  POST_CODES_TOO_SHORT: isPostCodeTooShort,
  PHONES_WITHOUT_ZERO: isPhoneWithoutZero,
};
