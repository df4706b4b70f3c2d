import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '#pipelines/mapping/cells.js';
import { formatNameCase } from '#pipelines/mapping/transforms/case.js';
import { keepText, type Transform } from '#pipelines/mapping/transforms/transform.js';
import { type TransformName, transforms } from '#pipelines/mapping/transforms/transforms.js';

type Options = Readonly<Record<string, string | number>>;

/** What a transform makes of a text: text, or the code of its failure. */
function applied(name: TransformName, options: Options, text: string): string {
  const result = transforms[name].apply(options)(text);
  if (typeof result === 'string') return result;
  return isFailure(result) ? result.code : result.text;
}

const phone = { country: 'AU', format: 'E.164', otherwise: 'error' };
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
    ['email', {}, 'ann lee@x.example', 'ann lee@x.example'],
    ['email', {}, 'a@x.example;', 'a@x.example'],
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
    ['phone', phone, '03-8174-9123', '+61381749123'],
    ['phone', phone, '0061 2 5550 1201', '+61255501201'],
    ['phone', phone, ' (02) 5550 1201 ext 12', '+61255501201 ext. 12'],
    ['phone', phone, '+44 20 7946 0958', '+442079460958'],
    ['phone', phone, '0011 44 20 7946 0958', '+442079460958'],
    ['phone', phone, '12', 'PHONE_INVALID'],
    ['phone', phone, 'ask Bob', 'PHONE_INVALID'],
    ['phone', phone, '', ''],
    ['phone', { ...phone, otherwise: 'keep' }, 'ask Bob', 'ask Bob'],
    ['phone', { ...phone, otherwise: 'blank' }, 'ask Bob', ''],
    ['phone', { ...phone, format: 'national' }, '+61 2 5550 1201 x7', '(02) 5550 1201 ext. 7'],
    ['phone', { ...phone, format: 'national' }, '+44 20 7946 0958', '+44 20 7946 0958'],
    ['phone', { ...phone, format: 'international' }, '0458-665-290', '+61 458 665 290'],
    ['date', { from: 'D/M/YYYY', to: 'YYYY-MM-DD' }, ' 9/3/2024', '2024-03-09'],
    ['date', { from: 'YYYY-MM-DD', to: 'D MMM YY' }, '2024-03-09', '9 Mar 24'],
    ['date', { from: 'D/M/YYYY', to: 'D.M.YY' }, '9/3/1924', '1924-03-09'],
    ['date', { from: 'D/M/YYYY', to: 'YYYY-MM-DD' }, '30/2/2024', 'IMPOSSIBLE_DATE'],
    ['date', { from: 'D/M/YYYY', to: 'YYYY-MM-DD' }, 'May', 'NOT_A_DATE'],
    ['number', { decimal: ',', group: '.', toDecimal: '.', toGroup: '' }, '-1.234.500,50', '-1234500.50'],
    ['number', { decimal: '.', group: '', toDecimal: ',', toGroup: '.' }, '1234500.05', '1.234.500,05'],
    ['number', { decimal: '.', group: '', toDecimal: ',', toGroup: '.' }, '12 EUR', 'NOT_A_NUMBER'],
    ['namePart', { part: 'first' }, "O'Brien,  Maeve Ann", 'Maeve Ann'],
    ['namePart', { part: 'last' }, "O'Brien,  Maeve Ann", "O'Brien"],
    ['namePart', { part: 'first' }, 'Tobias van der Berg', 'Tobias'],
    ['namePart', { part: 'last' }, 'Tobias  van der Berg', 'van der Berg'],
    ['namePart', { part: 'first' }, 'Cher', ''],
    ['namePart', { part: 'last' }, 'Cher', 'Cher'],
    ['namePart', { part: 'first' }, 'Tobias McDonald, Jr.', 'Tobias'],
    ['namePart', { part: 'last' }, 'Tobias McDonald, Jr.', 'McDonald, Jr.'],
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
  phone: fc.record({
    country: fc.constantFrom('AU', 'DE', 'US', 'AR', 'IT', 'BR', 'MX'),
    format: fc.constantFrom('E.164', 'international', 'national'),
    otherwise: fc.constant('keep'),
  }),
  date: fc.record({
    from: fc.constantFrom('DD/MM/YYYY', 'M/D/YY', 'D MMM YYYY', 'YYYY-MM-DD'),
    to: fc.constantFrom('YYYY-MM-DD', 'D.M.YY', 'DD MMM YYYY', 'YYYYMMDD'),
  }),
  number: fc.constantFrom(
    { decimal: ',', group: '.', toDecimal: '.', toGroup: '' },
    { decimal: '.', group: '', toDecimal: ',', toGroup: ' ' },
    { decimal: '.', group: ',', toDecimal: '.', toGroup: "'" },
  ),
  replace: undefined,
  extract: undefined,
  split: undefined,
  namePart: undefined,
  truncate: undefined,
} as const satisfies Record<TransformName, fc.Arbitrary<Options> | undefined>;

