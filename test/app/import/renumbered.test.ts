import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { planFile } from '#src/app/plan/plan-file.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { readResults } from '#test/e2e/customer-files.js';

const place = useTestTenant();

const fields = {
  customerName: 'Company',
  firstName: 'First',
  lastName: 'Last',
  postalCode: 'Post Code',
  city: 'City',
  emailAddress: 'Email',
  phoneNumber: { column: 'Phone', transform: [{ phone: { country: 'AU' } }] },
  creditLimit: { column: 'Limit', type: 'number' },
};
const header = 'No,Company,First,Last,Post Code,City,Email,Phone,Limit';
const keyed = { version: 1, mode: 'upsert', key: { column: 'No' }, fields };

const ann = '0012,,Ann,Miller,7315,Ulverstone,ann.miller@mail.example,0491 570 156,100';
const bob = '0013,,Bob,Stone,2750,Penrith,bob@stone.example,0491 570 157,0';
const renumbered = ann.replace('0012', 'C-12');

const write = (...rows: readonly string[]) => place.write('customers.csv', [header, ...rows, ''].join('\n'));

async function importDecided(decision: string) {
  const lines = readResults(place.read('customers.review.csv').replace('\ufeff', ''));
  const columns = Object.keys(lines[0] ?? {});
  const cells = lines.map((line) => columns.map((name) => (name === 'decision' ? decision : line[name])));
  const quote = (text = '') => `"${text.replaceAll('"', '""')}"`;
  place.write('decided.csv', [columns, ...cells].map((line) => line.map(quote).join(',')).join('\n'));
  const results = place.path('decided.results.csv');
  return importFile(place.settings(), { file: place.path('decided.csv'), results });
}

describe('a known customer who comes back under another key', () => {
  it.each([
    ['by its key', keyed],
    ['by a key with a source', { ...keyed, key: { column: 'No', source: 'shop-a' } }],
    ['by a stamp', { ...keyed, key: { column: 'No', stamp: 'cC_001' } }],
    ['in an import that only adds', { ...keyed, mode: 'add' }],
  ])('is asked about, not added again, %s', async (_how, mapping) => {
    const api = await place.openApi();
    place.mapping(mapping);
    write(ann, bob);
    await place.import();
    // Written in another way, with a limit that the shop has changed: still all that tells people apart is the same.
    write(
      renumbered.replace('Ann,Miller', 'ANN,Miller').replace('0491 570 156', '+61 491 570 156').replace(',100', ',7'),
      bob,
    );
    const planned = await planFile(place.settings(), { file: place.path('customers.csv') });
    expect(planned.counts).toMatchObject({ add: 0, invalid: 1 });
    const { summary, rows, calls } = await place.import();
    expect([summary.exitCode, summary.waiting, summary.counts.invalid]).toEqual([4, 1, 1]);
    expect(rows[0]).toMatchObject({ _errorCode: 'POSSIBLE_DUPLICATE' });
    expect(rows[0]?._error).toContain(String(api.customers()[0]?.customerCode));
    expect(calls.post).toBe(0);
    expect(api.customers()).toHaveLength(2);
  });

  it.each([
    ['same', { updated: 1, created: 0 }, 2],
    ['new', { updated: 0, created: 1 }, 3],
  ])('is imported as decided, %s, and not asked about again', async (decision, counts, customers) => {
    const api = await place.openApi();
    place.mapping(keyed);
    write(ann, bob);
    await place.import();
    write(renumbered.replace(',100', ',7'), bob);
    await place.import({ review: place.path('customers.review.csv') });
    const decided = await importDecided(decision);
    expect([decided.exitCode, decided.counts]).toMatchObject([0, counts]);
    const { summary, statuses } = await place.import();
    expect([summary.exitCode, statuses]).toEqual([0, ['unchanged', 'unchanged']]);
    expect(api.customers()).toHaveLength(customers);
    if (decision === 'new') return;
    // The customer has the new key now: under the old one, it is asked about.
    write(ann, bob);
    const old = await place.import();
    expect([old.summary.waiting, api.customers().length]).toEqual([1, 2]);
  });

  it('is somebody else where the old key is in the file, too', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    write(ann, bob);
    await place.import();
    write(renumbered, bob, ann);
    const { summary } = await place.import();
    expect([summary.exitCode, summary.counts.created, api.customers().length]).toEqual([0, 1, 3]);
  });

  it('is no member of the family, no branch, and nobody who only has the same name', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    const smith = '0014,,John,Smith,3000,Melbourne,,,';
    const branch = (key: string, city: string, postCode: string) =>
      `${key},Harbour Tools,,,${postCode},${city},office@harbour-tools.example,02 5550 1201,`;
    write(ann, smith, branch('0015', 'Roma', '4455'), bob);
    await place.import();
    // A file of new rows only: nobody's key is in it.
    write(
      '0112,,Tom,Miller,7315,Ulverstone,ann.miller@mail.example,0491 570 156,100',
      '0114,,John,Smith,4000,Brisbane,,,',
      branch('0115', 'Dubbo', '2830'),
    );
    const { summary } = await place.import();
    expect([summary.exitCode, summary.counts.created, api.customers().length]).toEqual([0, 3, 7]);
  });

  it('is a branch where others are equal in all but their keys already', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    const branch = (key: string) => `${key},Harbour Tools,,,2000,Sydney,office@harbour-tools.example,02 5550 1201,`;
    write(branch('1'), branch('2'), bob);
    await place.import();
    write(branch('3'));
    const { summary } = await place.import();
    expect([summary.exitCode, summary.counts.created, api.customers().length]).toEqual([0, 1, 4]);
  });

  it('costs a night of known rows nothing', async () => {
    await place.openApi();
    place.mapping(keyed);
    write(ann, bob);
    await place.import();
    const { calls, statuses } = await place.import();
    expect(statuses).toEqual(['unchanged', 'unchanged']);
    expect(calls).toMatchObject({ get: 0, post: 0, put: 0 });
  });
});
