import { describe, expect, it } from 'vitest';
import { nearestNames, suggestNames } from '#pipelines/mapping/nearest-name.js';

const fields = ['firstName', 'lastName', 'customerName', 'emailAddress', 'phoneNumber', 'notes'];

describe('the nearest name', () => {
  it.each([
    ['fristName', ['firstName']],
    ['first_name', ['firstName']],
    ['FIRST NAME', ['firstName']],
    ['email', ['emailAddress']],
    ['phone', ['phoneNumber']],
    ['note', ['notes']],
    ['zzz', []],
  ])('to %s is %j', (name, expected) => {
    expect(nearestNames(name, fields).slice(0, 1)).toEqual(expected);
  });

  it.each([
    ['nots', fields, 'did you mean "notes"?'],
    ['zzz', ['a', 'b'], 'use one of "a", "b"'],
    ['zzz', Array.from({ length: 10 }, (_, index) => `column ${index}`), 'and 2 more'],
    ['zzz', [], 'there are none'],
  ])('is offered for %s', (name, candidates, says) => {
    expect(suggestNames(name, candidates)).toContain(says);
  });
});
