import { describe, expect, it } from 'vitest';
import { compileMapping } from '#pipelines/mapping/compile.js';
import { takeEmailAddress } from '#pipelines/mapping/email-address.js';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';

describe('an e-mail address', () => {
  it.each([
    ['Bob Ray <bob@x.example>', 'bob@x.example'],
    ['"Ray, Bob" <bob@x.example>', 'bob@x.example'],
    ["Maeve O'Brien (maeve@x.example)", 'maeve@x.example'],
    ['ann@x.example (work)', 'ann@x.example'],
    ['a@x.example; b@x.example', 'a@x.example'],
    ['a@x.example ::: b@x.example', 'a@x.example'],
    ['a@x.example, b@x.example', 'a@x.example'],
    ['a@x.example / b@x.example', 'a@x.example'],
    ['a@x.example\nb@x.example', 'a@x.example'],
    ['Ray, Bob <b@x.example>; Ann <a@x.example>', 'b@x.example'],
    ['a@x.example.', 'a@x.example'],
    ['Bob Ray <bob@x.example>.', 'bob@x.example'],
  ])('is taken out of %j, and that is said', (text, address) => {
    expect(takeEmailAddress(text)).toEqual({ text: address, note: expect.stringContaining(address) });
  });

  it('loses a separator behind it without a word', () => {
    expect(takeEmailAddress('a@x.example;')).toEqual({ text: 'a@x.example' });
  });

  it.each([
    ['a@x.example'],
    ['ann lee@x.example'],
    ['ann@x example.com'],
    ['ann@x,com'],
    ['a@x.example, call first'],
    ['/o=Labs/ou=Group/cn=tobias'],
    ['none'],
    ['@@@'],
    [`${'a'.repeat(3000)}@x.example b@x.example`],
  ])('is not guessed in %j', (text) => {
    expect(takeEmailAddress(text)).toBeUndefined();
  });

  it('is taken out in every mapping of emailAddress, and in no other field', () => {
    const columns = ['Mail', 'Notes'];
    const parsed = parseMapping({ fields: { emailAddress: 'Mail', notes: 'Notes' } });
    const compiled = parsed.ok ? compileMapping(parsed.mapping, columns) : parsed;
    if (!('compiled' in compiled)) throw new Error(JSON.stringify(compiled));
    const text = 'Bob <bob@x.example>';
    const mapped = compiled.compiled.map({ index: 0, number: 2, cells: [text, text] });
    expect(mapped.draft).toEqual({ emailAddress: 'bob@x.example', notes: text });
    expect(mapped.notes).toMatchObject([{ severity: 'info', code: 'ADDRESS_TAKEN_OUT', field: 'emailAddress' }]);
    expect(mapped.reasons).toEqual([]);
  });
});
