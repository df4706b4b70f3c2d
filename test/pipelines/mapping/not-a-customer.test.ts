import { describe, expect, it } from 'vitest';
import { compileMapping } from '#pipelines/mapping/compile.js';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';
import type { Cell, RowSigns } from '#pipelines/model.js';

const columns = ['No', 'Company', 'Phone', 'Post Code', 'Email', 'City', 'Limit', 'Region'];
const fields = {
  customerName: 'Company',
  phoneNumber: 'Phone',
  postalCode: 'Post Code',
  emailAddress: 'Email',
  city: 'City',
};
const keyed = { key: { column: 'No' }, fields };
const keyless = { mode: 'add', fields };

/** Why a row of these cells is no customer. */
function recognise(mapping: object, cells: readonly Cell[], signs?: RowSigns): string | undefined {
  const parsed = parseMapping({ unmapped: 'ignore', ...mapping });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const result = compileMapping(parsed.mapping, columns);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const row = { index: 0, number: 2, cells, ...(signs === undefined ? {} : { signs }) };
  return result.compiled
    .recognise(row)
    ?.reason.message.replace(/^The row is not a customer: /, '')
    .replace(/\. To import.*/, '');
}

const at = (cells: Readonly<Record<string, string>>) => columns.map((name) => cells[name] ?? '');

describe('a row that is no customer', () => {
  it.each([
    ['the header again', columns, undefined, 'it repeats the header'],
    ['part of the header', at({ No: 'No', Company: 'Company' }), undefined, 'it repeats the header'],
    ['dashes', columns.map(() => '----'), undefined, 'it is a line between other rows'],
    ['a total in the key', at({ No: 'Grand Total', Company: '3' }), undefined, 'it is a total ("Grand Total")'],
    ['a subtotal', at({ No: 'Subtotal NT' }), undefined, 'it is a total ("Subtotal NT")'],
    [
      'a German sum',
      at({ No: 'Zwischensumme NT', Limit: '1.200,50' }),
      undefined,
      'it is a total ("Zwischensumme NT")',
    ],
    ['a total as name', at({ Company: 'Total', Limit: '$1,200.50' }), undefined, 'it is a total ("Total")'],
    ['Summe as name, without a key', at({ Company: 'Summe' }), undefined, 'it is a total ("Summe")'],
    ['a total in another column', at({ Region: 'Total NSW', Limit: '300' }), undefined, 'it is a total ("Total NSW")'],
    ['Excel’s own subtotal', at({ Region: 'NSW Total', Limit: '300' }), undefined, 'it is a total ("NSW Total")'],
    ['a number of rows', at({ No: '(2 rows affected)' }), undefined, 'it is a note ("(2 rows affected)")'],
    ['DB2’s number of rows', at({ No: '2 record(s) selected.' }), undefined, 'it is a note ("2 record(s) selected.")'],
    ['a count', at({ No: 'Total: 2 customers' }), undefined, 'it is a note ("Total: 2 customers")'],
    ['the end', at({ No: '*** End of Report ***' }), undefined, 'it is a note ("*** End of Report ***")'],
    ['a page', at({ Company: 'Page 1 of 3' }), undefined, 'it is a note ("Page 1 of 3")'],
    [
      'when it was printed',
      at({ No: 'Printed 30/11/2026 by Ann' }),
      undefined,
      'it is a note ("Printed 30/11/2026 by Ann")',
    ],
    [
      'a sentence below a gap',
      at({ No: 'Source: the old system' }),
      { isAfterGap: true },
      'it is a note ("Source: the old system")',
    ],
    ['only amounts', at({ Limit: '1200' }), undefined, 'it has only amounts'],
    ['formulas that give 0', at({ No: '0', Company: '0', Limit: 'FALSE' }), undefined, 'it holds nothing'],
    ['nothing but NULL', at({ No: 'NULL', Company: 'NULL' }), undefined, 'it holds nothing'],
    [
      'formulas with a default',
      at({ Region: 'Unknown', Limit: '0' }),
      { hasOnlyFormulas: true },
      'its formulas give no name',
    ],
    ['sums under a name', at({ Company: 'Darwin', Limit: '300' }), { sums: [6] }, 'it has sums of the rows above'],
    [
      'a declared total',
      at({ No: '25', Company: 'All', Limit: '300' }),
      { isTotals: true },
      'it is the totals row of a table',
    ],
  ] as const)('is recognised: %s', (_what, cells, signs, why) => {
    expect(recognise(keyed, cells, signs)).toBe(why);
  });

  it.each([
    ['Total Tools with a key', at({ No: '7', Company: 'Total Tools' })],
    ['a firm called Total with a key', at({ No: 'T1', Company: 'Total', Limit: '100' })],
    ['a key that is a word for a sum', at({ No: 'TOTAL', Company: 'Total Tools' })],
    ['a total with an address', at({ Company: 'Total', City: 'Paris' })],
    ['a total with a post code', at({ Company: 'Summe', 'Post Code': '0800' })],
    ['a total with a telephone number', at({ Company: 'Total', Phone: '0491 570 156' })],
    ['a total with an e-mail address', at({ Company: 'Total', Email: 'info@total.example' })],
    ['a number as name', at({ No: 'A1', Company: '360' })],
    ['a key alone', at({ No: '1005' })],
    ['a key with amounts', at({ No: '1005', Limit: '300' })],
    ['an e-mail address alone', at({ Email: 'ann@example.com' })],
    ['a customer below a gap', at({ No: 'K 1', Company: 'Koala' }), { isAfterGap: true }],
    ['a key below a gap', at({ No: 'K 1' }), { isAfterGap: true }],
    ['formulas that give a customer', at({ No: '1', Company: 'Koala' }), { hasOnlyFormulas: true }],
    ['a limit that is a sum beside a key', at({ No: '1', Company: 'Koala', Limit: '300' }), { sums: [6] }],
    ['a cell that says what its heading says', at({ No: '7', Company: 'Company', City: 'City' })],
  ] as const)('is not: %s', (_what, cells, signs?: RowSigns) => {
    expect(recognise(keyed, cells, signs)).toBeUndefined();
  });

  it.each([
    'Total Tools',
    'Summe GmbH',
    'Total',
    'Grand Total Pty Ltd',
    'Sum',
    'Page One Books',
    'Printed Matters 2000',
    '360',
  ])('is not one of which only the name %s is known', (name) => {
    expect(recognise(keyless, at({ Company: name }))).toBeUndefined();
  });

  it('is one that has amounts, or stands below a gap, where there is no key', () => {
    expect(recognise(keyless, at({ Company: 'Total', Limit: '300' }))).toBe('it is a total ("Total")');
    expect(recognise(keyless, at({ Company: 'Summe' }), { isAfterGap: true })).toBe('it is a total ("Summe")');
    expect(recognise(keyless, at({ Company: 'Total Tools', Limit: '300' }))).toBeUndefined();
  });

  it('is kept where the mapping says so', () => {
    expect(recognise({ ...keyed, source: { keepAllRows: true } }, at({ No: 'Grand Total' }))).toBeUndefined();
  });
});
