import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertyPath } from '#pipelines/shape.js';
import { editJsonText, parseJsonDocument } from '#src/json-document.js';

function firstError(text: string): string {
  const [error] = parseJsonDocument(text).errors;
  return error === undefined ? 'none' : `${error.line}:${error.column} ${error.fact}`;
}

describe('an error in a JSON file has a place and a reason:', () => {
  it.each([
    ['', '1:1 the file ends where a value is expected'],
    ['{\n  "a": 1\n  "b": 2\n}', '3:3 expected a comma, found "b"'],
    ['[1 2]', '1:4 expected a comma, found 2'],
    ['{"a" 1}', '1:6 expected a colon, found 1'],
    ['{"a": b}', '1:7 b is not JSON; names and strings need double quotes'],
    ["{'a': 1}", "1:2 'a' is not JSON; names and strings need double quotes"],
    ['{a:1}', '1:2 a is not JSON; names and strings need double quotes'],
    ['{"a": "two\nlines"}', '1:7 a text that begins here is not closed'],
    ['{"a": "no end}', '1:7 a text that begins here is not closed'],
    ['{"a": "\\x"}', '1:7 a text has an invalid backslash; write \\\\ for a backslash'],
    ['{"a": 1} {', '1:10 expected the end of the file, found {'],
    ['{"a": 1', '1:8 the file ends where a comma or a closing } is expected'],
    ['{"a": [1}', '1:9 expected a comma, found }'],
    ['{\n  "a": 1, /* no end', '2:11 a comment that begins here is not closed'],
    ['{"a": 1, "b": 2,\n "a": 3}', '2:2 "a" is given twice'],
    ['['.repeat(50_000), '1:1 it is nested too deeply'],
  ])('%#', (text, expected) => {
    expect(firstError(text)).toBe(expected);
    expect(parseJsonDocument(text).value).toBeUndefined();
  });

  it('is never beyond the end of the text', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('', '"', '}', ']', ',', 'x', '\\'), (json, seed, damage) => {
        const at = seed % json.length;
        const damaged = json.slice(0, at) + damage + json.slice(at + 1);
        const lines = damaged.split('\n');
        for (const { line, column } of parseJsonDocument(damaged).errors) {
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
        }
      }),
    );
  });
});

describe('the value of a JSON file', () => {
  it('is what JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const text = JSON.stringify(json);
        expect(parseJsonDocument(text)).toMatchObject({ errors: [] });
        expect(parseJsonDocument(text).value).toEqual(JSON.parse(text));
      }),
    );
  });

  it('may stand between comments and before trailing commas', () => {
    const text = '// for the shop\n{ "a": 1, /* why */ "b": [2, ], }\n';
    expect(parseJsonDocument(text)).toMatchObject({ value: { a: 1, b: [2] }, errors: [] });
  });

  it('may have a property "__proto__" like any other', () => {
    expect(Object.keys(parseJsonDocument('{"__proto__": {"a": 1}}').value as object)).toEqual(['__proto__']);
  });
});

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

describe('an edit of a JSON file', () => {
  it('keeps comments and everything else', () => {
    const text = '{\n  // of the shop\n  "a": { "b": 1 },\n}\n';
    const edited = editJsonText(text, ['a', 'c'], { d: true });
    expect(edited).toContain('// of the shop');
    expect(parseJsonDocument(edited).value).toEqual({ a: { b: 1, c: { d: true } } });
  });
});

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
    expect(parseJsonDocument(text).locate(path)).toEqual({ line, column });
  });

  it.each([
    ['fields.notes.type', 'fields.notes'],
    ['fields.region.lookup["New ] \\" South"]', 'fields'],
    ['fields.notes.transform[7].pad', 'fields.notes.transform'],
    ['mode', ''],
  ])('of something that is not there is where it should be: %s', (path, holder) => {
    expect(parseJsonDocument(text).locate(path)).toEqual(parseJsonDocument(text).locate(holder));
  });

  it('is where the name stands, whatever the file holds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { minKeys: 1 }), (json) => {
        const written = JSON.stringify(json, null, 2);
        const { locate } = parseJsonDocument(written);
        const lines = written.split('\n');
        for (const name of Object.keys(json)) {
          const { line, column } = locate(propertyPath('', name));
          expect(lines[line - 1]?.slice(column - 1).startsWith(`${JSON.stringify(name)}:`)).toBe(true);
        }
      }),
    );
  });
});
