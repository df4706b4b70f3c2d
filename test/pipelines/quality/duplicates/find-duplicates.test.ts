import { describe, expect, it } from 'vitest';
import type { Draft } from '#pipelines/model.js';
import { DuplicateSearch } from '#pipelines/quality/duplicates/find-duplicates.js';

function find(rows: readonly Draft[], customers: readonly Draft[] = [], known: readonly number[] = []) {
  const search = new DuplicateSearch('AU');
  for (const row of rows) search.add(row, 'file');
  for (const customer of customers) search.add(customer, 'account');
  for (const row of known) search.markKnown(row);
  return search.find();
}

const ann = { firstName: 'Ann', lastName: 'Miller', phoneNumber: '0491 570 156', emailAddress: 'ann@mail.example' };
const bob = { firstName: 'Bob', lastName: 'Stone', phoneNumber: '0491 570 157', emailAddress: 'bob@mail.example' };

describe('a search', () => {
  it('groups rows of which each fits each other one', async () => {
    const { groups, reviews } = await find([ann, bob, { ...ann, firstName: 'Annie' }, { ...ann, lastName: 'Miler' }]);
    expect(groups.map(({ members }) => members)).toEqual([[0, 2, 3]]);
    expect(reviews).toEqual([]);
  });

  it('does not make one group of people who are only linked by a third', async () => {
    const { emailAddress, ...annByPhone } = ann;
    const link = { lastName: 'Miller', phoneNumber: ann.phoneNumber, emailAddress: 'tom@mail.example' };
    const tom = { firstName: 'Tom', lastName: 'Miller', emailAddress: 'tom@mail.example' };
    const { groups } = await find([annByPhone, link, tom]);
    expect(groups).toEqual([]);
  });

  it('gives a row at most one customer, and a customer at most one row', async () => {
    const other = { ...ann, emailAddress: 'miller@mail.example' };
    const { matches, groups } = await find([ann], [bob, other, ann]);
    expect(matches.map(({ a, b }) => [a, b])).toEqual([[0, 3]]);
    expect(groups).toMatchObject([{ side: 'account', members: [2, 3] }]);
  });

  it('does not compare a row whose customer is known with the account', async () => {
    expect(await find([ann], [ann], [0])).toMatchObject({ matches: [], reviews: [] });
  });

  it('leaves a house of 40 people with one phone and one address alone', async () => {
    const names = 'Ada Ben Cara Dan Eva Finn Gina Hugo Ida Jack Kira Liam Mona Nils Olga Paul Rita Sam Tina Uwe'.split(
      ' ',
    );
    const house = names.flatMap((firstName) =>
      ['Brown', 'Green'].map((lastName) => ({
        ...{ firstName, lastName, phoneNumber: '02 5550 1201', emailAddress: 'house@mail.example' },
        ...{ address: '1 High St', postalCode: '2000' },
      })),
    );
    const { groups, matches } = await find(house);
    expect(groups).toEqual([]);
    expect(matches).toEqual([]);
  });

  it('finds the same row any number of times without comparing all with all', async () => {
    const { groups, reviews, compared } = await find(Array.from({ length: 1000 }, () => ann));
    expect(compared).toBeLessThan(1000);
    // More than ten of a kind are for a person to look at.
    expect(groups).toEqual([]);
    expect(reviews).toHaveLength(999);
  });

  it('says which values too many share', async () => {
    const rows = Array.from({ length: 500 }, (_, at) => ({
      customerName: `Shop ${at} ${String.fromCharCode(97 + (at % 26)).repeat(5)}`,
      phoneNumber: '02 5550 1201',
    }));
    const { narrowedKeys, compared } = await find(rows);
    expect(narrowedKeys).toBe(1);
    expect(compared).toBeLessThan((500 * 499) / 2);
  });
});
