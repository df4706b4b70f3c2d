import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../../pipelines/mapping/gather-cells.js';
import type { Transform } from '../../../pipelines/mapping/transforms/transform.js';
import { type TransformName, transforms } from '../../../pipelines/mapping/transforms/transforms.js';

type Options = Readonly<Record<string, string | number>>;

/** What a transform makes of a text: text, or the code of its failure. */
function applied(name: TransformName, options: Options, text: string): string {
  const result = transforms[name].apply(options)(text);
  if (typeof result === 'string') return result;
  return isFailure(result) ? result.code : result.text;
}

const extract = { group: 0, otherwise: 'error' };

describe('transforms', () => {
  it.each<[name: TransformName, options: Options, text: string, expected: string]>([
    ['trim', {}, '\u00A0\uFEFF Ann  Lee\u3000\u200B\n', 'Ann  Lee'],
    ['trim', {}, '👨\u200D👩', '👨\u200D👩'],
    ['trim', {}, ' \u200B ', ''],
    ['collapseSpaces', {}, ' 1 \u00A0High\r\n\tSt ', '1 High St'],
    ['upper', {}, 'straße', 'STRASSE'],
    ['lower', {}, 'ÅNGSTRÖM', 'ångström'],
    ['digits', {}, '(03) 9000-１２', '03900012'],
    ['email', {}, ' MailTo: Ann.Lee@Example.COM ', 'Ann.Lee@example.com'],
    ['email', {}, 'a\u200Bnn@x.example', 'ann@x.example'],
    ['email', {}, 'no at all', 'no at all'],
    ['pad', { length: 4, with: '0' }, '810', '0810'],
    ['pad', { length: 4, with: '0' }, '12345', '12345'],
    ['prefix', { text: 'AU-' }, '7', 'AU-7'],
    ['suffix', { text: ' Pty' }, 'Koala', 'Koala Pty'],
    ['replace', { from: '$', to: '$&' }, '$5$', '$&5$&'],
    ['replace', { from: ' ', to: '' }, '0 4 5', '045'],
    ['extract', { ...extract, pattern: '\\d+' }, 'No 42 b', '42'],
    ['extract', { ...extract, pattern: '(\\p{Lu})(\\d)', group: 2 }, 'xÄ7', '7'],
    ['extract', { ...extract, pattern: '\\d' }, 'none', 'PATTERN_NOT_FOUND'],
    ['extract', { ...extract, pattern: '\\d', otherwise: 'keep' }, 'none', 'none'],
    ['extract', { ...extract, pattern: '\\d', otherwise: 'blank' }, 'none', ''],
    ['extract', { ...extract, pattern: 'a(b)?', group: 1, otherwise: 'blank' }, 'a', ''],
    ['split', { separator: ', ', index: 0 }, 'Lee, Ann', 'Lee'],
    ['split', { separator: ', ', index: -1 }, 'Lee, Ann', 'Ann'],
    ['split', { separator: ', ', index: 5 }, 'Lee, Ann', ''],
    ['truncate', { length: 3 }, 'ab🙂d', 'ab🙂'],
    ['truncate', { length: 3 }, '🙂🙂🙂', '🙂🙂🙂'],
  ])('%s %j makes of %j', (name, options, text, expected) => {
    expect(applied(name, options, text)).toBe(expected);
  });
});

/** Texts like those in cells: names, spaces of all kinds, signs that do not show, other scripts. */
const cellTexts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      ' ',
      '\u00A0',
      '\u200B',
      '\n',
      'a',
      'B',
      'ß',
      'İ',
      '0',
      '9',
      '-',
      "'",
      '.',
      '@',
      '日',
      'mc',
      'van ',
    ),
  }),
);

/** Options to try each transform with. */
const samples = {
  trim: fc.constant({}),
  collapseSpaces: fc.constant({}),
  upper: fc.constant({}),
  lower: fc.constant({}),
  nameCase: fc.constant({}),
  digits: fc.constant({}),
  email: fc.constant({}),
  pad: fc.record({ length: fc.integer({ min: 1, max: 20 }), with: fc.constantFrom('0', ' ', 'x') }),
  prefix: fc.record({ text: fc.string({ minLength: 1 }) }),
  suffix: fc.record({ text: fc.string({ minLength: 1 }) }),
  replace: undefined,
  extract: undefined,
  split: undefined,
  truncate: undefined,
} as const satisfies Record<TransformName, fc.Arbitrary<Options> | undefined>;

const withInverse = Object.entries(samples).filter(([, options]) => options !== undefined);

describe('inverses', () => {
  it.each(Object.entries(transforms))('%s has one, or says why not', (name, definition: Transform) => {
    const says = 'noInverse' in definition ? definition.noInverse : undefined;
    expect(says === undefined).toBe(samples[name as TransformName] !== undefined);
  });

  it.each(withInverse)('what %s made comes back from its inverse the same', (name, options) => {
    const definition: Transform = transforms[name as TransformName];
    fc.assert(
      fc.property(cellTexts, options as fc.Arbitrary<Options>, (text, values) => {
        const apply = definition.apply(values);
        const inverse = 'inverse' in definition ? definition.inverse(values) : undefined;
        const held = apply(text);
        expect(apply(inverse?.(String(held)) ?? '')).toBe(held);
      }),
      { numRuns: 500 },
    );
  });

  it.each(['prefix', 'suffix'] as const)('%s gives back exactly what it was given', (name) => {
    const definition: Transform = transforms[name];
    fc.assert(
      fc.property(cellTexts, samples[name], (text, values) => {
        const inverse = 'inverse' in definition ? definition.inverse(values) : undefined;
        expect(inverse?.(String(definition.apply(values)(text)))).toBe(text);
      }),
    );
  });

  it.each(withInverse.filter(([name]) => name !== 'prefix' && name !== 'suffix'))(
    '%s and its inverse are identity on its range',
    (name, options) => {
      const definition: Transform = transforms[name as TransformName];
      fc.assert(
        fc.property(cellTexts, options as fc.Arbitrary<Options>, (text, values) => {
          const inRange = String(definition.apply(values)(text));
          const inverse = 'inverse' in definition ? definition.inverse(values) : undefined;
          expect(inverse?.(String(definition.apply(values)(inRange)))).toBe(inRange);
        }),
        { numRuns: 500 },
      );
    },
  );
});
