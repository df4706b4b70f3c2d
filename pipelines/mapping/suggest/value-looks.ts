import { booleanWords } from './boolean-words.js';
import type { ColumnValues } from './column-values.js';
import { dateFormOf } from './date-order.js';
import { numberFormOf } from './number-signs.js';

/** What the values of a column look like. */
export type Look = 'blank' | 'e-mail' | 'web address' | 'telephone' | 'yes/no' | 'date' | 'number' | 'digits' | 'text';

/** A column of one kind may hold a few slips. */
const shareOfLook = 0.9;

const shapes = {
  'e-mail': /^\S+@\S+\.\S+$/,
  'web address': /^(?:https?:\/\/\S+|www\.\S+\.\S+)$/i,
  telephone: /^(?=(?:\D*\d){6,15}\D*(?:(?:x|ext\.?)\s?\d+)?$)\+?[\d\s()./-]+(?:(?:x|ext\.?)\s?\d+)?$/i,
  /** Post codes, numbers of customers: digits whose first may be a zero. */
  digits: /^\d{2,12}$/,
} as const;

/** What most values look like; the first that fits in the order from the most certain to the least. */
export function lookOf({ texts }: ColumnValues): Look {
  if (texts.length === 0) return 'blank';
  if (share(texts, shapes['e-mail']) >= shareOfLook) return 'e-mail';
  if (share(texts, shapes['web address']) >= shareOfLook) return 'web address';
  if (booleanWords(texts) !== undefined) return 'yes/no';
  if (dateFormOf(texts) !== undefined) return 'date';
  if (share(texts, shapes.digits) >= shareOfLook) return 'digits';
  if (share(texts, shapes.telephone) >= shareOfLook) return 'telephone';
  return numberFormOf(texts) === undefined ? 'text' : 'number';
}

/** How many of the texts have the shape of a look, from 0 to 1. */
export function share(texts: readonly string[], shape: RegExp): number {
  return texts.length === 0 ? 0 : texts.filter((text) => shape.test(text)).length / texts.length;
}

export const emailShape = shapes['e-mail'];
