import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeFormula, unescapeFormula } from '#pipelines/formula-text.js';

describe('escapeFormula', () => {
  it.each([
    '=1+1',
    '@SUM(A1)',
    '-1+1',
    '+1+1',
    '-5+cmd|’ /C calc’!A0',
    '\rfirst',
    '\0x',
    ' =1',
    '＝1',
    '- call back',
    "'=1",
    "''-5",
  ])('puts an apostrophe before %j', (text) => {
    expect(escapeFormula(text)).toBe(`'${text}`);
  });

  it.each([
    ['a;=1', "a;'=1"],
    ['a,=1', "a,'=1"],
    ['a\t=1', "a\t'=1"],
    ['a\n=1', "a\n'=1"],
    ['\t=1', "'\t'=1"],
    ['a; @SUM(A1)', "a;' @SUM(A1)"],
    ["a;'=1", "a;''=1"],
    ['=1;=2;b;-x', "'=1;'=2;b;'-x"],
    ['Smith, -cmd', "Smith,' -cmd"],
  ])('puts one behind what separates columns elsewhere: %j', (text, escaped) => {
    expect(escapeFormula(text)).toBe(escaped);
    expect(unescapeFormula(escaped)).toBe(text);
  });

  it.each([
    'Office: 9999; +61 4 9999',
    'a;b, c\td',
    '1,-2',
    'a; - ;b',
    '+61 3 9999',
    '+61 (0)3 9999-0000',
    '-5',
    '-1.234,56',
    '-',
    '--',
    "'",
    "O'Brien",
    "'quoted'",
    'a=b',
    '',
    '5',
  ])('leaves %j as it is', (text) => {
    expect(escapeFormula(text)).toBe(text);
  });
});

describe('unescapeFormula', () => {
  it.each(["'-5", "'+61 3 9999", "'quoted'", "'", "''"])('leaves the apostrophe of others in %j', (text) => {
    expect(unescapeFormula(text)).toBe(text);
  });

  it('takes off what was put before any text, and nothing else', () => {
    const text = fc.string({
      unit: fc.constantFrom("'", '=', '+', '-', '@', '5', '.', ' ', '\t', '\n', 'x', '＝', ';', ','),
    });
    fc.assert(
      fc.property(text, (value) => {
        expect(unescapeFormula(escapeFormula(value))).toBe(value);
      }),
    );
  });
});
