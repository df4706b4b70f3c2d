import { describe, expect, it } from 'vitest';
import { problemsOf, withRule } from './mapping-under-test.js';

describe('parseMapping, on transforms', () => {
  it.each<[title: string, json: unknown, code: string, path: string, says: string]>([
    [
      'a transform that is no list',
      withRule({ column: 'A', transform: 'trim' }),
      'WRONG_KIND',
      'fields.notes.transform',
      'list',
    ],
    [
      'an unknown transform',
      withRule({ column: 'A', transform: ['trim', 'namecase2'] }),
      'TRANSFORM_UNKNOWN',
      'fields.notes.transform[1]',
      '"nameCase"',
    ],
    [
      'a transform named like a method',
      withRule({ column: 'A', transform: ['toString'] }),
      'TRANSFORM_UNKNOWN',
      'fields.notes.transform[0]',
      'no transform',
    ],
    [
      'a country by its name',
      withRule({ column: 'A', transform: [{ phone: { country: 'Australia' } }] }),
      'CHOICE_UNKNOWN',
      'fields.notes.transform[0].phone.country',
      'write "AU"',
    ],
    [
      'a country in small letters',
      withRule({ column: 'A', transform: [{ phone: { country: 'nz' } }] }),
      'CHOICE_UNKNOWN',
      'fields.notes.transform[0].phone.country',
      'write "NZ"',
    ],
    [
      'a date form that loses the time',
      withRule({ column: 'A', transform: [{ date: { from: 'D/M/YYYY HH:mm' } }] }),
      'OPTION_INVALID',
      'fields.notes.transform[0]',
      'leaves out the hour',
    ],
    [
      'a date form that is none',
      withRule({ column: 'A', transform: [{ date: { from: 'D/M/YYY' } }] }),
      'DATE_FORMAT_INVALID',
      'fields.notes.transform[0].date.from',
      'letters that are no token',
    ],
    [
      'one sign for two things',
      withRule({ column: 'A', transform: [{ number: { decimal: ',', group: ',' } }] }),
      'OPTION_INVALID',
      'fields.notes.transform[0]',
      '"," cannot be',
    ],
    [
      'two transforms in one',
      withRule({ column: 'A', transform: [{ trim: {}, upper: {} }] }),
      'WRONG_KIND',
      'fields.notes.transform[0]',
      'one transform',
    ],
    [
      'pad without its length',
      withRule({ column: 'A', transform: ['pad'] }),
      'PROPERTY_MISSING',
      'fields.notes.transform[0]',
      '{ "pad": { "length": … } }',
    ],
    [
      'pad with a text',
      withRule({ column: 'A', transform: [{ pad: { length: 4, with: '00' } }] }),
      'WRONG_KIND',
      'fields.notes.transform[0].pad.with',
      'one sign',
    ],
    [
      'an unknown option',
      withRule({ column: 'A', transform: [{ pad: { lenght: 4, length: 4 } }] }),
      'PROPERTY_UNKNOWN',
      'fields.notes.transform[0].pad.lenght',
      '"length"',
    ],
    [
      'replacing nothing',
      withRule({ column: 'A', transform: [{ replace: { from: '' } }] }),
      'WRONG_KIND',
      'fields.notes.transform[0].replace.from',
      'empty',
    ],
    [
      'a broken pattern',
      withRule({ column: 'A', transform: [{ extract: { pattern: '(' } }] }),
      'PATTERN_INVALID',
      'fields.notes.transform[0].extract.pattern',
      'correct it',
    ],
    [
      'a long pattern',
      withRule({ column: 'A', transform: [{ extract: { pattern: 'a'.repeat(201) } }] }),
      'PATTERN_INVALID',
      'fields.notes.transform[0].extract.pattern',
      '200',
    ],
    [
      'a pattern that may hang',
      withRule({ column: 'A', transform: [{ extract: { pattern: '(a+)+$' } }] }),
      'PATTERN_INVALID',
      'fields.notes.transform[0].extract.pattern',
      'for ever',
    ],
    [
      'a group that is not there',
      withRule({ column: 'A', transform: [{ extract: { pattern: '(a)', group: 2 } }] }),
      'OPTION_INVALID',
      'fields.notes.transform[0]',
      'no group 2',
    ],
  ])('reports %s', (_title, json, code, path, says) => {
    expect(problemsOf(json)).toEqual([{ code, path, message: expect.stringContaining(says) }]);
  });
});
