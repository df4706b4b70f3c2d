import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { setMatch } from '#src/app/mapping/set-match.js';
import { GuardError } from '#src/errors.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines } from '#test/e2e/customer-files.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const fields = {
  customerName: 'Name',
  postalCode: 'Post Code',
  emailAddress: 'Email',
  creditLimit: { column: 'Limit', type: 'number' },
};
const keyless = { version: 1, mode: 'upsert', match: ['emailAddress'], fields, ignore: ['No'] };
const keyed = { version: 1, mode: 'upsert', key: { column: 'No' }, fields };
const ofShop = (source: string) => ({ ...keyed, key: { column: 'No', source } });
const byCode = {
  version: 1,
  mode: 'update',
  fields: { customerCode: 'Code', customerName: 'Name' },
};

const write = (lines: readonly string[]) => place.write('customers.csv', customerFile(lines));

async function refusal(): Promise<GuardError> {
  const error: unknown = await importFile(place.settings(), { file: place.path('customers.csv') }).catch(
    (thrown: unknown) => thrown,
  );
  if (error instanceof GuardError) return error;
  throw new Error('It was not refused.');
}

/** Each makes the 20 customers of the file known without a key of the mapping `keyed`. */
const earlierRuns: readonly (readonly [string, (api: Sandbox) => Promise<void>])[] = [
  [
    'rows without a key',
    async () => {
      place.mapping(keyless);
      await place.import();
    },
  ],
  [
    'rows that named them by their code',
    async (api) => {
      const till = await openClient(api);
      for (const line of customerLines(20)) {
        const [, customerName, postalCode, emailAddress] = line.split(',');
        await till.add({ customerName, postalCode, emailAddress });
      }
      const codes = api.customers().map(({ customerCode, customerName }) => `${customerCode},${customerName}`);
      place.mapping(byCode);
      place.write('customers.csv', `Code,Name\n${codes.join('\n')}\n`);
      await place.import();
      write(customerLines(20));
    },
  ],
  [
    'keys of another source',
    async () => {
      place.mapping(ofShop('shop-a'));
      // The shop numbers by itself.
      write(customerLines(20).map((line) => line.replace('C-', 'A-')));
      await place.import();
      write(customerLines(20));
    },
  ],
];

describe.each(earlierRuns)('customers that are known by %s', (_how, makeKnown) => {
  it('are not added again by a first import with keys, and found by the fields that its refusal names', async () => {
    const api = await place.openApi();
    write(customerLines(20));
    await makeKnown(api);
    place.mapping(keyed);
    const error = await refusal();
    expect([error.code, error.exitCode]).toEqual(['ACCOUNT_UNKNOWN', 8]);
    expect(error.message).toMatch(/20 customers for which this state folder has no key of this file \(20 of them/);
    expect(api.customers()).toHaveLength(20);
    await setMatch(place.settings(), ['emailAddress']);
    write(customerLines(21));
    const { summary } = await place.import();
    expect([summary.exitCode, summary.counts.created, api.customers().length]).toEqual([0, 1, 21]);
    const { calls } = await place.import();
    expect(calls).toMatchObject({ post: 0, put: 0 });
  });
});

describe('another column that becomes the key', () => {
  it('is refused before it makes everybody twice, and changes over with a source and fields to match by', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    write(customerLines(20));
    await place.import();
    const byEmail = { ...keyed, key: { column: 'Email' }, unmapped: 'ignore' };
    place.mapping(byEmail);
    const error = await refusal();
    expect([error.code, error.exitCode]).toEqual(['KEYS_CHANGED', 8]);
    expect(error.message).toMatch(/"Email".*20 of the first 20 rows/);
    place.mapping({ ...byEmail, key: { column: 'Email', source: 'email' }, match: ['emailAddress'] });
    write(customerLines(22));
    const { summary } = await place.import();
    expect([summary.exitCode, summary.counts.created, api.customers().length]).toEqual([0, 2, 22]);
  });

  it('is not suspected in a file of new customers, such as members of families that are there', async () => {
    const api = await place.openApi();
    place.mapping({
      ...keyed,
      fields: { ...fields, customerName: undefined, firstName: 'Name', lastName: 'Limit', creditLimit: undefined },
    });
    const people = (first: string, from: number) =>
      Array.from({ length: 8 }, (_, at) => `${from + at},${first},0800,family${at}@example.com,Lee${at}`);
    write(people('Ann', 1));
    await place.import();
    write(people('Robert', 101));
    expect((await place.import()).summary.exitCode).toBe(0);
    expect(api.customers()).toHaveLength(16);
  });
});

describe('a key that is new', () => {
  it('waits where its customer is known without a key, and the others are added', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    write(customerLines(40));
    await place.import();
    place.mapping(keyless);
    write(customerLines(41).slice(40));
    await place.import();
    place.mapping(keyed);
    write(customerLines(44));
    const { summary, rows } = await place.import();
    expect(summary.counts).toMatchObject({ created: 3, unchanged: 40, invalid: 1 });
    expect(rows[40]?._errorCode).toBe('POSSIBLE_DUPLICATE');
    expect(api.customers()).toHaveLength(44);
  });

  it('is another member of the family where its customer has a key of the same source', async () => {
    const api = await place.openApi();
    place.mapping(ofShop('shop-a'));
    write(['1,Ann Lee,0800,lee@example.com,1']);
    await place.import();
    write(['1,Ann Lee,0800,lee@example.com,1', '2,Ben Lee,0800,lee@example.com,1']);
    const { summary } = await place.import();
    expect([summary.exitCode, api.customers().length]).toEqual([0, 2]);
  });

  it('of a second shop stops no night because the first shop has more customers', async () => {
    const api = await place.openApi();
    place.mapping(ofShop('shop-a'));
    write(customerLines(60));
    await place.import();
    const second = (count: number) => customerLines(100 + count).slice(100);
    place.mapping(ofShop('shop-b'));
    write(second(10));
    expect((await place.import()).summary.exitCode).toBe(0);
    write([...second(10), ...customerLines(5)]);
    const { summary } = await place.import();
    expect([summary.exitCode, summary.counts.invalid, summary.counts.unchanged]).toEqual([4, 5, 10]);
    expect(api.customers()).toHaveLength(70);
  });
});
