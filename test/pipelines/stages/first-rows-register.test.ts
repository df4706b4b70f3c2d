import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FirstRowsRegister } from '#pipelines/stages/first-rows-register.js';

const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22);

describe('the register of first rows', () => {
  it('gives back what was put in, for many customers of similar names', () => {
    const register = new FirstRowsRegister();
    const identities = Array.from({ length: 100_000 }, (_, at) => `key A-${String(at).padStart(7, '0')}`);
    const wrong = { missing: 0, early: 0 };
    identities.forEach((identity, at) => {
      if (register.get(identity) !== undefined) wrong.early += 1;
      register.set(identity, { row: at + 2, contentHash: hashOf(identity) });
    });
    identities.forEach((identity, at) => {
      const first = register.get(identity);
      if (first?.row !== at + 2 || first.hashStart !== hashOf(identity).slice(0, 8)) wrong.missing += 1;
    });
    expect(wrong).toEqual({ missing: 0, early: 0 });
  });

  it('keeps the last that was put in, with or without a hash, also at row 0 and beyond ASCII', () => {
    const register = new FirstRowsRegister();
    register.set('key 東京', { row: 7, contentHash: hashOf('a') });
    register.set('key 東京', { row: 0 });
    register.set('code 1', { row: 4_000_000_000, contentHash: hashOf('b') });
    expect(register.get('key 東京')).toEqual({ row: 0 });
    expect(register.get('code 1')).toEqual({ row: 4_000_000_000, hashStart: hashOf('b').slice(0, 8) });
    expect(register.get('code 2')).toBeUndefined();
  });
});
