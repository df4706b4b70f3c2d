import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '#pipelines/mapping/cells.js';
import { createCellType, type TypeRule } from '#pipelines/mapping/types/cell-types.js';
import { dateTokens, doDateFormatsConflict, findDateFormatFault } from '#pipelines/mapping/types/date.js';
import { cellToText } from '#pipelines/model.js';

/** The value of a text, or the code of its failure. */
function read(rule: TypeRule, text: string): unknown {
  const value = createCellType(rule).fromText(text);
  return isFailure(value) ? value.code : value;
}

const plain: TypeRule = { name: 'number', decimal: '.' };
const german: TypeRule = { name: 'number', decimal: ',', group: '.' };
const french: TypeRule = { name: 'number', decimal: ',', group: ' ' };
const swiss: TypeRule = { name: 'number', decimal: '.', group: '’' };
const whole: TypeRule = { name: 'integer', decimal: '.' };

describe('numbers', () => {
  it.each<[text: string, rule: TypeRule, value: unknown]>([
    ['0', plain, 0],
    ['-0', plain, 0],
    ['007', plain, 7],
    ['-12.50', plain, -12.5],
    ['.5', plain, 0.5],
    ['1.234,56', german, 1234.56],
    ['1234,56', german, 1234.56],
    ['1.234.567', german, 1234567],
    ['-1.234', german, -1234],
    ['1 234 567,5', french, 1234567.5],
    ['1\u00A0234\u202F567', french, 1234567],
    ['1’234.50', swiss, 1234.5],
    ['123456789012345', plain, 123456789012345],
    ['1.00000000000000000000', plain, 1],
    ['0.000000000000001', plain, 1e-15],
    ['3.0', whole, 3],
    ['1,234.56', plain, 'NOT_A_NUMBER'],
    ['1,234', plain, 'NOT_A_NUMBER'],
    ['1.23', german, 'NOT_A_NUMBER'],
    ['12.34.567', german, 'NOT_A_NUMBER'],
    ['1.2345', german, 'NOT_A_NUMBER'],
    ['1.234.56', german, 'NOT_A_NUMBER'],
    ['.234', german, 'NOT_A_NUMBER'],
    ['1..234', german, 'NOT_A_NUMBER'],
    ['5.', plain, 'NOT_A_NUMBER'],
    ['-', plain, 'NOT_A_NUMBER'],
    ['+5', plain, 'NOT_A_NUMBER'],
    ['5-', plain, 'NOT_A_NUMBER'],
    ['(5)', plain, 'NOT_A_NUMBER'],
    ['5 %', plain, 'NOT_A_NUMBER'],
    ['$5', plain, 5],
    ['5 PCS', plain, 'NOT_A_NUMBER'],
    ['1e5', plain, 'NOT_A_NUMBER'],
    ['0x10', plain, 'NOT_A_NUMBER'],
    ['NaN', plain, 'NOT_A_NUMBER'],
    ['Infinity', plain, 'NOT_A_NUMBER'],
    ['１２', plain, 'NOT_A_NUMBER'],
    ['5\n', plain, 'NOT_A_NUMBER'],
    ['1234567890123456', plain, 'NUMBER_TOO_LONG'],
    ['0.1234567890123456', plain, 'NUMBER_TOO_LONG'],
    ['3.5', whole, 'NOT_AN_INTEGER'],
  ])('reads %j', (text, rule, value) => {
    expect(read(rule, text)).toBe(value);
  });

  it('refuses a long text that is almost a number, without backtracking until the test times out', () => {
    expect(read(german, `${'1'.repeat(30_000)}x`)).toBe('NOT_A_NUMBER');
    expect(read(german, `${'1.111'.repeat(6_000)}x`)).toBe('NOT_A_NUMBER');
  });

  it('are the very numbers that JavaScript reads', () => {
    const digits = fc.stringMatching(/^\d{1,15}$/);
    const texts = fc.oneof(
      digits,
      fc.tuple(digits, digits).map((both) => both.join('.').slice(0, 15).replace(/\.$/, '')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(read(plain, text)).toBe(Number(text));
      }),
      { numRuns: 3_000, examples: [['0.1'], ['0.00000000000001'], ['999999999999999'], ['007.50']] },
    );
  });

  it('come back from what it writes', () => {
    const amounts = fc.integer({ min: -(10 ** 13), max: 10 ** 13 }).map((cents) => cents / 100);
    fc.assert(
      fc.property(amounts, fc.constantFrom(plain, german, french, swiss), (amount, rule) => {
        const type = createCellType(rule);
        expect(type.fromText(cellToText(type.toCell(amount)))).toBe(amount + 0);
      }),
    );
  });

  it.each([
    [1e21, '1000000000000000000000'],
    [1e-7, '0,0000001'],
    [1234.5, '1234,5'],
  ])('are written without an exponent: %d', (value, text) => {
    expect(createCellType(german).toCell(value)).toEqual({ kind: 'number', text, value });
  });
});

describe('yes and no', () => {
  const declared: TypeRule = { name: 'boolean', trueWords: ['Oui', 'x'], falseWords: ['Non'] };
  const usual: TypeRule = {
    name: 'boolean',
    trueWords: ['true', 'yes', 'y', '1'],
    falseWords: ['false', 'no', 'n', '0'],
  };

  it.each<[text: string, rule: TypeRule, value: unknown]>([
    ['TRUE', usual, true],
    ['Yes', usual, true],
    ['0', usual, false],
    ['N', usual, false],
    ['oui ', declared, true],
    ['X', declared, true],
    ['NON', declared, false],
    ['yes', declared, 'NOT_A_BOOLEAN'],
    ['2', usual, 'NOT_A_BOOLEAN'],
  ])('reads %j', (text, rule, value) => {
    expect(read(rule, text)).toBe(value);
  });

  it('writes the first declared word', () => {
    expect([true, false].map((value) => createCellType(declared).toCell(value))).toEqual(['Oui', 'Non']);
  });
});

