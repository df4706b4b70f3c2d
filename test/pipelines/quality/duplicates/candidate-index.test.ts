import { describe, expect, it } from 'vitest';
import type { Draft } from '#pipelines/model.js';
import { createCandidateIndex } from '#pipelines/quality/duplicates/candidate-index.js';

const ann = {
  customerCode: '0001',
  customerName: 'Ann Miller',
  firstName: 'Ann',
  lastName: 'Miller',
  address: '2/15 High Street',
  city: 'Leith',
  postalCode: '7315',
  phoneNumber: '0491 570 156',
  emailAddress: 'ann.miller@mail.example',
};

function candidatesFor(draft: Draft, ...customers: readonly Draft[]) {
  return createCandidateIndex(customers, { country: 'AU' }).find(draft);
}

function tierOf(draft: Draft, customer: Draft = ann) {
  return createCandidateIndex([], { country: 'AU' }).compare(draft, customer).tier;
}

describe('a row that is a customer', () => {
  it.each<[string, Draft]>([
    ['as they are written elsewhere', { ...ann, customerName: 'ANN MILLER', address: 'Unit 2, 15 High St' }],
    ['with a typing error', { ...ann, lastName: 'Milller', customerName: '' }],
    ['with first and last name swapped', { ...ann, firstName: 'Miller', lastName: 'Ann', customerName: 'Miller Ann' }],
    ['last name first', { customerName: 'Miller, Ann', phoneNumber: '+61 491 570 156', city: 'Leith' }],
    ['with a short form of the name', { ...ann, firstName: 'Annie', customerName: 'Annie Miller' }],
  ])('is found %s', (_, draft) => {
    expect(candidatesFor(draft, ann)).toMatchObject([{ customerCode: '0001', tier: 'same', isStrong: true }]);
  });

  it.each<[string, Draft]>([
    ['the same phone number', { phoneNumber: '0491 570 156' }],
    ['the same post code', { postalCode: '0820' }],
  ])('is found where the server has cut its name, by %s', (_, rest) => {
    const customer = { ...rest, customerName: 'Emre Yil', customerCode: '0001' };
    const found = candidatesFor({ ...rest, customerName: 'Emre Yildiz' }, customer);
    expect(found).toMatchObject([{ customerCode: '0001', isStrong: true }]);
    const other = { ...rest, customerName: 'Emre' };
    expect(candidatesFor(other, { ...other, customerName: 'Emrecan Oz' }).filter(({ isStrong }) => isStrong)).toEqual(
      [],
    );
  });

  it('is told with its evidence in words, what weighs most first', () => {
    const [candidate] = candidatesFor({ ...ann, phoneNumber: '0491 570 999' }, ann);
    expect(candidate?.reasons).toEqual([
      'same e-mail address',
      'same last name',
      'same first name',
      'same street and number',
      'same post code',
      'same unit',
      'other phone number',
    ]);
  });
});

describe('a row that looks like a customer and is another', () => {
  it.each<[string, Draft]>([
    ['another first name', { ...ann, firstName: 'Thomas', customerName: 'Thomas Miller' }],
    ['Jr', { ...ann, lastName: 'Miller Jr', customerName: 'Ann Miller Jr' }],
    ['a form of the name for a man', { ...ann, firstName: 'Mario', customerName: '' }],
  ])('is contradicted by %s', (_, draft) => {
    const customer = draft.firstName === 'Mario' ? { ...ann, firstName: 'Maria', customerName: '' } : ann;
    const candidate = createCandidateIndex([customer], { country: 'AU' }).compare(draft, customer);
    expect(candidate).toMatchObject({ isContradicted: true, isStrong: true });
    expect(candidate.tier).not.toBe('same');
  });

  it('is contradicted by another place of a firm, also where name, phone and e-mail are equal', () => {
    const firm = { customerCode: '7', customerName: 'Roma Bakery Pty Ltd', phoneNumber: '02 5550 1201' };
    const penrith = { ...firm, address: '1 High St', city: 'Penrith', postalCode: '2750' };
    const parramatta = { ...firm, address: '9 Low Rd', city: 'Parramatta', postalCode: '2150' };
    const [candidate] = candidatesFor(penrith, parramatta);
    expect(candidate).toMatchObject({ tier: 'review', isContradicted: true });
  });

  it('is not found by its name alone', () => {
    expect(tierOf({ customerName: 'Ann Miller', city: 'Leith', phoneNumber: '0491 570 999' })).toBe('review');
    const namesake = { ...ann, address: '1 Low Rd', phoneNumber: '0491 570 999', emailAddress: 'am@mail.example' };
    expect(tierOf(namesake)).toBe('other');
  });

  it('is not found by what is missing on both sides', () => {
    expect(candidatesFor({ customerName: 'Bob Stone' }, { customerCode: '9', customerName: 'Ann Miller' })).toEqual([]);
  });
});

