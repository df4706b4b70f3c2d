import { describe, expect, it } from 'vitest';
import { normaliseKey, parseStamp } from '#pipelines/mapping/key.js';
import { transforms } from '#pipelines/mapping/transforms/transforms.js';
import { parseAddress } from '#pipelines/quality/duplicates/parse-address.js';
import { parseName } from '#pipelines/quality/duplicates/parse-name.js';
import { normaliseValue } from '#pipelines/quality/normalise.js';
import { findSpreadsheetForm, looksSpreadsheetMade } from '#pipelines/quality/spreadsheet-forms.js';

/** The most that a cell of a workbook holds. */
const cellLength = 32_767;

/** Repeated to the length of a cell, these make a careless pattern begin again at each character. */
const units = [
  '@',
  'a@',
  'a.',
  '1',
  '0',
  ' ',
  "'",
  '+1',
  '1,',
  '<a',
  '(',
  '\u00a0',
  '\u0301',
  '\u200b',
  '="',
  'Jr ',
  '/',
];

const texts = units.flatMap((unit) => {
  const text = unit.repeat(Math.ceil(cellLength / unit.length)).slice(0, cellLength - 1);
  return [`${text}!`, `1${text}x`];
});

// A function that takes a time with the square of the length does not finish within that of a test.
describe('a cell of full length, whatever is in it,', () => {
  it.each<[what: string, read: (text: string) => unknown]>([
    ['as a key', normaliseKey],
    ['as a stamp', (text) => parseStamp(text, 'shop')],
    ['as a name', (text) => parseName({ customerName: text, firstName: text, lastName: text })],
    ['as an address', parseAddress],
    ['as what a spreadsheet program has made', (text) => [findSpreadsheetForm(text, '1'), looksSpreadsheetMade(text)]],
    ...['customerName', 'firstName', 'emailAddress', 'phoneNumber', 'postCode', 'address', 'creditLimit'].map(
      (field): [string, (text: string) => unknown] => [`as ${field}`, (text) => normaliseValue(field, text, 'AU')],
    ),
    ...(['trim', 'collapseSpaces', 'digits', 'email', 'upper', 'nameCase'] as const).map(
      (name): [string, (text: string) => unknown] => [`by ${name}`, transforms[name].apply({})],
    ),
    ['by phone', transforms.phone.apply({ country: 'AU', format: 'E.164', otherwise: 'keep' })],
    ['by extract', transforms.extract.apply({ pattern: '(?:\\d+\\D?)+z', group: 0, otherwise: 'keep' })],
  ])('is read %s', (_what, read) => {
    for (const text of texts) expect(() => read(text)).not.toThrow();
  });

  it.each([
    ['Ann@Example.COM', 'ann@example.com'],
    ['a @x.Y@b.C D@e', 'a @x.y@b.c D@e'],
    ['@B.c A@b. A@.b A@.b.C', '@B.c A@b. A@.b a@.b.c'],
  ])('leaves keys that hold an e-mail address as they were: %s', (text, key) => {
    expect(normaliseKey(text)).toBe(key);
  });
});
