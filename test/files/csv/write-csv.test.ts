import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRowFormatter } from '#src/files/csv/write-csv.js';

const cell = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '',
    ' ',
    'plain',
    'a,b',
    'a;b',
    'a|b',
    'a\tb',
    '"',
    'say ""',
    'two\nlines',
    'old\rMac',
    '\r\n',
    '\uFEFF',
    '\u0001',
    'a^b]\\-',
  ),
);
const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 6 }), { maxLength: 12 });

describe('rows as CSV', () => {
  it.each([',', ';', '\t', '|', '^', ']', '\\', '-', '::'])(
    'are what csv-stringify makes of them, between cells a %j',
    (delimiter) => {
      for (const more of [{}, { quoted_match: /\r/ }, { quoted_empty: true }]) {
        const options = { delimiter, record_delimiter: '\n', quote_record_delimiter: true, ...more };
        const toText = createRowFormatter(options);
        fc.assert(
          fc.property(rows, (some) => {
            expect(toText(some)).toBe(stringify(some, options));
          }),
        );
      }
    },
  );
});
