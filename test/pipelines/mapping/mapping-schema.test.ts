import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { mappingSchema } from '#pipelines/mapping/mapping-schema.js';
import { problemsOf, withRule } from './mapping-under-test.js';

const accepts = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(mappingSchema());

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
  it('is what the tables of the parser say (renew it with vitest -u)', async () => {
    await expect(formatted(mappingSchema())).toMatchFileSnapshot('../../../schemas/mappings.schema.json');
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
    expect(problemsOf(json)).toEqual([]);
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
    expect(problemsOf(json)).not.toEqual([]);
    expect(accepts(json)).toBe(false);
  });
});