describe('dates', () => {
  const dates = (...formats: string[]): TypeRule => ({ name: 'date', formats });

  it.each<[text: string, formats: string[], value: string]>([
    ['29/02/2024', ['DD/MM/YYYY'], '2024-02-29'],
    ['1/2/2024', ['D/M/YYYY'], '2024-02-01'],
    ['12.11.49', ['DD.MM.YY'], '2049-11-12'],
    ['12.11.50', ['DD.MM.YY'], '1950-11-12'],
    ['3-mar-2021', ['D-MMM-YYYY'], '2021-03-03'],
    ['20210304', ['YYYYMMDD'], '2021-03-04'],
    ['2021-03-04T05:06:07', ['YYYY-MM-DDTHH:mm:ss'], '2021-03-04T05:06:07'],
    ['4/3/2021 05:06', ['D/M/YYYY HH:mm'], '2021-03-04T05:06:00'],
    ['Mar 4, 2021', ['YYYY-MM-DD', 'MMM D, YYYY'], '2021-03-04'],
    ['29/02/2023', ['DD/MM/YYYY'], 'IMPOSSIBLE_DATE'],
    ['31/04/2024', ['DD/MM/YYYY'], 'IMPOSSIBLE_DATE'],
    ['00/01/2024', ['DD/MM/YYYY'], 'IMPOSSIBLE_DATE'],
    ['01/13/2024', ['DD/MM/YYYY'], 'IMPOSSIBLE_DATE'],
    ['01/01/0000', ['DD/MM/YYYY'], 'IMPOSSIBLE_DATE'],
    ['29/02/1900', ['DD/MM/YYYY'], 'IMPOSSIBLE_DATE'],
    ['2024-01-01 24:00', ['YYYY-MM-DD HH:mm'], 'IMPOSSIBLE_DATE'],
    ['1/2/2024', ['DD/MM/YYYY'], 'NOT_A_DATE'],
    ['01/02/24', ['DD/MM/YYYY'], 'NOT_A_DATE'],
    ['01/02/2024 ', ['DD/MM/YYYY'], 'NOT_A_DATE'],
    ['01-02-2024', ['DD.MM.YYYY'], 'NOT_A_DATE'],
    ['45296', ['DD/MM/YYYY'], 'NOT_A_DATE'],
  ])('reads %j by %j', (text, formats, value) => {
    expect(read(dates(...formats), text)).toBe(value);
  });

  it.each([
    ['DD/MM/YYYY', undefined],
    ['YYYYMMDD', undefined],
    ['D. MMM YYYY, HH:mm', undefined],
    ['dd/MM/YYYY', 'letters that are not a token'],
    ['DD/MM', 'has no year'],
    ['DD/DD/YYYY', 'has the day twice'],
    ['DDMYYYY', 'M or D directly before another token'],
    ['DD/MM/YYYY HH', 'both HH and mm'],
    ['DD/MM/YYYY ss', 'ss without HH and mm'],
    ['', 'has no year'],
  ])('finds what is wrong with the format %j', (format, fault) => {
    if (fault === undefined) expect(findDateFormatFault(format)).toBeUndefined();
    else expect(findDateFormatFault(format)).toContain(fault);
  });

  it.each([
    ['DD/MM/YYYY', 'MM/DD/YYYY', true],
    ['D/M/YYYY', 'MM/DD/YYYY', true],
    ['DD.MM.YY', 'YY.MM.DD', true],
    ['DDMMYYYY', 'YYYYMMDD', true],
    ['DD/MM/YYYY', 'D/M/YYYY', false],
    ['DD/MM/YYYY', 'MM-DD-YYYY', false],
    ['DD/MM/YYYY', 'YYYY/MM/DD', false],
    ['D MMM YYYY', 'D MM YYYY', false],
  ])('knows whether %s and %s read the same text differently', (a, b, expected) => {
    expect(doDateFormatsConflict(a, b)).toBe(expected);
  });

  const days = fc.date({ min: new Date('1950-01-01'), max: new Date('2049-12-31T23:59:59'), noInvalidDate: true });

  it('come back from what they write', () => {
    const formats = [
      'DD/MM/YYYY',
      'D.M.YY',
      'MMM D, YYYY',
      'YYYYMMDD',
      'YYYY-MM-DDTHH:mm:ss',
      '(D)*M+YYYY?',
      'M/D/YYYY h:mm:ss A',
    ];
    fc.assert(
      fc.property(days, fc.constantFrom(...formats), (day, format) => {
        const type = createCellType(dates(format));
        const date = day.toISOString().slice(0, /h/i.test(format) ? 19 : 10);
        expect(type.fromText(cellToText(type.toCell(date)))).toBe(date);
      }),
    );
  });

  it.each([
    ['1930-01-01', 'DD/MM/YY'],
    ['2024-01-01T10:30:00', 'DD/MM/YYYY'],
    ['not a date', 'DD/MM/YYYY'],
  ])('writes %s unchanged when %s cannot express it', (date, format) => {
    expect(createCellType(dates(format)).toCell(date)).toBe(date);
  });

  it("writes the server's midnight as a day", () => {
    expect(createCellType(dates('DD/MM/YYYY')).toCell('2020-08-21T00:00:00.000')).toBe('21/08/2020');
  });

  it('has an example of every token above', () => {
    expect(Object.keys(dateTokens).join(' ')).toBe('YYYY YY MMM MM M DD D HH H hh h mm ss A');
  });
});
