import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { buildMappingSchema } from '#pipelines/mapping/schema.js';
import { parsed, parseIssues, withRule } from './mapping-under-test.js';

function withMore(more: object): object {
  return { fields: { firstName: 'First' }, ...more };
}

describe('parseMapping', () => {
  it.each<[title: string, json: unknown, code: string, path: string, says: string]>([
    ['a file that is no object', [], 'WRONG_KIND', '', 'found a list'],
    ['a file that is empty', undefined, 'WRONG_KIND', '', 'found null'],
    ['an unknown property', withMore({ feilds: {} }), 'PROPERTY_UNKNOWN', 'feilds', 'did you mean "fields"?'],
    ['no fields', { mode: 'add' }, 'PROPERTY_MISSING', '', '"fields" is missing'],
    ['fields without a field', { fields: {} }, 'PROPERTY_MISSING', 'fields', 'map at least one'],
    ['another version', withMore({ version: 2 }), 'VERSION_UNSUPPORTED', 'version', 'version 1'],
    ['an unknown mode', withMore({ mode: 'upsrt' }), 'CHOICE_UNKNOWN', 'mode', 'did you mean "upsert"?'],
    ['null in place of a text', withMore({ mode: null }), 'WRONG_KIND', 'mode', 'found null'],
    ['leavers without a key', withMore({ absent: 'report' }), 'ABSENT_WITHOUT_KEY', 'absent', 'needs a "key"'],
    [
      'leavers of a file that only adds',
      withMore({ absent: 'report', key: { column: 'A' }, mode: 'add' }),
      'OPTION_UNUSED',
      'absent',
      '"mode": "add"',
    ],
    [
      'a guard for leavers without them',
      withMore({ guards: { absentPercent: 1 } }),
      'OPTION_UNUSED',
      'guards.absentPercent',
      '"absent"',
    ],
    ['an unknown write', withMore({ write: 'whenEmtpy' }), 'CHOICE_UNKNOWN', 'write', 'did you mean "whenEmpty"?'],
    ['a conflict without a whenChanged', withMore({ conflict: 'ask' }), 'OPTION_UNUSED', 'conflict', '"whenChanged"'],
    ['an unknown policy', withMore({ blank: 'clean' }), 'CHOICE_UNKNOWN', 'blank', 'did you mean "clear"?'],
    [
      'a header row below one',
      withMore({ source: { headerRow: 0 } }),
      'WRONG_KIND',
      'source.headerRow',
      'of 1 or more',
    ],
    [
      'a delimiter of two signs',
      withMore({ source: { delimiter: ';;' } }),
      'CHOICE_UNKNOWN',
      'source.delimiter',
      'one character',
    ],
    [
      'an unknown source property',
      withMore({ source: { sheeet: 'A' } }),
      'PROPERTY_UNKNOWN',
      'source.sheeet',
      '"sheet"',
    ],
    ['a blank token', withMore({ nullToken: ' ' }), 'WRONG_KIND', 'nullToken', 'blank'],
    ['an unknown field', withRule('A', 'fristName'), 'FIELD_UNKNOWN', 'fields.fristName', 'did you mean "firstName"'],
    ['a field in other letters', withRule('A', 'Firstname'), 'FIELD_UNKNOWN', 'fields.Firstname', '"firstName"'],
    ['a field named like a method', withRule('A', 'constructor'), 'FIELD_UNKNOWN', 'fields.constructor', 'no field'],
    [
      'a field with odd signs',
      withRule('A', 'loyalty tier'),
      'FIELD_UNKNOWN',
      'fields["loyalty tier"]',
      'customFields',
    ],
    ['a field that the server keeps', withRule('A', 'balance'), 'FIELD_SERVER_KEPT', 'fields.balance', 'server sets'],
    ['a server date', withRule('A', 'firstSaledate'), 'FIELD_SERVER_KEPT', 'fields.firstSaledate', 'remove it'],
    [
      'a declared field of the API',
      withMore({ customFields: { Notes: 'string' } }),
      'CUSTOM_FIELD_INVALID',
      'customFields.Notes',
      '"notes"',
    ],
    [
      'an impossible declared name',
      withMore({ customFields: { '1st': 'string' } }),
      'CUSTOM_FIELD_INVALID',
      'customFields["1st"]',
      'letter',
    ],
    [
      'a declared field of no type',
      withMore({ customFields: { tier: 'text' } }),
      'CHOICE_UNKNOWN',
      'customFields.tier',
      '"string"',
    ],
    ['a key without a column', withMore({ key: {} }), 'SOURCE_MISSING', 'key', 'exactly one'],
    ['a key with both', withMore({ key: { column: 'A', columns: ['A'] } }), 'SOURCE_CONFLICT', 'key', 'exactly one'],
    ['an unknown stamp', withMore({ key: { column: 'A', stamp: 'cC_01' } }), 'STAMP_INVALID', 'key.stamp', '"cC_001"'],
    [
      'a stamp that is a number',
      withMore({ key: { column: 'A', stamp: 'creditLimit' } }),
      'STAMP_INVALID',
      'key.stamp',
      'not a text field',
    ],
    [
      'a stamp that is mapped',
      withMore({ key: { column: 'A', stamp: 'firstName' } }),
      'STAMP_INVALID',
      'key.stamp',
      'mapped under "fields"',
    ],
    [
      'a match that is not mapped',
      withMore({ match: ['emailAddress'] }),
      'MATCH_NOT_MAPPED',
      'match[0]',
      '"emailAddress"',
    ],
    ['an update of nobody', withMore({ mode: 'update' }), 'MATCH_MISSING', 'mode', 'add a "key"'],
    [
      'an update by an empty match',
      withMore({ mode: 'upsert', match: [] }),
      'MATCH_MISSING',
      'mode',
      'existing customers',
    ],
  ])('reports %s', (_title, json, code, path, says) => {
    expect(parseIssues(json)).toEqual([{ severity: 'error', code, path, message: expect.stringContaining(says) }]);
  });

  it('reports everything at once', () => {
    const problems = parseIssues({
      mode: 'upsrt',
      fields: { creditLimit: 'Limit', fristName: 'A', notes: { column: 'B', transform: ['trm', 'uper'] } },
      ignore: 'C',
    });
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'fields.creditLimit',
      'fields.fristName',
      'fields.notes.transform[0]',
      'fields.notes.transform[1]',
      'ignore',
      'mode',
    ]);
  });

  it('does not report a rule that is wrong as a missing one', () => {
    const json = {
      mode: 'update',
      match: ['emailAddress'],
      fields: { emailAddress: { column: 'A', transform: ['x'] } },
    };
    expect(parseIssues(json).map(({ code }) => code)).toEqual(['TRANSFORM_UNKNOWN']);
  });

  it.each<[title: string, json: object]>([
    ['a declared field', { customFields: { loyaltyTier: 'string' }, fields: { loyaltyTier: 'Tier' } }],
    [
      'a declared number',
      { customFields: { visits: 'integer' }, fields: { visits: { column: 'V', type: 'integer' } } },
    ],
    ['finished lookup values without a type', withRule({ column: 'A', lookup: { a: true, b: false } }, 'active')],
    ['an update by code', { mode: 'update', fields: { customerCode: 'Code', notes: 'Notes' } }],
    ['an upsert by a match', { mode: 'upsert', match: ['emailAddress'], fields: { emailAddress: 'E-mail' } }],
    ['a null default, which clears', withRule({ column: 'A', default: null })],
    ['a transform with an empty object', withRule({ column: 'A', transform: [{ trim: {} }] })],
  ])('accepts %s', (_title, json) => {
    expect(parseIssues(json)).toEqual([]);
  });

  it('treats "auto" as absent', () => {
    const source = { sheet: 'Customers', headerRow: 3, encoding: 'auto', delimiter: 'auto' };
    expect(parsed(withMore({ source })).source).toEqual({ sheet: 'Customers', headerRow: 3 });
    expect(parsed(withMore({ source: { encoding: 'utf-16le', delimiter: '\t' } })).source).toEqual({
      encoding: 'utf-16le',
      delimiter: '\t',
    });
  });

  it('fills in every default', () => {
    expect(parsed({ fields: { firstName: 'First' } })).toMatchInlineSnapshot(`
      {
        "blank": "keep",
        "blankTokens": {
          "allow": [],
          "also": [],
          "isOn": true,
        },
        "cellTexts": "clean",
        "customFields": {},
        "fields": [
          {
            "columns": [
              "First",
            ],
            "field": "firstName",
            "fieldType": "string",
            "join": " ",
            "kind": "columns",
            "transforms": [],
            "type": {
              "name": "string",
            },
          },
        ],
        "guards": {},
        "ignore": [],
        "match": [],
        "nameless": "error",
        "source": {},
        "unmapped": "warn",
      }
    `);
  });
});

