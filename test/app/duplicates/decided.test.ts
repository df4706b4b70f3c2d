import { describe, expect, it } from 'vitest';
import { exportCrosswalk, importCrosswalk } from '#src/app/crosswalk/crosswalk.js';
import { findDuplicates } from '#src/app/duplicates/find-duplicates.js';
import { importFile } from '#src/app/import/import-file.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { readResults } from '#test/e2e/customer-files.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const mapping = {
  version: 1,
  mode: 'upsert',
  key: { column: 'No' },
  fields: {
    firstName: 'First',
    lastName: 'Last',
    address: 'Street',
    postalCode: 'Post Code',
    phoneNumber: { column: 'Phone', transform: [{ phone: { country: 'AU' } }] },
    emailAddress: 'Email',
  },
};

const header = 'No,First,Last,Street,Post Code,Phone,Email';
const ann = 'A-1,Ann,Miller,15 High Street,7315,0491 570 156,ann.miller@mail.example';
const annAgain = 'A-2,Ann,Miller,15 High St,7315,0491570156,ann@work.example';
const junior = 'A-3,Ann,Miller Jr,15 High Street,7315,0491 570 156,ann.miller@mail.example';
const bob = 'A-4,Bob,Stone,1 Low Rd,2750,02 5550 1201,bob@stone.example';

const write = (...lines: readonly string[]) => place.write('customers.csv', [header, ...lines, ''].join('\n'));

/** Customers whom somebody has made at the till. */
async function openAccount(...customers: readonly object[]) {
  const api = await place.openApi();
  const till = await openClient(api);
  for (const customer of customers) await till.add({ ...customer });
  place.mapping(mapping);
  return api;
}

const atTill = {
  ...{ firstName: 'Ann', lastName: 'Miller', address: '15 High Street', postalCode: '7315' },
  ...{ phoneNumber: '0491 570 156', emailAddress: 'ann.miller@mail.example' },
};

async function search(name = 'found.review.csv', account = true) {
  const file = place.path('customers.csv');
  return findDuplicates(place.settings(), { file, account, results: place.path(name) });
}

/** Writes decisions into the lines of a review file, as a person does it. */
function decide(decide: (line: Record<string, string>, at: number) => string, name = 'found.review.csv') {
  const lines = readResults(place.read(name).replace('\ufeff', ''));
  const columns = Object.keys(lines[0] ?? {});
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const filled = lines.map((line, at) => ({ ...line, decision: decide(line, at) }));
  place.write(
    'decided.review.csv',
    [columns, ...filled.map((line) => columns.map((name) => (line as Record<string, string>)[name] ?? ''))]
      .map((cells) => cells.map(quote).join(','))
      .join('\r\n'),
  );
  return lines;
}

async function importDecided() {
  const results = place.path('decided.results.csv');
  const file = place.path('decided.review.csv');
  const summary = await importFile(place.settings(), { file, results });
  const rows = readResults(place.read('decided.results.csv'));
  return { summary, outcomes: rows.map(({ _status, _errorCode }) => [_status, _errorCode]) };
}

