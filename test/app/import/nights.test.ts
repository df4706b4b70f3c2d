import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { AccountUnknownError } from '#src/app/import/refusals.js';
import { setMatch } from '#src/app/mapping/set-match.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines } from '#test/e2e/customer-files.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const patience = { timeout: 240_000 };

const fields = {
  customerName: 'Name',
  postalCode: 'Post Code',
  emailAddress: { column: 'Email', transform: ['email'] },
  creditLimit: { column: 'Limit', type: 'number' },
};

/** How many customers the shop has, how many of them are in the file too, and how many rows the file has. */
interface Size {
  readonly shop: number;
  readonly shared: number;
  readonly file: number;
}

const newEachNight = 10;
const nights = 5;

/** The shop writes names in its own way, and knows things that the file does not. */
async function fillShop(api: Sandbox, { shop, shared }: Size): Promise<void> {
  const shopkeeper = await openClient(api);
  for (const line of customerLines(shared)) {
    const [, name = '', postalCode, emailAddress = ''] = line.split(',');
    await shopkeeper.add({
      customerName: name.toUpperCase(),
      postalCode,
      emailAddress: emailAddress.toUpperCase(),
      notes: `likes ${name}`,
    });
  }
  for (let number = shared; number < shop; number += 1)
    await shopkeeper.add({ customerName: `Walk-in ${number}`, emailAddress: `walk-in-${number}@shop.example` });
}

/** Imports; when that is refused, follows the first way that the refusal names, and imports again. */
async function importOrFollow(): Promise<{ readonly exitCode: number; readonly refusals: number }> {
  const run = () => importFile(place.settings(), { file: place.path('customers.csv') });
  try {
    return { exitCode: (await run()).exitCode, refusals: 0 };
  } catch (error) {
    if (!(error instanceof AccountUnknownError)) throw error;
    const [, fieldLists = ''] = /^ +mypos-customers mapping match (.+) --mapping/m.exec(error.nextStep) ?? [];
    await setMatch(place.settings(), fieldLists.split(' '));
    return { exitCode: (await run()).exitCode, refusals: 1 };
  }
}

/** Each customer once, with what the shop knows of them. */
function expectIntact(api: Sandbox, { shared }: Size, count: number): void {
  const customers = api.customers();
  const addresses = customers.map(({ emailAddress }) => String(emailAddress).toLowerCase());
  expect([customers.length, new Set(addresses).size]).toEqual([count, count]);
  expect(customers.filter(({ notes }) => String(notes).startsWith('likes Customer'))).toHaveLength(shared);
}

const small: Size = { shop: 50, shared: 20, file: 30 };
const large: Size = { shop: 500, shared: 200, file: 300 };
const variants = (['upsert', 'add'] as const).flatMap((mode) =>
  [false, true].flatMap((match) => [false, true].map((stamp) => ({ mode, match, stamp, size: small }))),
);

describe.each([...variants, { mode: 'upsert' as const, match: false, stamp: false, size: large }])(
  'an account whose customers are partly in the file: $mode, match $match, stamp $stamp, $size.file rows',
  ({ mode, match, stamp, size }) => {
    it('has each customer once, whichever state folder imports, for five nights', patience, async () => {
      const api = await place.openApi();
      await fillShop(api, size);
      place.mapping({
        ...{ version: 1, mode, fields },
        key: { column: 'No', ...(stamp ? { stamp: 'cC_001' } : {}) },
        ...(match ? { match: ['emailAddress'] } : {}),
      });
      const write = (rows: number) => place.write('customers.csv', customerFile(customerLines(rows)));
      const night = async (state: string, rows: number) => {
        place.useState(state);
        write(rows);
        const { exitCode, refusals } = await importOrFollow();
        expect([state, exitCode]).toEqual([state, 0]);
        expectIntact(api, size, size.shop + rows - size.shared);
        return refusals;
      };
      let refusals = await night('A', size.file);
      rmSync(place.path('A'), { recursive: true });
      refusals += await night('A', size.file);
      refusals += await night('B', size.file);
      for (let number = 1; number <= nights; number += 1) {
        refusals += await night('A', size.file + number * newEachNight);
        refusals += await night('B', size.file + number * newEachNight);
      }
      expect(refusals).toBe(match ? 0 : 1);
    });
  },
);
