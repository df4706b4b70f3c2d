import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { complainOfJson } from '#src/library/json-complaint.js';

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
