import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Issue } from '#pipelines/issue.js';
import type { Cell, Row } from '#pipelines/model.js';
import { createDamageDetector, type DamageReport, startDamageScan } from '#pipelines/quality/damage-detector.js';
import type { ColumnCheck, ColumnUse } from '#pipelines/quality/damage-issue.js';

const buildRow = (cells: readonly Cell[], index = 0): Row => ({ index, number: index + 2, cells });

function findDamage(use: ColumnUse, cell: Cell, more: Omit<ColumnCheck, 'use'> = {}) {
  return createDamageDetector({ columns: ['Name'], checks: [{ use, ...more }] }).inspect(buildRow([cell]));
}

function scanValues(check: ColumnCheck, values: readonly Cell[]): DamageReport {
  const watch = startDamageScan({ columns: ['Column'], checks: [check] });
  values.forEach((value, index) => {
    watch.add(buildRow([value], index));
  });
  return watch.report();
}

const times = (count: number, value: (n: number) => string) => Array.from({ length: count }, (_, n) => value(n));

describe('a cell', () => {
  it.each<[string, ColumnUse, Cell, string]>([
    ['a long number in scientific notation', 'text', '1.23E+11', 'SCIENTIFIC_NUMBER'],
    ['a phone in scientific notation', 'phone', '6,14123E+10', 'SCIENTIFIC_NUMBER'],
    ['sixteen digits that end in 0', 'code', '1234567890123450', 'DIGITS_LOST'],
    ['twenty digits that end in 00000', 'code', '12345678901234500000', 'DIGITS_LOST'],
    ['a failed look-up', 'text', '#N/A', 'ERROR_VALUE'],
    ['a lost reference', 'email', '#REF!', 'ERROR_VALUE'],
    ['a German failed look-up', 'number', '#NV', 'ERROR_VALUE'],
    ['a column that was too narrow', 'date', '########', 'ERROR_VALUE'],
    ['an error cell of a workbook', 'text', { kind: 'error', text: '#N/A', reason: 'not available' }, 'ERROR_VALUE'],
    ['utf-8 read as windows-1252', 'text', 'ZoÃ«', 'MOJIBAKE'],
    ['utf-8 quotes read as windows-1252', 'text', 'Oâ€™Brien', 'MOJIBAKE'],
    ['Japanese read as windows-1252', 'text', 'æ\u009d±äº¬', 'MOJIBAKE'],
    ['a lost character', 'text', 'Zo\ufffd', 'REPLACEMENT_CHARACTER'],
    ['a no-break space', 'email', 'a@b.co\u00a0', 'INVISIBLE_CHARACTER'],
    ['a zero-width space', 'code', 'A\u200b12', 'INVISIBLE_CHARACTER'],
    ['a mark inside', 'text', '\ufeffName', 'INVISIBLE_CHARACTER'],
    ['a soft hyphen', 'text', 'Zusammen\u00adhang', 'INVISIBLE_CHARACTER'],
    ['a joiner between ASCII letters', 'text', 'a\u200db', 'INVISIBLE_CHARACTER'],
    ['a phone that became a date', 'phone', '12-Mar-98', 'VALUE_BECAME_DATE'],
    ['a code that became a date', 'code', '3/12/2024', 'VALUE_BECAME_DATE'],
    ['a date cell in a phone column', 'phone', { kind: 'date', text: '2024-03-12' }, 'VALUE_BECAME_DATE'],
    ['a serial number in a date column', 'date', '45296', 'DATE_SERIAL'],
    ['a serial number with a time', 'date', '45296.75', 'DATE_SERIAL'],
    ['a number cell in a date column', 'date', { kind: 'number', text: '45296', value: 45296 }, 'DATE_SERIAL'],
  ])('is found: %s', (_name, use, cell, code) => {
    const findings = findDamage(use, cell);
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    expect(findings[0]).toMatchObject({ columns: ['Name'], nextStep: expect.stringMatching(/\.$/) });
  });

  it.each<[string, ColumnUse, Cell]>([
    ['a name with accents', 'text', 'Zoë Strauß, São Paulo'],
    ['Portuguese capitals', 'text', 'IRMÃOS CONCEIÇÃO «MAÇÃ»'],
    ['Japanese', 'text', '東京都'],
    ['an emoji of joined parts', 'text', 'Family 👨‍👩‍👧‍👦'],
    ['a flag and a heart', 'text', '❤️‍🔥 🏳️‍🌈'],
    ['Persian with a non-joiner', 'text', 'می‌خواهم'],
    ['a code that looks like a number', 'code', '1E5'],
    ['fifteen digits', 'code', '123456789012345'],
    ['sixteen digits that end otherwise', 'code', '1234567890123456'],
    ['a number in scientific notation where numbers belong', 'number', '1.23E+11'],
    ['a date in a text column', 'text', '3/12/2024'],
    ['a number in a date column that is no date', 'date', '19999'],
    ['a real date', 'date', '2024-03-12'],
    ['a phone', 'phone', '+61 (2) 9999-0000'],
    ['a French phone', 'phone', '01.02.03.04.05'],
    ['a hash tag', 'text', '#1 Plumbing'],
    ['nothing', 'text', ''],
    ['whatever stands in a column that nobody uses', 'unused', '#REF!'],
    ['the euro and curly quotes', 'text', '€ “x” – y™'],
    ['degrees', 'text', '20 °C ± 1'],
  ])('is not reported: %s', (_name, use, cell) => {
    expect(findDamage(use, cell)).toEqual([]);
  });

  it('of mojibake comes with the text that was meant', () => {
    expect(findDamage('text', 'ZoÃ«')[0]?.nextStep).toContain('"Zoë"');
    expect(findDamage('text', 'Oâ€™Brien')[0]?.nextStep).toContain('"O’Brien"');
  });

  it('with a serial number comes with the date that was meant', () => {
    expect(findDamage('date', '45296')[0]?.nextStep).toContain('2024-01-05');
  });

  it('may hold several kinds of damage', () => {
    expect(findDamage('text', 'AndrÃ©\u00a0\ufffd').map(({ code }) => code)).toEqual([
      'MOJIBAKE',
      'REPLACEMENT_CHARACTER',
      'INVISIBLE_CHARACTER',
    ]);
  });

  it.each<Cell>(['#N/A', { kind: 'error', text: '#N/A', reason: 'a look-up found nothing' }])(
    'that means "clear the value" is no damage: %j',
    (cell) => {
      const detector = createDamageDetector({ columns: ['a'], checks: [{ use: 'text' }], nullToken: '#N/A' });
      expect(detector.inspect(buildRow([cell]))).toEqual([]);
      expect(detector.inspect(buildRow(['#REF!'])).length).toBe(1);
    },
  );

  it('of a row with issues is not checked, since its cells may be shifted', () => {
    const detector = createDamageDetector({ columns: ['a'], checks: [{ use: 'text' }] });
    const issues: readonly Issue[] = [{ severity: 'error', code: 'RAGGED_ROW', message: '' }];
    expect(detector.inspect({ ...buildRow(['#REF!']), issues })).toEqual([]);
  });

  it('is checked after the transforms of the mapping, where those can fix it', () => {
    const fixed = (text: string) => text.replaceAll(/\D/g, '');
    expect(findDamage('phone', '02\u00a09999', { applyMapping: fixed })).toEqual([]);
    expect(findDamage('phone', '6.1E+10', { applyMapping: fixed }).map(({ code }) => code)).toEqual([
      'SCIENTIFIC_NUMBER',
    ]);
  });

  it('of personal data is reported without showing it', () => {
    const [finding] = findDamage('text', 'ZoÃ«', { isSecret: true });
    expect(JSON.stringify(finding)).not.toMatch(/Zo/);
    expect(finding?.code).toBe('MOJIBAKE');
    const { findings } = scanValues({ use: 'postcode', isSecret: true }, [...times(20, (n) => `${2000 + n}`), '810']);
    expect(findings.map(({ code, value }) => [code, value])).toEqual([['POST_CODES_TOO_SHORT', undefined]]);
  });
});

