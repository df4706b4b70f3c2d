import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertyPath } from '#pipelines/shape.js';
import { complainOfJson, jsonPlaces } from '#src/json-document.js';

function complaintOf(text: string): string {
  const { line, column, fact } = complainOfJson(text);
  return `${line}:${column} ${fact}`;
}

describe('a text that is no JSON is told of with place and reason:', () => {
  it.each([
    ['', '1:1 the file ends where a value should be'],
    ['{\n  "a": 1\n  "b": 2\n}', '3:3 "b" stands where a comma or a } should be'],
    ['{\n  "a": 1,\n}', '3:1 } stands where a name in double quotes should be'],
    ['[1 2]', '1:4 2 stands where a comma or a ] should be'],
    ['[1,]', '1:4 ] stands where a value should be'],
    ['{"a" 1}', '1:6 1 stands where a colon should be'],
    ['{"a": b}', '1:7 b stands where a value should be'],
    ["{'a': 1}", "1:2 'a' stands where a name in double quotes should be"],
    ['{"a": "two\nlines"}', '1:7 a text that begins here has no good end'],
    ['{"a": "no end}', '1:7 a text that begins here has no good end'],
    ['{"a": "\\x"}', '1:7 a text that begins here has no good end'],
    ['{"a": 012}', '1:7 012 stands where a value should be'],
    ['{"a": 1} {', '1:10 { stands where its end should be'],
    ['{"a": 1', '1:8 the file ends where a comma or a } should be'],
    ['{"a": [1}', '1:9 } stands where a comma or a ] should be'],
    ['{\r\n  // why\r\n}', '2:3 JSON has no comments'],
  ])('%j', (text, expected) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(complaintOf(text)).toBe(expected);
  });

  it('never beyond the damage, and never at all in what was good before it', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('', '"', '}', ']', ',', 'x', '\\'), (json, seed, spoiler) => {
        const at = seed % json.length;
        const spoilt = json.slice(0, at) + spoiler + json.slice(at + 1);
        fc.pre(!isJson(spoilt));
        const { line, column } = complainOfJson(spoilt);
        const offset =
          spoilt
            .split('\n')
            .slice(0, line - 1)
            .join('\n').length +
          (line > 1 ? 1 : 0) +
          column -
          1;
        expect(offset).toBeLessThanOrEqual(spoilt.length);
        // What stands before the place can still become JSON: some ending makes it whole.
        expect(isJson(completed(spoilt.slice(0, offset)))).toBe(true);
      }),
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Closes what a good beginning of JSON left open. */
function completed(beginning: string): string {
  const open: string[] = [];
  for (const mark of beginning.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')) {
    if (mark === '{') open.unshift('}');
    if (mark === '[') open.unshift(']');
    if (mark === '}' || mark === ']') open.shift();
  }
  const candidates = ['', '1', '""', ':1', '"":1', ',"":1', ',1'];
  return candidates.map((middle) => beginning + middle + open.join('')).find(isJson) ?? beginning;
}

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
