import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayKey, isSameSource, joinKey, readStamp, splitKey, storeKey } from '#pipelines/import/keys.js';
import { isFailure } from '#pipelines/mapping/cells.js';
import { compileKey, defaultPlaceholders, normaliseKey } from '#pipelines/mapping/key.js';
import type { Cell } from '#pipelines/model.js';

function readKey(cell: Cell, placeholders = defaultPlaceholders): string {
  const key = compileKey([0], { join: ' ', placeholders }, undefined).read([cell]);
  return isFailure(key) ? key.code : normaliseKey(key);
}

/** Each kind of text that stands where there is no key, with the ways in which it is found. */
const placeholderKinds: Readonly<Record<string, readonly string[]>> = {
  'a null of a database': ['NULL', 'null', '(null)', '<NULL>', '\\N', 'nil', 'undefined'],
  'a missing number of a data frame': ['nan', 'NaN', '-nan', '<NA>', 'NaT', 'inf'],
  'not applicable': ['N/A', 'n/a', 'NA', 'n.a.', 'Not applicable', 'not available'],
  'a failed formula': ['#N/A', '#REF!', '#VALUE!', '#NAME?', '#DIV/0!', '#NV', '#BEZUG!'],
  'a column that was too narrow': ['###', '########', '####################'],
  'a zero': ['0', '00', '0000', '0.0', '0,00', '-0'],
  'a minus one': ['-1'],
  'a dash': ['-', '--', '—', '–', '---'],
  'a question mark': ['?', '??', '???'],
  'dots and other signs': ['.', '...', '*', '***', '/', '()', '_'],
  none: ['none', 'None', '*None', '*none*', '(none)', 'No number'],
  blank: ['(blank)', 'blank', '(empty)', '<blank>', 'leer', '(vide)'],
  'to be announced': ['TBA', 'tbc', 'TBD', 'Unknown', 'unbekannt', 'missing', 'unassigned'],
  'a row of crosses': ['xxx', 'XXXX'],
  'a new customer': ['NEW', 'neu'],
  'an address for nobody': ['noemail@example.com', 'None@example.com', 'test@example.com', 'no-email@example.com'],
};

describe('a key', () => {
  it.each(Object.entries(placeholderKinds))('is not %s', (_kind, texts) => {
    for (const text of texts)
      for (const typed of [text, ` ${text} `, `\u200b${text}\u00a0`, `\u202d${text}\ufe0f`, `${text}\u2069\u034f`])
        expect(`${typed}: ${readKey(typed)}`).toBe(`${typed}: KEY_PLACEHOLDER`);
  });

  it.each([
    ['1.00123E+11', 'NUMBER_DAMAGED'],
    ['5E+03', 'NUMBER_DAMAGED'],
    ['', 'KEY_MISSING'],
    [' \u00a0', 'KEY_MISSING'],
    ['\u200b', 'KEY_MISSING'],
  ])('is not %s (%s)', (text, code) => {
    expect(readKey(text)).toBe(code);
  });

  it.each([
    ...['1', '10', '0001', '100', '1-0', 'C-0042', 'N7', 'Nana', 'none-1', 'X1', '#17', 'NULL-1', '00-1', '１０'],
    ...['info@koala.example', 'ann@none.example', 'Zero', 'Nanette', '-17', '12/3', 'TBA1', 'unknown pleasures'],
  ])('is %s', (text) => {
    expect(readKey(text)).toBe(text);
  });

  it.each([
    ['an e-mail address with capitals', 'Maeve@Koala.Example', 'maeve@koala.example'],
    ['an e-mail address in words', 'Bob <Bob@X.example>', 'Bob <bob@x.example>'],
    ['signs without width inside', '00\u200b01', '0001'],
    ['a no-break space inside', 'A\u00a012', 'A 12'],
    ['a letter in two parts', 'Cafe\u0301', 'Café'],
    ['a control character', '12\u001f34', '1234'],
    ['a soft hyphen', 'AB\u00adC', 'ABC'],
  ])('with %s is one with the key without', (_what, text, key) => {
    expect(readKey(text)).toBe(key);
  });

  it('keeps its capitals unless it is an e-mail address', () => {
    expect(readKey('ab-C')).toBe('ab-C');
    expect(readKey('AB-C')).toBe('AB-C');
  });

  it('can be a text of the table, and cannot be one of the mapping, where the mapping says so', () => {
    expect(readKey('0', { isOn: true, also: [], allow: ['0', 'NULL'] })).toBe('0');
    expect(readKey('null', { isOn: true, also: [], allow: ['0', 'NULL'] })).toBe('null');
    expect(readKey('?', { isOn: true, also: [], allow: ['0'] })).toBe('KEY_PLACEHOLDER');
    expect(readKey('cash sale', { isOn: true, also: ['Cash Sale', '9999'], allow: [] })).toBe('KEY_PLACEHOLDER');
    expect(readKey('9999', { isOn: true, also: ['Cash Sale', '9999'], allow: [] })).toBe('KEY_PLACEHOLDER');
    expect(readKey('#REF!', { isOn: false, also: [], allow: [] })).toBe('#REF!');
  });

  it.each([
    [['0', '12'], '0-12'],
    [['0', '0'], 'KEY_PLACEHOLDER'],
    [['7', 'NULL'], 'KEY_PLACEHOLDER'],
    [['7', ''], 'KEY_MISSING'],
  ])('of the parts %j is %s', (cells, expected) => {
    const read = compileKey([0, 1], { join: '-', placeholders: defaultPlaceholders }, undefined).read(cells);
    expect(isFailure(read) ? read.code : read).toBe(expected);
  });

  it('is normalised once and for all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const key = normaliseKey(text);
        expect(normaliseKey(key)).toBe(key);
        expect(key).not.toContain('\u001f');
      }),
      { numRuns: 500 },
    );
  });
});

describe('a key of a source', () => {
  it('is another key than the same text of another source, or of none', () => {
    const keys = [joinKey('shop-a', '1'), joinKey('shop-b', '1'), joinKey(undefined, '1')];
    expect(new Set(keys).size).toBe(3);
    expect(keys.map(splitKey)).toEqual([{ source: 'shop-a', key: '1' }, { source: 'shop-b', key: '1' }, { key: '1' }]);
    expect(keys.map(displayKey)).toEqual(['shop-a: 1', 'shop-b: 1', '1']);
    expect(isSameSource(joinKey('a', '1'), joinKey('a', '2'))).toBe(true);
    expect(isSameSource(joinKey('a', '1'), joinKey(undefined, '1'))).toBe(false);
  });

  it.each([
    ['shop-a: 1', 'shop-a', joinKey('shop-a', '1')],
    ['shop-a:1 ', 'shop-a', joinKey('shop-a', '1')],
    ['shop-b: 1', 'shop-a', undefined],
    ['1', 'shop-a', undefined],
    ['1', undefined, '1'],
    [' Ann@Example.com', undefined, 'ann@example.com'],
    ['', undefined, undefined],
    [null, undefined, undefined],
  ])('stamped as %j is read for the source %s as %j', (stamp, source, stored) => {
    expect(readStamp(stamp, source)).toBe(stored);
  });

  it('is found by what a person types', () => {
    expect(storeKey(' shop-a ', ' 1 ')).toBe(joinKey('shop-a', '1'));
    expect(storeKey('', 'Ann@Example.com')).toBe('ann@example.com');
  });
});
