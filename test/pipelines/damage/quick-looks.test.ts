import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDamageDetector } from '#pipelines/damage/create-damage-detector.js';
import type { ColumnUse } from '#pipelines/damage/finding.js';
import { watchDamage } from '#pipelines/damage/watch-damage.js';

const runs = { numRuns: 3_000 };

const uses = ['text', 'email', 'phone', 'postcode', 'number', 'date', 'code'] as const satisfies readonly ColumnUse[];

function codesIn(use: ColumnUse, text: string, isPlain?: boolean) {
  const row = { index: 0, number: 2, cells: [text], ...(isPlain === undefined ? {} : { isPlain }) };
  return createDamageDetector({ columns: ['Column'], lookouts: [{ use }] })
    .inspect(row)
    .map(({ code }) => code);
}

/** What is found in a column of these texts as a whole. */
function codesOf(use: ColumnUse, texts: readonly string[]) {
  const watch = watchDamage({ columns: ['Column'], lookouts: [{ use }] });
  texts.forEach((text, index) => {
    watch.see({ index, number: index + 2, cells: [text] });
  });
  return new Set(watch.report().findings.map(({ code }) => code));
}

const textOf = (parts: readonly string[], maxLength: number) =>
  fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength }).map((chosen) => chosen.join(''));

// Made of what such texts are made of, so that a good share of them is right.
const numberLike = textOf(['0', '1', '12', '345', '2024', '30000', '.', ',', 'E', 'e', '+', '-', '/', ' ', 'x'], 6);
const dateLike = textOf(['1', '05', '12', '31', '2024', '-', '/', '.', ' ', 'Mar', 'dez', 'März', 'x', '+'], 6);
const phoneLike = textOf(['0', '2', '02', '555', '12345', '(', ')', ' ', '.', '-', '/', '+', '\u00a0', 'x', 'é'], 8);

describe('what is looked at before a pattern is tried decides nothing by itself:', () => {
  it('a row of plain characters is judged as one of which nothing is known', () => {
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

  it('numbers in scientific notation are found by how they look', () => {
    const pattern = /^[+-]?\d(?:[.,]\d+)?E[+-]\d{2,3}$/i;
    fc.assert(
      fc.property(numberLike, (text) => {
        expect(codesIn('text', text).includes('SCIENTIFIC_NUMBER')).toBe(pattern.test(text));
      }),
      { ...runs, examples: [['1E+11'], ['1.2e-110'], ['-6,1E+10'], ['1E+1'], ['1E+1000']] },
    );
  });

  it('dates among codes are found by how they look', () => {
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

  it('serial numbers among dates are found by how they look', () => {
    fc.assert(
      fc.property(numberLike, (text) => {
        const isSerial = /^\d{5}(?:\.\d+)?$/.test(text) && Number(text) >= 20_000 && Number(text) <= 60_000;
        expect(codesIn('date', text).includes('DATE_SERIAL')).toBe(isSerial);
      }),
      { ...runs, examples: [['45296'], ['45296.75'], ['45296.'], ['60000'], ['60001'], ['452960']] },
    );
  });

  it('a date that could be read both ways is found by how it looks', () => {
    fc.assert(
      fc.property(dateLike, (text) => {
        const [, first, , second] = /^(\d{1,2})([/.-])(\d{1,2})\2(?:\d{4}|\d{2})(?:\D|$)/.exec(text) ?? [];
        const isEither = Number(first) <= 12 && Number(second) <= 12 && Number(first) !== Number(second);
        expect(codesOf('text', [text]).has('AMBIGUOUS_DATES')).toBe(isEither);
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
        expect(codesOf('phone', [...others, text]).has('PHONES_WITHOUT_ZERO')).toBe(isShort);
      }),
      { ...runs, examples: [['2 5550-1234'], ['(2)\u00a05550/12.34'], ['+255501234'], ['025550123']] },
    );
  });

  it('a post code that lost its zero is found by its digits alone', () => {
    const others = Array.from({ length: 20 }, (_, n) => String(2000 + n));
    fc.assert(
      fc.property(phoneLike, (text) => {
        expect(codesOf('postcode', [...others, text]).has('POST_CODES_TOO_SHORT')).toBe(/^\d{2,3}$/.test(text));
      }),
      { ...runs, examples: [['800'], ['80'], ['8'], ['80a'], ['8 0']] },
    );
  });
});
