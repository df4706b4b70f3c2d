import { describe, expect, it } from 'vitest';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const fields = {
  customerName: 'Company',
  firstName: 'First',
  lastName: 'Last',
  address: 'Street',
  city: 'City',
  postalCode: 'Post Code',
  emailAddress: 'Email',
};
const header = 'No,Company,First,Last,Street,City,Post Code,Email';

const places = [
  'Roma',
  'Parramatta',
  'Penrith',
  'Dubbo',
  'Orange',
  'Bathurst',
  'Lismore',
  'Ballina',
  'Casino',
  'Grafton',
  'Yamba',
  'Nowra',
];
const branches = places.map(
  (city, at) =>
    `B-${at},Harbour Tools ${city},,,${at + 1} Main St,${city},${2000 + at * 7},office@harbour-tools.example`,
);
const family = ['Ann', 'Brian', 'Chloe', 'Dylan', 'Eve'].map(
  (first, at) => `F-${at},,${first},Nguyen,4 Elm St,Cairns,4870,nguyen.family@mail.example`,
);
const strangersToAll = Array.from(
  { length: 40 },
  (_, at) => `S-${at},,Given${at},Family${at},${at} Oak Rd,Perth,6${100 + at},none@none.example`,
);

async function makeAtTheTill(api: Sandbox): Promise<void> {
  const till = await openClient(api);
  await till.add({
    customerName: 'Harbour Tools Roma',
    address: '1 Main St',
    city: 'Roma',
    postalCode: '2000',
    emailAddress: 'office@harbour-tools.example',
  });
  await till.add({
    firstName: 'Ann',
    lastName: 'Nguyen',
    address: '4 Elm St',
    city: 'Cairns',
    postalCode: '4870',
    emailAddress: 'nguyen.family@mail.example',
  });
  await till.add({ firstName: 'Walk', lastName: 'In', emailAddress: 'none@none.example' });
}

describe.each([
  ['without fields to match by', {}],
  ['with the e-mail address to match by', { match: ['emailAddress'] }],
])('twelve branches, a family of five, and an address that stands for none, %s', (_name, more) => {
  it('overwrite nobody, make nobody twice, and stop no night', async () => {
    const api = await place.openApi();
    await makeAtTheTill(api);
    place.mapping({ version: 1, mode: 'upsert', key: { column: 'No' }, fields, ...more });
    place.write('customers.csv', `${[header, ...branches, ...family, ...strangersToAll].join('\n')}\n`);
    const { summary } = await place.import();
    const customers = api.customers();
    const count = (test: RegExp, field: string) =>
      customers.filter((customer) => test.test(String(customer[field]))).length;
    expect([0, 4]).toContain(summary.exitCode);
    expect(count(/^Harbour Tools Roma$/, 'customerName')).toBe(1);
    expect(customers.filter(({ firstName, lastName }) => firstName === 'Ann' && lastName === 'Nguyen')).toHaveLength(1);
    expect(count(/^Given/, 'firstName')).toBe(strangersToAll.length);
    expect(customers.slice(0, 3).map(({ customerName, firstName }) => customerName ?? firstName)).toEqual([
      'Harbour Tools Roma',
      'Ann',
      'Walk',
    ]);
    const night = await place.import();
    expect(night.calls).toMatchObject({ post: 0, put: 0 });
    expect(night.summary.counts.invalid).toBe(summary.counts.invalid);
  });
});
