import { describe, expect, it } from 'vitest';
import { createDamageDetector } from '#pipelines/damage/create-damage-detector.js';
import type { ColumnLookout, ColumnUse } from '#pipelines/damage/finding.js';
import { type DamageReport, watchDamage } from '#pipelines/damage/watch-damage.js';
import type { Cell, Row } from '#pipelines/row.js';

const rowOf = (cells: readonly Cell[], index = 0): Row => ({ index, number: index + 2, cells });

function findingsOf(use: ColumnUse, cell: Cell, more: Omit<ColumnLookout, 'use'> = {}) {
  return createDamageDetector({ columns: ['Name'], lookouts: [{ use, ...more }] }).inspect(rowOf([cell]));
}

function reportOf(lookout: ColumnLookout, values: readonly Cell[]): DamageReport {
  const watch = watchDamage({ columns: ['Column'], lookouts: [lookout] });
  values.forEach((value, index) => {
    watch.see(rowOf([value], index));
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
    const findings = findingsOf(use, cell);
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    expect(findings[0]).toMatchObject({ columns: ['Name'], suggestion: expect.stringMatching(/\.$/) });
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
  ])('is left alone: %s', (_name, use, cell) => {
    expect(findingsOf(use, cell)).toEqual([]);
  });

  it('of mojibake comes with the text that was meant', () => {
    expect(findingsOf('text', 'ZoÃ«')[0]?.suggestion).toContain('"Zoë"');
    expect(findingsOf('text', 'Oâ€™Brien')[0]?.suggestion).toContain('"O’Brien"');
  });

  it('with a serial number comes with the date that was meant', () => {
    expect(findingsOf('date', '45296')[0]?.suggestion).toContain('2024-01-05');
  });

  it('may hold several kinds of damage', () => {
    expect(findingsOf('text', 'AndrÃ©\u00a0\ufffd').map(({ code }) => code)).toEqual([
      'MOJIBAKE',
      'REPLACEMENT_CHARACTER',
      'INVISIBLE_CHARACTER',
    ]);
  });

  it.each<Cell>(['#N/A', { kind: 'error', text: '#N/A', reason: 'a look-up found nothing' }])(
    'that means "clear the value" is no damage: %j',
    (cell) => {
      const detector = createDamageDetector({ columns: ['a'], lookouts: [{ use: 'text' }], nullToken: '#N/A' });
      expect(detector.inspect(rowOf([cell]))).toEqual([]);
      expect(detector.inspect(rowOf(['#REF!'])).length).toBe(1);
    },
  );

  it('of a row with defects is not judged, since it may be shifted', () => {
    const detector = createDamageDetector({ columns: ['a'], lookouts: [{ use: 'text' }] });
    const defects = [{ code: 'RAGGED_ROW', message: '' }];
    expect(detector.inspect({ ...rowOf(['#REF!']), defects })).toEqual([]);
  });

  it('is judged behind what the mapping does to it, where that can mend it', () => {
    const mended = (text: string) => text.replaceAll(/\D/g, '');
    expect(findingsOf('phone', '02\u00a09999', { mended })).toEqual([]);
    expect(findingsOf('phone', '6.1E+10', { mended }).map(({ code }) => code)).toEqual(['SCIENTIFIC_NUMBER']);
  });

  it('of personal data is told of without showing it', () => {
    const [finding] = findingsOf('text', 'ZoÃ«', { isSecret: true });
    expect(JSON.stringify(finding)).not.toMatch(/Zo/);
    expect(finding?.code).toBe('MOJIBAKE');
    const { findings } = reportOf({ use: 'postcode', isSecret: true }, [...times(20, (n) => `${2000 + n}`), '810']);
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
    const report = reportOf({ use }, values);
    expect(report.findings).toMatchObject([{ code, columns: ['Column'] }]);
    expect(report.findings[0]?.rows[0]).toBe(row);
    const blamed = values.flatMap((value, index) => report.judge(rowOf([value], index)).map(() => index + 2));
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
  ] as const)('is left alone: %s', (_name, use, values) => {
    expect(reportOf({ use }, values).findings).toEqual([]);
  });

  it('names the first rows and a value, and counts the others', () => {
    const values = [...times(100, (n) => `${2000 + n}`), ...times(9, (n) => `${801 + n}`)];
    expect(reportOf({ use: 'postcode' }, values).findings).toMatchObject([
      { count: 9, rows: [102, 103, 104, 105, 106], value: '801' },
    ]);
  });

  it('of post codes that the mapping fills up is left alone', () => {
    const values = [...times(20, (n) => `${2000 + n}`), '810'];
    const mended = (text: string) => text.padStart(4, '0');
    expect(reportOf({ use: 'postcode', mended }, values).findings).toEqual([]);
  });

  it('with a thousand cells of one kind has one finding', () => {
    const { findings } = reportOf({ use: 'text' }, [...times(1000, (n) => `Zo\ufffd ${n}`), 'ZoÃ«']);
    expect(findings.map(({ code, count, rows }) => [code, count, rows])).toEqual([
      ['REPLACEMENT_CHARACTER', 1000, [2, 3, 4, 5, 6]],
      ['MOJIBAKE', 1, [1002]],
    ]);
  });

  it('lets every damaged row be judged, with column, value and what to do', () => {
    const report = reportOf({ use: 'date' }, ['45296', '2024-01-05']);
    expect(report.judge(rowOf(['45296']))).toEqual([
      {
        code: 'DATE_SERIAL',
        columns: ['Column'],
        value: '45296',
        message:
          'Column "45296": The number is how a spreadsheet stores a date. It probably means "2024-01-05". ' +
          'Format the column as a date (yyyy-mm-dd) and export again.',
      },
    ]);
    expect(report.judge(rowOf(['2024-01-05']))).toEqual([]);
  });
});

describe('the number of rows', () => {
  it.each([
    [65_535, true],
    [65_534, false],
    [1_048_575, true],
    [1_048_576, false],
  ])('of %i below a header looks truncated: %s', (count, looksTruncated) => {
    const watch = watchDamage({ columns: ['a'], lookouts: [{ use: 'text' }] });
    // Line numbers run ahead of rows where cells have line breaks; the count must tell all the same.
    for (let index = 0; index < count; index += 1) watch.see({ index, number: index + 7, cells: ['x'] });
    const { findings } = watch.report();
    expect(findings.map(({ code }) => code)).toEqual(looksTruncated ? ['LOOKS_TRUNCATED'] : []);
  });

  it('looks truncated too when titles stand above the header', () => {
    const watch = watchDamage({ columns: ['a'], lookouts: [{ use: 'text' }] });
    watch.see({ index: 0, number: 1_048_576, cells: ['x'] });
    expect(watch.report().findings).toMatchObject([{ code: 'LOOKS_TRUNCATED', rows: [1_048_576] }]);
  });
});
