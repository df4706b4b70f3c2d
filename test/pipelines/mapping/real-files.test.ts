import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileMapping } from '#pipelines/mapping/compile.js';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';
import { readRows } from './read-rows.js';

function mapFile(file: string, mappingFile: string) {
  const parsed = parseMapping(JSON.parse(readFileSync(mappingFile, 'utf8')));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2));
  const { columns, rows } = readRows(file);
  const compilation = compileMapping(parsed.mapping, columns);
  if (!compilation.ok) throw new Error(JSON.stringify(compilation.problems, null, 2));
  const { compiled } = compilation;
  const validate = createDraftValidator(parsed.mapping.customFields);
  const outcomes = rows.map((row) => {
    const mapped = compiled.map(row);
    return { ...mapped, reasons: [...mapped.reasons, ...validate(mapped.draft)] };
  });
  return { compiled, outcomes };
}

describe('the mappings that the project ships', () => {
  it.each([
    ['fixtures/samples/au-500.csv', 'fixtures/au-500.mapping.json', 500],
    ['fixtures/samples/customers-1000.csv', 'fixtures/customers-1000.mapping.json', 1000],
  ])('map and validate every row of %s', (file, mappingFile, count) => {
    const { compiled, outcomes } = mapFile(file, mappingFile);
    expect(compiled.unmappedColumns).toEqual([]);
    expect(outcomes).toHaveLength(count);
    expect(outcomes.flatMap(({ reasons }) => reasons)).toEqual([]);
    expect(new Set(outcomes.map(({ key }) => key)).size).toBe(count);
  });

  it('keep the leading zero of Darwin', () => {
    const { outcomes } = mapFile('fixtures/samples/au-500.csv', 'fixtures/au-500.mapping.json');
    expect(outcomes.map(({ draft }) => draft.postalCode)).toContain('0810');
  });

  it('find the rows of the example that are bad on purpose, and no others', () => {
    const { outcomes } = mapFile('fixtures/customers.csv', 'mappings.example.json');
    expect(outcomes).toHaveLength(40);
    const bad = outcomes.flatMap(({ reasons }, index) =>
      reasons.map(({ code, message }) => `${index + 1} ${code} ${message}`),
    );
    expect(bad).toMatchInlineSnapshot(`
      [
        "16 NOT_A_NUMBER Credit Limit "12,5x" is not a number; expected digits with "," as decimal sign and "." between groups of three",
        "20 NOT_IN_LOOKUP State "Victroia" is not in the lookup; did you mean "Victoria"?",
        "24 EMAIL_INVALID emailAddress "fatima.morningtoncheese.example" is not an e-mail address; expected one such as name@example.com",
        "26 KEY_MISSING Account No is blank; every row needs a key",
      ]
    `);
    const keys = outcomes.map(({ key }) => key);
    expect(keys.filter((key, index) => key !== undefined && keys.indexOf(key) !== index)).toEqual(['A-0011']);
  });

  it('write the example as people would', () => {
    const { outcomes } = mapFile('fixtures/customers.csv', 'mappings.example.json');
    expect(outcomes.map(({ draft }) => `${draft.firstName} ${draft.lastName}`).slice(0, 12)).toMatchInlineSnapshot(`
      [
        "Maeve O'Brien",
        "Tobias McDonald",
        "Jan van der Berg",
        "Giulia D'Angelo",
        "Zoë Lindqvist",
        "Warren Tjapaltjari-Reed",
        "Siobhán Ní Dhuibhne",
        "Jürgen Müller",
        "Priya Raghunathan",
        "Thi Mai Nguyen",
        "Callum MacLeod",
        "Eleanor Smythe-Jones",
      ]
    `);
    expect(outcomes[2]).toMatchInlineSnapshot(`
      {
        "defaulted": [
          "country",
        ],
        "draft": {
          "address": "201 Stuart Hwy",
          "allowMailing": true,
          "cC_001": "A-0003",
          "cC_002": "2012-02-29",
          "city": "Parap",
          "country": "Australia",
          "creditLimit": 7500,
          "customerName": "Tropic Tyres Pty Ltd",
          "customerType": "Adult",
          "discountPercent": 2.5,
          "emailAddress": "Jan.vdBerg@tropictyres.example",
          "firstName": "Jan",
          "lastName": "van der Berg",
          "phoneNumber": "08 5550 1203",
          "postalCode": "0820",
          "priceBand": 2,
          "region": "NT",
        },
        "key": "A-0003",
        "notes": [],
        "reasons": [],
      }
    `);
    expect(outcomes[36]?.draft.address).toBe('300 Church Street, Level 4 Reception');
  });
});