describe('strong evidence', () => {
  const stranger = { customerCode: '5', customerName: 'Family Stone', emailAddress: 'stones@mail.example' };

  it('is the same e-mail address, whoever has it', () => {
    const [candidate] = candidatesFor({ customerName: 'Bob Brown', emailAddress: 'STONES@mail.example' }, stranger);
    expect(candidate).toMatchObject({ customerCode: '5', isStrong: true });
  });

  it('is no address that more than four rows have', () => {
    const rows = Array.from({ length: 5 }, (_, at) => ({
      customerName: `Row ${at}`,
      emailAddress: 'stones@mail.example',
    }));
    const index = createCandidateIndex([stranger], { rows });
    expect(index.find({ customerName: 'Bob Brown', emailAddress: 'stones@mail.example' })).toEqual([]);
  });

  it.each(['info@x.example', 'noemail@x.example', 'test@test.com'])('is no address such as %s', (emailAddress) => {
    const [candidate] = candidatesFor({ customerName: 'Bob Brown', emailAddress }, { ...stranger, emailAddress });
    expect(candidate?.isStrong ?? false).toBe(false);
  });

  it('is the same phone number with a like name, and not with another', () => {
    const customer = { customerCode: '6', firstName: 'Robert', lastName: 'Stone', phoneNumber: '+61491570156' };
    const phoneNumber = '0491 570 156';
    expect(candidatesFor({ customerName: 'Bob Stone', phoneNumber }, customer)).toMatchObject([{ isStrong: true }]);
    expect(candidatesFor({ customerName: 'Eve Adams', phoneNumber }, customer)).toEqual([]);
  });

  it('is the same name with the same post code', () => {
    const customer = { customerCode: '6', customerName: 'Stone & Sons Pty Ltd', postalCode: '2000' };
    expect(candidatesFor({ customerName: 'Stone and Sons', postalCode: '2000' }, customer)).toMatchObject([
      { isStrong: true },
    ]);
  });

  it('is all that the list shows being equal', () => {
    const customer = { customerCode: '6', customerName: 'Bob Stone' };
    expect(candidatesFor({ customerName: 'BOB STONE', phoneNumber: '0491 570 156' }, customer)).toMatchObject([
      { isStrong: true },
    ]);
    expect(
      candidatesFor({ customerName: 'BOB STONE', phoneNumber: '0491 570 156' }, { ...customer, phoneNumber: '' }).some(
        ({ isStrong }) => isStrong,
      ),
    ).toBe(false);
  });
});

it('finds a number with a country code also where nothing tells the country of the other one', () => {
  const customer = { customerCode: '6', customerName: 'Bob Stone', phoneNumber: '+61 491 570 156' };
  const index = createCandidateIndex([customer]);
  expect(index.find({ customerName: 'Bob Stone', phoneNumber: '0491 570 156' })).toMatchObject([
    { tier: 'same', isStrong: true },
  ]);
});

it('asks where two customers fit equally', () => {
  const twice = [ann, { ...ann, customerCode: '0002' }];
  expect(candidatesFor(ann, ...twice)).toMatchObject([{ tier: 'review' }, { tier: 'review' }]);
});

it('says which fields the customers show', () => {
  expect([...createCandidateIndex([{ customerCode: '1', CUSTOMERNAME: '' }]).shownFields]).toEqual(['customerName']);
});

describe('a chain of hundreds of branches with one name and one address', () => {
  it('does not hide the branch that is equal in all that the list shows', () => {
    const branch = (n: number) => ({ customerName: 'Koala Books', city: `Town${n}`, emailAddress: 'hq@koala.example' });
    const codes = Array.from({ length: 250 }, (_, n) => String(n).padStart(7, '0'));
    const index = createCandidateIndex(codes.map((customerCode, n) => ({ ...branch(n), customerCode })));
    const found = codes.map((_, n) => index.find(branch(n)).find(({ isStrong }) => isStrong)?.customerCode);
    expect(found).toEqual(codes);
  });
});
