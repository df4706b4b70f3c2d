import { describe, expect, it } from 'vitest';
import { ExactNumber, parseExactJson, stringifyExactJson } from '#pipelines/exact-json.js';

describe('JSON whose numbers keep their digits', () => {
  it.each([
    '{"a":12345678901234567890,"b":0.12345678901234567891,"c":1e400,"d":[{"e":9007199254740993}]}',
    '{"a":1234567890123456,"b":"12345678901234567890","c":null,"d":true}',
    '{"a":1.5,"b":[],"c":{}}',
  ])('comes back as it was: %s', (text) => {
    expect(stringifyExactJson(parseExactJson(text))).toBe(text);
  });

  it('is compared by the nearest number', () => {
    const value = parseExactJson('{"a":12345678901234567890}') as { a: unknown };
    expect(value.a).toBeInstanceOf(ExactNumber);
    expect([String(value.a), JSON.stringify(value)]).toEqual(['12345678901234567890', '{"a":12345678901234567000}']);
  });

  it('takes the last of two equal names, as JSON.parse does', () => {
    expect(parseExactJson('{"a":1,"a":12345678901234567}')).toEqual({ a: new ExactNumber('12345678901234567') });
  });

  it('refuses what is not JSON', () => {
    expect(() => parseExactJson('{"a":01234567890123456}')).toThrow(SyntaxError);
  });
});