describe('a column', () => {
  it.each([
    [
      'post codes of which some lost a zero',
      'postcode',
      [...times(20, (n) => `${2000 + n}`), '810', '822'],
      'POST_CODES_TOO_SHORT',
      22,
    ],
    [
      'post codes of which one lost two zeros',
      'postcode',
      [...times(20, (n) => `${10_000 + n}`), '501'],
      'POST_CODES_TOO_SHORT',
      22,
    ],
    [
      'phones of which one lost its zero',
      'phone',
      [...times(20, (n) => `04 1234 56${10 + n}`), '412345678'],
      'PHONES_WITHOUT_ZERO',
      22,
    ],
    ['dates that could be either', 'text', ['05/04/2024', '06/04/2024'], 'AMBIGUOUS_DATES', 2],
    ['dates of both orders', 'text', ['05/05/2024', '13/04/2024', '04/13/2024'], 'MIXED_DATE_ORDER', 3],
  ] as const)('is noticed: %s', (_name, use, values, code, row) => {
    const report = scanValues({ use }, values);
    expect(report.findings).toMatchObject([{ code, columns: ['Column'] }]);
    expect(report.findings[0]?.rows[0]).toBe(row);
    const blamed = values.flatMap((value, index) => report.checkRow(buildRow([value], index)).map(() => index + 2));
    expect(blamed.length).toBe(report.findings[0]?.count);
    expect(blamed.slice(0, 5)).toEqual(report.findings[0]?.rows);
  });

  it.each([
    [
      'post codes of two countries',
      'postcode',
      [...times(20, (n) => `${2000 + n}`), ...times(15, (n) => `${100 + n}`)],
    ],
    ['post codes with letters', 'postcode', [...times(20, (n) => `${2000 + n} AB`), '810']],
    ['few post codes', 'postcode', ['2000', '2001', '810']],
    ['longer post codes', 'postcode', [...times(20, (n) => `${2000 + n}`), '90210']],
    ['phones with a country code', 'phone', [...times(20, (n) => `04123456${10 + n}`), '+61412345678', '13 11 26']],
    ['phones that never have a zero', 'phone', times(20, (n) => `41234567${n % 10}`)],
    ['dates of which one tells', 'text', ['05/04/2024', '13/04/2024']],
    ['dates that are the same both ways', 'text', ['05/05/2024', '06/06/2024']],
    ['a few dates among other texts', 'text', ['05/04/2024', 'none', 'soon', '-']],
    ['dates of a format that the mapping names', 'date', ['05/04/2024', '06/04/2024']],
    ['ISO dates', 'text', ['2024-05-04']],
  ] as const)('is not reported: %s', (_name, use, values) => {
    expect(scanValues({ use }, values).findings).toEqual([]);
  });

  it('names the first rows and a value, and counts the others', () => {
    const values = [...times(100, (n) => `${2000 + n}`), ...times(9, (n) => `${801 + n}`)];
    expect(scanValues({ use: 'postcode' }, values).findings).toMatchObject([
      { count: 9, rows: [102, 103, 104, 105, 106], value: '801' },
    ]);
  });

  it('of post codes that the mapping pads is not reported', () => {
    const values = [...times(20, (n) => `${2000 + n}`), '810'];
    const fixed = (text: string) => text.padStart(4, '0');
    expect(scanValues({ use: 'postcode', applyMapping: fixed }, values).findings).toEqual([]);
  });

  it('with a thousand cells of one kind has one finding', () => {
    const { findings } = scanValues({ use: 'text' }, [...times(1000, (n) => `Zo\ufffd ${n}`), 'ZoÃ«']);
    expect(findings.map(({ code, count, rows }) => [code, count, rows])).toEqual([
      ['REPLACEMENT_CHARACTER', 1000, [2, 3, 4, 5, 6]],
      ['MOJIBAKE', 1, [1002]],
    ]);
  });

  it('allows every damaged row to be checked, with column, value and advice', () => {
    const report = scanValues({ use: 'date' }, ['45296', '2024-01-05']);
    expect(report.checkRow(buildRow(['45296']))).toEqual([
      {
        severity: 'error',
        code: 'DATE_SERIAL',
        columns: ['Column'],
        value: '45296',
        message:
          'Column "45296": This is the number with which a spreadsheet program stores a date. It probably means "2024-01-05". ' +
          'Format the column as a date (yyyy-mm-dd) and export again.',
      },
    ]);
    expect(report.checkRow(buildRow(['2024-01-05']))).toEqual([]);
  });
});

