import { describe, expect, it } from 'vitest';
import { contentHash, isSameValue } from '#pipelines/compare-customers.js';
import type { Draft } from '#pipelines/model.js';

describe('the fingerprint of a draft', () => {
  it.each<[string, Draft, Draft]>([
    ['the order of the fields', { city: 'Parap', notes: 'x' }, { notes: 'x', city: 'Parap' }],
    [
      'the order inside a field',
      { extra: { a: 1, b: [2, { c: 3, d: 4 }] } },
      { extra: { b: [2, { d: 4, c: 3 }], a: 1 } },
    ],
  ])('does not depend on %s', (_, a, b) => {
    expect(contentHash(a)).toBe(contentHash(b));
  });

  it.each<[string, Draft, Draft]>([
    ['a value in another field', { firstName: 'Lee', lastName: '' }, { firstName: '', lastName: 'Lee' }],
    ['values exchanged between fields', { firstName: 'Ann', lastName: 'Lee' }, { firstName: 'Lee', lastName: 'Ann' }],
    ['a name that runs on into its value', { ab: 'c' }, { a: 'bc' }],
    ['a number and its digits', { creditLimit: 1 }, { creditLimit: '1' }],
    ['null and the word', { notes: null }, { notes: 'null' }],
    ['a blank and no field', { notes: '' }, {}],
    ['the order of a list', { extra: [1, 2] }, { extra: [2, 1] }],
    ['zero bytes at an end', { notes: 'a' }, { notes: 'a\0' }],
    ['letters beyond Latin', { city: '東京' }, { city: '京東' }],
  ])('tells apart %s', (_, a, b) => {
    expect(contentHash(a)).not.toBe(contentHash(b));
  });

  it('stays the same from version to version, because ledgers keep it', () => {
    expect(contentHash({ customerName: 'Ünal & Söhne', creditLimit: 12.5, active: true, notes: null })).toBe(
      'avAAvUINtkEWhcnWdHDNs3',
    );
  });

  it('gives every one of many like drafts another, in each half', () => {
    const halves = [new Set<string>(), new Set<string>()];
    const count = 100_000;
    for (let row = 0; row < count; row += 1) {
      const draft = { customerName: `Company ${row}`, cC_001: `A-${row % 10}`, creditLimit: row % 7, active: true };
      const bytes = Buffer.from(contentHash(draft), 'base64url');
      halves[0]?.add(bytes.toString('latin1', 0, 8));
      halves[1]?.add(bytes.toString('latin1', 8));
    }
    expect(halves.map(({ size }) => size)).toEqual([count, count]);
  });
});

describe('values that a server keeps as another type', () => {
  it.each([
    ['500.00', 500, true],
    ['-1.5', -1.5, true],
    ['TRUE', true, true],
    ['0801', 801, false],
    ['', 0, false],
    ['12345678901234567890', 12345678901234567000, false],
    ['yes', true, false],
  ])('%j is %j: %s', (text, value, isSame) => {
    expect([isSameValue(text, value), isSameValue(value, text)]).toEqual([isSame, isSame]);
  });
});