const accepts = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(buildMappingSchema());

function rule(rest: object): object {
  return withRule({ column: 'A', ...rest });
}

/** As the formatter of the repository writes it: short lists on one line. */
function formatted(schema: object): string {
  const listOfTexts = /\[\s+("[^"]*"(?:,\s+"[^"]*")*)\s+\]/g;
  return `${JSON.stringify(schema, null, 2)}\n`.replaceAll(
    listOfTexts,
    (_list, texts: string) => `[${texts.replaceAll(/,\s+/g, ', ')}]`,
  );
}

describe('the published schema', () => {
  it('is generated from the description of the mapping (update it with vitest -u)', async () => {
    await expect(formatted(buildMappingSchema())).toMatchFileSnapshot('../../../schemas/mappings.schema.json');
  });

  it.each(['mappings.example.json', 'fixtures/au-500.mapping.json', 'fixtures/customers-1000.mapping.json'])(
    'accepts %s',
    (file) => {
      accepts(JSON.parse(readFileSync(file, 'utf8')));
      expect(accepts.errors).toBeNull();
    },
  );

  it.each<[title: string, json: unknown]>([
    ['the short form', withRule('A')],
    ['several columns', withRule({ columns: ['A', 'B'], join: '' })],
    ['a constant', withRule({ value: 'x' })],
    [
      'every kind of option',
      rule({
        transform: [
          'trim',
          { pad: { length: 4 } },
          { replace: { from: 'a', to: '' } },
          { split: { separator: ' ', index: -1 } },
          { extract: { pattern: 'a', otherwise: 'keep' } },
        ],
      }),
    ],
    ['a lookup with a value otherwise', rule({ lookup: { a: 'b' }, otherwise: { value: 'c' } })],
    ['an expression', withRule({ expression: "'Since ' & $row.Since", default: 'x' })],
    ['a telephone number', rule({ transform: [{ phone: { country: 'AU', format: 'national' } }] })],
    ['a date and a number in another form', rule({ transform: [{ date: { from: 'D/M/YY' } }, 'number'] })],
    ['a declared field', { customFields: { tier: 'string' }, fields: { tier: 'Tier' } }],
    [
      'every source hint',
      { ...withRule('A'), source: { sheet: 'S', headerRow: 2, encoding: 'utf-8', delimiter: '\t' } },
    ],
  ])('accepts what the parser accepts: %s', (_title, json) => {
    expect(parseIssues(json)).toEqual([]);
    expect(accepts(json)).toBe(true);
  });

  it.each<[title: string, json: unknown]>([
    ['an unknown property', { ...withRule('A'), feilds: 1 }],
    ['no fields', {}],
    ['fields without a field', { fields: {} }],
    ['an unknown mode', { ...withRule('A'), mode: 'all' }],
    ['another version', { ...withRule('A'), version: 2 }],
    ['a delimiter of two signs', { ...withRule('A'), source: { delimiter: ';;' } }],
    ['a key with both', { ...withRule('A'), key: { column: 'A', columns: ['B'] } }],
    ['a rule without a source', withRule({ type: 'string' })],
    ['two sources', withRule({ column: 'A', value: 'x' })],
    ['an unknown rule property', rule({ colum: 'B' })],
    ['an unknown type', rule({ type: 'text' })],
    ['an unknown transform', rule({ transform: ['trm'] })],
    ['a transform without its options', rule({ transform: ['pad'] })],
    ['a missing option', rule({ transform: [{ pad: { with: '0' } }] })],
    ['an unknown option', rule({ transform: [{ pad: { length: 1, lenght: 1 } }] })],
    ['a fill of two signs', rule({ transform: [{ pad: { length: 1, with: '00' } }] })],
    ['an unknown otherwise', rule({ lookup: { a: 'b' }, otherwise: 'ignore' })],
    ['an odd decimal sign', rule({ type: 'number', decimal: ';' })],
    ['an expression and a column', withRule({ expression: '1', column: 'A' })],
    ['a country by its name', rule({ transform: [{ phone: { country: 'Australia' } }] })],
    ['an unknown declared type', { ...withRule('A'), customFields: { tier: 'text' } }],
  ])('refuses what the parser refuses: %s', (_title, json) => {
    expect(parseIssues(json)).not.toEqual([]);
    expect(accepts(json)).toBe(false);
  });
});