describe('a review file of duplicates', () => {
  it.each([
    ['same', ['updated', ''], 1],
    ['new', ['created', ''], 2],
    ['skip', ['skipped', 'DECIDED_SKIP'], 1],
  ] as const)('is imported as decided, %s, and nobody is asked again', async (decision, outcome, customers) => {
    const api = await openAccount(atTill);
    write(annAgain);
    expect((await search()).counts).toMatchObject({ matches: 1 });
    const [line] = decide(() => decision);
    expect(line).toMatchObject({ _row: '2', candidate: api.customers()[0]?.customerCode });
    const first = await importDecided();
    expect([first.summary.exitCode, first.outcomes]).toEqual([0, [[...outcome]]]);
    expect(api.customers()).toHaveLength(customers);
    expect((await search('again.review.csv')).counts).toMatchObject({ matches: 0, reviews: 0, groups: 0 });
    const { summary } = await place.import();
    expect([summary.exitCode, summary.waiting, api.customers().length]).toEqual([0, 0, customers]);
    const [imported] = readResults(place.read('customers.results.csv'));
    expect(imported?._status).toBe(decision === 'skip' ? 'skipped' : 'unchanged');
    const again = await importDecided();
    expect([again.summary.exitCode, api.customers().length]).toEqual([0, customers]);
  });

  it('says which rows of the file are the same: the later one is left out, and they are no pair any more', async () => {
    const api = await openAccount();
    write(ann, annAgain, bob);
    expect((await search()).counts).toMatchObject({ groups: 1 });
    const [line] = decide(() => 'same');
    expect(line).toMatchObject({ _row: '3', candidate: 'row 2' });
    expect((await importDecided()).outcomes).toEqual([['skipped', 'DECIDED_SKIP']]);
    expect((await place.import()).statuses).toEqual(['created', 'skipped', 'created']);
    expect((await place.import()).statuses).toEqual(['unchanged', 'skipped', 'unchanged']);
    expect(api.customers()).toHaveLength(2);
    expect((await search('again.review.csv')).counts).toMatchObject({ groups: 0, reviews: 0 });
    // Decided about other details, it is asked again.
    write(ann, annAgain.replace('ann@work', 'other@work'), bob);
    expect((await search('changed.review.csv')).counts).toMatchObject({ groups: 1 });
  });

  it('keeps that two rows are not the same, without the account, too', async () => {
    const api = await openAccount();
    write(bob);
    await place.import();
    write(ann, junior, bob);
    expect((await search('found.review.csv', false)).counts).toMatchObject({ reviews: 1 });
    decide(() => 'new');
    expect((await importDecided()).outcomes).toEqual([['skipped', 'DECIDED_APART']]);
    expect((await importDecided()).outcomes).toEqual([['skipped', 'ALREADY_DECIDED']]);
    expect((await search('again.review.csv', false)).counts).toMatchObject({ reviews: 0 });
    expect((await place.import()).statuses).toEqual(['created', 'created', 'unchanged']);
    expect(api.customers()).toHaveLength(3);
  });

  it('keeps that two customers of the account are not the same, and says that it merges nobody', async () => {
    const api = await openAccount(atTill, { ...atTill, lastName: 'Miller Jr' }, { ...atTill, emailAddress: null });
    write(bob);
    const { counts } = await search();
    expect(counts.accountGroups + counts.reviews).toBeGreaterThan(1);
    const lines = decide(({ candidate, _row, _reason }) =>
      `${_row} ${candidate}`.includes('0000002') && _reason?.startsWith('POSSIBLE') ? 'new' : 'same',
    );
    expect(lines.every(({ _row }) => _row?.startsWith('customer '))).toBe(true);
    const { summary, outcomes } = await importDecided();
    expect(summary.exitCode).toBe(0);
    expect(new Set(outcomes.map(([, code]) => code))).toEqual(new Set(['DECIDED_APART', 'REVIEW_ONLY_SHOWN']));
    expect(api.customers()).toHaveLength(3);
    const again = await search('again.review.csv');
    const open = readResults(place.read('again.review.csv').replace('\ufeff', ''));
    expect(again.counts.reviews).toBeLessThan(counts.reviews);
    expect(open.some(({ _row, candidate }) => `${_row} ${candidate}`.includes('0000002'))).toBe(false);
  });

  it('travels with the crosswalk', async () => {
    await openAccount(atTill, { ...atTill, lastName: 'Miller Jr' });
    write(ann, annAgain);
    await search();
    decide(({ _row, candidate }) => (_row?.startsWith('customer ') ? 'new' : candidate?.startsWith('row ') ? '' : ''));
    await importDecided();
    await exportCrosswalk(place.settings(), place.path('crosswalk.csv'));
    place.useState('elsewhere');
    await importCrosswalk(place.settings(), place.path('crosswalk.csv'), false);
    await search('elsewhere.review.csv');
    const open = readResults(place.read('elsewhere.review.csv').replace('\ufeff', ''));
    expect(open.some(({ _row }) => _row?.startsWith('customer '))).toBe(false);
  });
});
