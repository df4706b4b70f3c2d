import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertyPath } from '#pipelines/mapping/json-path.js';
import { jsonPlaces } from '#src/library/mapping/json-places.js';

const text = `{
  "version": 1,
  "fields": {
    "city": "Town", "loyalty tier": { "column": "T" },
    "notes": {
      "column": "N",
      "transform": ["trim", { "pad": { "length": 4 } }]
    }
  },
  "ignore": [
    "A",
    "B"
  ]
}
`;

describe('a place in a JSON file', () => {
  it.each([
    ['', 1, 1],
    ['version', 2, 3],
    ['fields', 3, 3],
    ['fields.city', 4, 5],
    ['fields["loyalty tier"]', 4, 21],
    ['fields["loyalty tier"].column', 4, 39],
    ['fields.notes.transform[0]', 7, 21],
    ['fields.notes.transform[1]', 7, 29],
    ['fields.notes.transform[1].pad.length', 7, 40],
    ['ignore[1]', 12, 5],
  ])('is found: %s', (path, line, column) => {
    expect(jsonPlaces(text)(path)).toEqual({ line, column });
  });

  it.each([
    ['fields.notes.type', 'fields.notes'],
    ['fields.region.lookup["New ] \\" South"]', 'fields'],
    ['fields.notes.transform[7].pad', 'fields.notes.transform'],
    ['mode', ''],
  ])('of something that is not there is where it should be: %s', (path, holder) => {
    expect(jsonPlaces(text)(path)).toEqual(jsonPlaces(text)(holder));
  });

  it('is where the name stands, whatever the file holds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { minKeys: 1 }), (json) => {
        const written = JSON.stringify(json, null, 2);
        const find = jsonPlaces(written);
        const lines = written.split('\n');
        for (const name of Object.keys(json)) {
          const { line, column } = find(propertyPath('', name));
          expect(lines[line - 1]?.slice(column - 1).startsWith(`${JSON.stringify(name)}:`)).toBe(true);
        }
      }),
    );
  });
});
