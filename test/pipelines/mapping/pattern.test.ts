import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, type Pattern } from '#pipelines/mapping/pattern.js';

function compile(source: string, flags = 'u'): Pattern {
  const compilation = compilePattern(source, new RegExp('', flags));
  if (!compilation.ok) throw new Error(compilation.fault);
  return compilation.pattern;
}

function findByJavaScript(source: string, flags: string, text: string) {
  const match = new RegExp(source, flags).exec(text);
  return match === null ? undefined : { start: match.index, end: match.index + match[0].length, groups: [...match] };
}

describe('a pattern', () => {
  it.each<[source: string, text: string, flags?: string]>([
    ['No (\\d+)', 'Ref No 17, No 18'],
    ['\\s+', 'a\u00a0\u3000\ufeffb'],
    ['\\S+', '\u2003a\u202fb'],
    ['[\\s\\d]+', 'a \u00a01\u2028b'],
    ['[^\\S\\n]+', 'a\n\u00a0 b'],
    ['[\\w.-]+', 'é a-b.c'],
    ['[-a]+|[^-a]+', 'xy-a'],
    ['^.', '\u2028a'],
    ['a.c', 'a\rc'],
    ['a.c', 'a\nc', 'us'],
    ['^b$', 'a\nb', 'um'],
    ['É+', 'xéÉ', 'iu'],
    ['\\u{1f600}|\\u0041', 'x😀'],
    ['\\ud83d\\ude00', 'x😀'],
    ['[😀-😂]', 'x😁'],
    ['\\p{L}+', '1Éa2'],
    ['\\p{Uppercase_Letter}\\P{Letter}', 'aB1'],
    ['\\p{Script=Greek}+', 'aβγ'],
    ['(?<year>\\d{4})-(\\d\\d)', 'on 2024-05'],
    ['(a)|(b)', 'b'],
    ['a{2,3}?', 'aaaa'],
    ['[]|x', 'x'],
    ['[^]', '\n'],
    ['\\x41\\cA?\\0?[\\b]?', 'A\u0001\u0000\b'],
    ['a\\/b\\.c\\-', 'a/b.c-', ''],
    ['{a}[[\\]&&]+', '{a}[]&&', ''],
    ['[\\d-x]+', '1-x', ''],
    ['\\bcafé', 'un café'],
    ['', 'abc'],
  ])('/%s/ finds in %j what JavaScript finds', (source, text, flags = 'u') => {
    expect(compile(source, flags).find(text)).toEqual(findByJavaScript(source, flags, text));
  });

  it('finds what JavaScript finds, for patterns and texts of any make', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '.',
      '\\d',
      '\\s',
      '\\W',
      '[ab1]',
      '[^a\\s]',
      '\\u00e9',
      '(a|b)',
      '(?:1|é)',
      '\\.',
      '[-.]',
    );
    const repeat = fc.constantFrom('', '', '?', '+', '{1,2}', '+?', '{2}');
    const sources = fc.array(fc.tuple(atom, repeat), { minLength: 1, maxLength: 5 });
    const texts = fc.string({
      unit: fc.constantFrom('a', 'b', '1', ' ', '\u00a0', 'é', '.', '-', '\n', '😀'),
      maxLength: 12,
    });
    fc.assert(
      fc.property(sources, texts, fc.constantFrom('u', 'iu', 'su'), (parts, text, flags) => {
        const source = parts.map((part) => part.join('')).join('');
        const found = compile(source, flags).find(text);
        const expected = findByJavaScript(source, flags, text);
        expect([found?.start, found?.end]).toEqual([expected?.start, expected?.end]);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[source: string, says: string]>([
    ['a(?=b)', 'looks ahead with (?=…)'],
    ['(?!x)a', 'looks ahead with (?!…)'],
    ['(?<=x)a', 'looks behind with (?<=…)'],
    ['(?<!x)a', 'looks behind with (?<!…)'],
    ['(a)\\1', 'refers back to a group'],
    ['(?<n>a)\\k<n>', 'refers back to a group'],
    ['a{1001}', 'invalid repeat count'],
    ['(?:a{900}b{900}c{900})', 'too many or too large repetitions'],
    ['a'.repeat(201), 'longer than 200 characters'],
  ])('/%s/ is refused with what it does', (source, says) => {
    expect(compilePattern(source)).toEqual({ ok: false, fault: expect.stringContaining(says) });
  });

  it('begins where it is told, without taking that for the beginning of the text', () => {
    expect([compile('a').find('aba', 1)?.start, compile('^b').find('ab', 1), compile('\\bb').find('ab', 1)]).toEqual([
      2,
      undefined,
      undefined,
    ]);
  });
});