describe('the number of rows', () => {
  it.each([
    [65_535, true],
    [65_534, false],
    [1_048_575, true],
    [1_048_576, false],
  ])('of %i below a header looks truncated: %s', (count, looksTruncated) => {
    const watch = startDamageScan({ columns: ['a'], checks: [{ use: 'text' }] });
    // Line numbers run ahead of rows where cells have line breaks; the count must tell all the same.
    for (let index = 0; index < count; index += 1) watch.add({ index, number: index + 7, cells: ['x'] });
    const { findings } = watch.report();
    expect(findings.map(({ code }) => code)).toEqual(looksTruncated ? ['LOOKS_TRUNCATED'] : []);
  });

  it('looks truncated also with titles above the header', () => {
    const watch = startDamageScan({ columns: ['a'], checks: [{ use: 'text' }] });
    watch.add({ index: 0, number: 1_048_576, cells: ['x'] });
    expect(watch.report().findings).toMatchObject([{ code: 'LOOKS_TRUNCATED', rows: [1_048_576] }]);
  });
});

const runs = { numRuns: 3_000 };

const uses = ['text', 'email', 'phone', 'postcode', 'number', 'date', 'code'] as const satisfies readonly ColumnUse[];

function codesIn(use: ColumnUse, text: string, isPlain?: boolean) {
  const row = { index: 0, number: 2, cells: [text], ...(isPlain === undefined ? {} : { isPlain }) };
  return createDamageDetector({ columns: ['Column'], checks: [{ use }] })
    .inspect(row)
    .map(({ code }) => code);
}

