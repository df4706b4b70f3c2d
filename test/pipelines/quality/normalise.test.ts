import { describe, expect, it } from 'vitest';
import { isFillerEmail } from '#pipelines/mapping/filler-address.js';
import {
  isRoleEmail,
  normaliseCompanyName,
  normaliseEmail,
  normalisePersonName,
  normalisePhone,
  normaliseValue,
} from '#pipelines/quality/normalise.js';

describe('a normalised e-mail address', () => {
  it.each([
    ['Bob@X.Example', 'bob@x.example'],
    ['  bob@x.example ', 'bob@x.example'],
    ['Bob <bob@x.example>', 'bob@x.example'],
    ['mailto:bob@x.example', 'bob@x.example'],
    ['"Bob" <BOB@x.example>;', 'bob@x.example'],
    ['bob@x.example, ann@x.example', 'bob@x.example'],
    ['bob@x.example.', 'bob@x.example'],
  ])('of %j is %j', (text, expected) => {
    expect(normaliseEmail(text)).toBe(expected);
  });

  it('is missing where there is none', () => {
    expect(['', ' ', 'none', '@', 'bob@', 'n/a'].map(normaliseEmail)).toEqual(Array(6).fill(undefined));
  });
});

describe('a normalised phone number', () => {
  it.each([
    '0491 570 156',
    '+61 491 570 156',
    '(0491) 570-156',
    '0061 491 570 156',
    '61491570156',
    '0491.570.156',
    '0491570156 (mobile)',
  ])('is the same for %s', (text) => {
    expect(normalisePhone(text, 'AU')).toBe('+61491570156');
  });

  it('takes the country by its name, too', () => {
    expect(normalisePhone('0491 570 156', 'Australia')).toBe('+61491570156');
    expect(normalisePhone('030 901820', 'Deutschland')).toBe('+4930901820');
  });

  it('keeps extensions apart', () => {
    expect(normalisePhone('02 5550 1201 ext. 12', 'AU')).not.toBe(normalisePhone('02 5550 1201', 'AU'));
  });

  it('is the digits where nothing tells the country', () => {
    expect(normalisePhone('0491 570 156')).toBe('491570156');
  });

  it('is missing for what is no number', () => {
    const none = ['', 'none', '-', '0', '0000000000', '1111 111 111', '1234567890', '123'];
    expect(none.map((text) => normalisePhone(text, 'AU'))).toEqual(Array(none.length).fill(undefined));
  });
});

describe('a normalised name', () => {
  it.each([
    ['José  NÚÑEZ', 'jose nunez'],
    ['O’Brien', 'obrien'],
    ["O'Brien", 'obrien'],
    ['Müller-Lüdenscheidt', 'muller ludenscheidt'],
    ['Łukasz', 'lukasz'],
    ['Weiß', 'weiss'],
  ])('of the person %j is %j', (text, expected) => {
    expect(normalisePersonName(text)).toBe(expected);
  });

  it.each([
    ['Smith & Co. Pty Ltd', 'smith'],
    ['The Smith Company', 'smith company'],
    ['Müller GmbH & Co. KG', 'muller'],
    ['ACME, Inc.', 'acme'],
    ['A.C.M.E. P/L', 'a c m e'],
    ['Fish and Chips', 'fish chips'],
    ['João Sá', 'joao sa'],
    ['Ltd', 'ltd'],
  ])('of the company %j is %j', (text, expected) => {
    expect(normaliseCompanyName(text)).toBe(expected);
  });
});

describe('a normalised value', () => {
  it.each([
    ['postalCode', ' sw1a 1aa', 'SW1A1AA'],
    ['creditLimit', '1.50', '1.5'],
    ['creditLimit', 1.5, '1.5'],
    ['EMAILADDRESS', 'A@b.example', 'a@b.example'],
    ['country', 'australia', 'AU'],
    ['cC_001', ' A-1 ', 'A-1'],
    ['address', '1, High St.', '1 high st'],
    ['active', true, 'true'],
  ])('of %s %j is %j', (field, value, expected) => {
    expect(normaliseValue(field, value)).toBe(expected);
  });

  it('is missing for what is blank', () => {
    for (const value of ['', ' ', '\u200b', null, undefined])
      expect(normaliseValue('firstName', value)).toBeUndefined();
  });
});

it('tells fillers and desks from addresses of people', () => {
  expect(['noemail@x.example', 'none@x.example', 'test@test.com', 'a@none.com'].every(isFillerEmail)).toBe(true);
  expect(['nora@x.example', 'testa@x.example', 'noel@nonesuch.example', 'a@example.com'].some(isFillerEmail)).toBe(
    false,
  );
  expect(['info@x.example', 'sales2@x.example'].every(isRoleEmail)).toBe(true);
  expect(['ian@x.example', 'salesia@x.example'].some(isRoleEmail)).toBe(false);
});