/** Texts that a transform has something to do with, where random ones hardly ever are. */
const fittingTexts: { readonly [Name in TransformName]?: fc.Arbitrary<string> } = {
  phone: fc
    .tuple(
      fc.constantFrom('', '+', '+61', '+49 ', '0', '(0', '00', '1', '+54 9', '15'),
      fc.stringMatching(/^[0-9]{2,4}[ )-]?[0-9]{3,8}$/),
      fc.constantFrom('', ' ext. 12', 'x4715', ' #9'),
    )
    .map((parts) => parts.join('')),
  date: fc
    .tuple(fc.integer({ min: 1, max: 31 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1900, max: 2099 }))
    .chain(([day, month, year]) =>
      fc.constantFrom(
        `${day}/${month}/${year % 100}`,
        `${String(day).padStart(2, '0')}/0${month % 10}/${year}`,
        `${day} May ${year}`,
      ),
    ),
  number: fc
    .tuple(fc.constantFrom('', '-'), fc.nat({ max: 99_999_999 }), fc.constantFrom('', '.5', ',50', '.05'))
    .map((parts) => parts.join('')),
};

function textsFor(name: string): fc.Arbitrary<string> {
  const fitting = fittingTexts[name as TransformName];
  return fitting === undefined ? cellTexts : fc.oneof({ weight: 3, arbitrary: fitting }, cellTexts);
}

/** Whether the entry says, by its inverse, that the transform leaves its own results as they are. */
function keepsOwnResults(definition: Transform): boolean {
  return 'inverse' in definition && definition.inverse === keepText;
}

const withInverse = Object.entries(samples).filter(([, options]) => options !== undefined);

describe('inverses', () => {
  it.each(Object.entries(transforms))('%s has one, or a reason why not', (name, definition: Transform) => {
    const says = 'noInverse' in definition ? definition.noInverse : undefined;
    expect(says === undefined).toBe(samples[name as TransformName] !== undefined);
  });

  it.each(withInverse)('%s after its inverse is identity on the range of %s', (name, options) => {
    const definition: Transform = transforms[name as TransformName];
    fc.assert(
      fc.property(textsFor(name), options as fc.Arbitrary<Options>, (text, values) => {
        const apply = definition.apply(values);
        const inverse = 'inverse' in definition ? definition.inverse(values) : undefined;
        const held = apply(text);
        fc.pre(!isFailure(held));
        expect(apply(inverse?.(String(held)) ?? '')).toBe(held);
      }),
      { numRuns: 500 },
    );
  });

  it.each(['prefix', 'suffix'] as const)('%s restores exactly the original text', (name) => {
    const definition: Transform = transforms[name];
    fc.assert(
      fc.property(cellTexts, samples[name], (text, values) => {
        const inverse = 'inverse' in definition ? definition.inverse(values) : undefined;
        expect(inverse?.(String(definition.apply(values)(text)))).toBe(text);
      }),
    );
  });

  it.each(withInverse.filter(([name]) => keepsOwnResults(transforms[name as TransformName])))(
    'what %s made once, it leaves alone',
    (name, options) => {
      const definition: Transform = transforms[name as TransformName];
      fc.assert(
        fc.property(textsFor(name), options as fc.Arbitrary<Options>, (text, values) => {
          const held = definition.apply(values)(text);
          fc.pre(!isFailure(held));
          const inRange = String(held);
          const inverse = 'inverse' in definition ? definition.inverse(values) : undefined;
          expect(inverse?.(String(definition.apply(values)(inRange)))).toBe(inRange);
        }),
        { numRuns: 500 },
      );
    },
  );
});

describe('nameCase', () => {
  it.each([
    ['MAEVE', 'Maeve'],
    ["o'brien", "O'Brien"],
    ['O’BRIEN', 'O’Brien'],
    ["DELL'ACQUA", "Dell'Acqua"],
    ["JOHN'S", "John's"],
    ['MCDONALD', 'McDonald'],
    ['mckay', 'McKay'],
    ['MCO', 'Mco'],
    ['MACLEOD', 'Macleod'],
    ['MacLeod', 'MacLeod'],
    ['Mcdonald', 'Mcdonald'],
    ['VAN DER BERG', 'van der Berg'],
    ['van der berg', 'van der Berg'],
    ['Van Der Berg', 'Van Der Berg'],
    ['VAN', 'Van'],
    ['JAN VAN DER BERG', 'Jan van der Berg'],
    ['DE LA CRUZ', 'de la Cruz'],
    ['SMITH-JONES', 'Smith-Jones'],
    ['ANNE-marie', 'Anne-Marie'],
    ['j.r. SMITH', 'J.R. Smith'],
    ['ST. JOHN', 'St. John'],
    ['JOHN SMITH III', 'John Smith III'],
    ['ivo', 'Ivo'],
    ['ÉLODIE ØSTERGÅRD', 'Élodie Østergård'],
    ['日本', '日本'],
    ['小林 SAKURA', '小林 Sakura'],
    ['  ann   LEE ', '  Ann   Lee '],
    ['4TH', '4th'],
    ['', ''],
  ])('writes %j as %j', (text, expected) => {
    expect(formatNameCase(text)).toBe(expected);
  });
});