/** What is found in a column of these texts as a whole. */
function findCodes(use: ColumnUse, texts: readonly string[]) {
  const watch = startDamageScan({ columns: ['Column'], checks: [{ use }] });
  texts.forEach((text, index) => {
    watch.add({ index, number: index + 2, cells: [text] });
  });
  return new Set(watch.report().findings.map(({ code }) => code));
}

const buildText = (parts: readonly string[], maxLength: number) =>
  fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength }).map((chosen) => chosen.join(''));

// Made of what such texts are made of, so that a good share of them is right.
const numberLike = buildText(['0', '1', '12', '345', '2024', '30000', '.', ',', 'E', 'e', '+', '-', '/', ' ', 'x'], 6);
const dateLike = buildText(['1', '05', '12', '31', '2024', '-', '/', '.', ' ', 'Mar', 'dez', 'März', 'x', '+'], 6);
const phoneLike = buildText(['0', '2', '02', '555', '12345', '(', ')', ' ', '.', '-', '/', '+', '\u00a0', 'x', 'é'], 8);

describe('what is looked at before a pattern is tried decides nothing by itself:', () => {
  it('a row marked as plain is checked like any other', () => {
    const plain = fc.string({
      maxLength: 30,
      unit: fc
        .oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0xc0, max: 0xff }))
        .map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(fc.constantFrom(...uses), plain, (use, text) => {
        expect(codesIn(use, text, true)).toEqual(codesIn(use, text));
      }),
      runs,
    );
  });

  it('numbers in scientific notation are found by their form', () => {
    const pattern = /^[+-]?\d(?:[.,]\d+)?E[+-]\d{2,3}$/i;
    fc.assert(
      fc.property(numberLike, (text) => {
        expect(codesIn('text', text).includes('SCIENTIFIC_NUMBER')).toBe(pattern.test(text));
      }),
      { ...runs, examples: [['1E+11'], ['1.2e-110'], ['-6,1E+10'], ['1E+1'], ['1E+1000']] },
    );
  });

  it('dates among codes are found by their form', () => {
    const month = '(?:jan|feb|m[aä]r|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*';
    const pattern = new RegExp(
      `^(?:\\d{4}-\\d\\d-\\d\\d.*|\\d{1,2}[/.]\\d{1,2}[/.]\\d{2,4}|\\d{1,2}[- ]${month}(?:[- ]\\d{2,4})?)$`,
      'i',
    );
    fc.assert(
      fc.property(dateLike, (text) => {
        expect(codesIn('code', text).includes('VALUE_BECAME_DATE')).toBe(pattern.test(text));
      }),
      { ...runs, examples: [['2024-05-12 12:31'], ['5/5/24'], ['31.12.2024'], ['1 Mar'], ['05-dez-2024']] },
    );
  });

  it('serial numbers among dates are found by their form', () => {
    fc.assert(
      fc.property(numberLike, (text) => {
        const isSerial = /^\d{5}(?:\.\d+)?$/.test(text) && Number(text) >= 20_000 && Number(text) <= 60_000;
        expect(codesIn('date', text).includes('DATE_SERIAL')).toBe(isSerial);
      }),
      { ...runs, examples: [['45296'], ['45296.75'], ['45296.'], ['60000'], ['60001'], ['452960']] },
    );
  });

  it('a date that could be read both ways is found by its form', () => {
    fc.assert(
      fc.property(dateLike, (text) => {
        const [, first, , second] = /^(\d{1,2})([/.-])(\d{1,2})\2(?:\d{4}|\d{2})(?:\D|$)/.exec(text) ?? [];
        const isEither = Number(first) <= 12 && Number(second) <= 12 && Number(first) !== Number(second);
        expect(findCodes('text', [text]).has('AMBIGUOUS_DATES')).toBe(isEither);
      }),
      { ...runs, examples: [['05/12/2024'], ['5.12.24 12:31'], ['1-05-2024x'], ['05/12.2024'], ['31/12/2024']] },
    );
  });

  it('a phone that lost its zero is found by its digits alone', () => {
    const others = Array.from({ length: 20 }, (_, n) => `0${123_456_780 + n}`);
    fc.assert(
      fc.property(phoneLike, (text) => {
        const digits = /[^\d\s().\-/]/.test(text) ? '' : text.replace(/\D/g, '');
        const isShort = digits.length === 9 && !digits.startsWith('0');
        expect(findCodes('phone', [...others, text]).has('PHONES_WITHOUT_ZERO')).toBe(isShort);
      }),
      { ...runs, examples: [['2 5550-1234'], ['(2)\u00a05550/12.34'], ['+255501234'], ['025550123']] },
    );
  });

  it('a post code that lost its zero is found by its digits alone', () => {
    const others = Array.from({ length: 20 }, (_, n) => String(2000 + n));
    fc.assert(
      fc.property(phoneLike, (text) => {
        expect(findCodes('postcode', [...others, text]).has('POST_CODES_TOO_SHORT')).toBe(/^\d{2,3}$/.test(text));
      }),
      { ...runs, examples: [['800'], ['80'], ['8'], ['80a'], ['8 0']] },
    );
  });
});
