import { describe, expect, it } from 'vitest';
import { discoverCustomFields, lintAgainstCustomers, lintMapping, lintSample } from '#pipelines/mapping/lint.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';
import { compiled, parsed } from './mapping-under-test.js';

const keyed = { key: { column: 'No', stamp: 'cC_001' }, fields: { customerName: 'Company' } };

function lintCodes(json: object): readonly string[] {
  return lintMapping(parsed(json)).map(({ code, path }) => `${code} ${path}`);
}

describe('a mapping by itself', () => {
  it.each<[title: string, json: object, codes: readonly string[]]>([
    ['has nothing to remark on', keyed, []],
    ['maps no name', { ...keyed, fields: { city: 'Town' } }, ['NAME_UNMAPPED fields']],
    ['needs no name for updates', { ...keyed, mode: 'update', fields: { city: 'Town' } }, []],
    [
      'never writes a field',
      { ...keyed, mode: 'update', fields: { city: { column: 'Town', write: 'create' }, notes: 'Text' } },
      ['NEVER_WRITTEN fields.city'],
    ],
    ['says nothing of who a customer is', { fields: { customerName: 'Company' } }, ['NOTHING_IDENTIFIES ']],
    ['need not when it only adds', { mode: 'add', fields: { customerName: 'Company' } }, []],
    ['is content with a code', { fields: { customerCode: 'Code', customerName: 'Company' } }, []],
    ['is content with a match', { match: ['emailAddress'], fields: { firstName: 'F', emailAddress: 'E' } }, []],
    [
      'has a transform without an inverse',
      { ...keyed, fields: { customerName: { column: 'Company', transform: [{ truncate: { length: 9 } }] } } },
      ['NO_WAY_BACK fields.customerName'],
    ],
    [
      'has a fixed value, an expression and an ignored column',
      {
        ...keyed,
        fields: { customerName: 'Company', customerType: { value: 'Adult' }, notes: { expression: '$row.A' } },
        ignore: ['B'],
      },
      ['NO_WAY_BACK fields.customerType', 'NO_WAY_BACK fields.notes', 'NO_WAY_BACK ignore[0]'],
    ],
    ['has a key that no field carries', { ...keyed, key: { column: 'No' } }, ['KEY_ALONE key', 'NO_WAY_BACK key']],
    ['has a match beside its key', { ...keyed, key: { column: 'No' }, match: ['customerName'] }, ['NO_WAY_BACK key']],
  ])('%s', (_title, json, codes) => {
    expect(lintCodes(json)).toEqual(codes);
  });
});

describe('a mapping on a file', () => {
  it('groups invalid values with their first row, and names unused columns', async () => {
    const mapping = {
      ...keyed,
      fields: { customerName: 'Company', creditLimit: { column: 'Limit', type: 'number' }, emailAddress: 'Mail' },
    };
    const cells = [
      ['1', 'Koala', '5', 'a@x.example', ''],
      ['2', 'Wren', 'five', 'a@x.example', ''],
      ['', 'Crow', 'six', 'none', ''],
    ];
    const rows = cells.map((row, index) => ({ index, number: index + 2, cells: row }));
    const mapper = compiled(mapping, ['No', 'Company', 'Limit', 'Mail', 'Colour']);
    const { warnings: remarks, ...counts } = await lintSample(mapper, rows, createDraftValidator());
    expect(counts).toEqual({ rows: 3, invalidRows: 2 });
    expect(remarks.map(({ code, path, message }) => `${code} ${path} ${message}`)).toEqual([
      'COLUMN_UNUSED  The mapping does not mention the column "Colour"; map it, or add it to "ignore"',
      'VALUES_MISFIT fields.creditLimit 2 of 3 rows, first row 3: Limit "five" is not a number; expected digits with "." as decimal sign [NOT_A_NUMBER]',
      'VALUES_MISFIT key 1 of 3 rows, first row 4: No is blank; every row needs a key [KEY_MISSING]',
      'VALUES_MISFIT fields.emailAddress 1 of 3 rows, first row 4: emailAddress "none" is not an e-mail address; expected one such as name@example.com [EMAIL_INVALID]',
    ]);
  });
});

describe('a mapping beside customers that the API has', () => {
  const customers = [
    { customerCode: '1', customerName: 'Koala', cC_001: null, loyaltyTier: null, visits: 3 },
    { customerCode: '2', customerName: 'Wren', cC_001: 'x', loyaltyTier: 'gold', visits: 4 },
  ];

  it("finds the company's own fields and their types", () => {
    expect(discoverCustomFields(customers)).toEqual({ loyaltyTier: 'string', visits: 'integer' });
  });

  it.each<[title: string, json: object, remarks: readonly string[]]>([
    ['says how to declare them', keyed, ['FIELD_FOUND customFields', 'FIELD_FOUND customFields']],
    [
      'has nothing to say of those declared',
      { ...keyed, customFields: { loyaltyTier: 'string', visits: 'number' } },
      [],
    ],
    [
      'names a field that nobody has',
      { ...keyed, customFields: { loyaltyTier: 'string', visits: 'integer' }, fields: { firstName: 'First' } },
      ['FIELD_NOT_FOUND fields.firstName'],
    ],
    [
      'names a declared type that is another',
      { ...keyed, customFields: { loyaltyTier: 'string', visits: 'boolean' } },
      ['FIELD_TYPE_DIFFERS customFields.visits'],
    ],
  ])('%s', (_title, json, remarks) => {
    expect(lintAgainstCustomers(parsed(json), customers).map(({ code, path }) => `${code} ${path}`)).toEqual(remarks);
  });

  it('warns when there is no customer to compare with', () => {
    expect(lintAgainstCustomers(parsed(keyed), []).map(({ code }) => code)).toEqual(['NO_CUSTOMERS']);
  });
});
