import type { JsonValue } from '#pipelines/customer.js';
import type { CommitGroup } from '#src/sandbox/commit-group.js';
import { newCustomer, type SentFields } from './compose-customer.js';
import type { CustomerStore } from './customer-store.js';

const firstNames = ['Amelia', 'Björn', 'Chloé', 'Dylan', 'Grace', 'Hiroshi', 'Mia', 'Noah', 'Priya', "Sean O'Hara"];
const lastNames = ['Brown', 'Kovač', 'Lee', 'Nguyen', 'Smith', 'Taylor', 'van der Berg', 'Williams', 'Zhang'];
const towns = [
  ['Sydney', 'NSW', '2000'],
  ['Melbourne', 'VIC', '3000'],
  ['Darwin', 'NT', '0800'],
  ['Perth', 'WA', '6000'],
] as const;

const customersPerTurn = 2000;

/**
 * Adds made-up customers, the same ones every time. Their last edits are a second apart and end at `now`, so that the
 * last-edit filters have something to part.
 */
export async function seedCustomers(
  count: number,
  now: Date,
  { group, store, user }: { group: CommitGroup; store: CustomerStore; user: string },
): Promise<void> {
  for (let done = 0; done < count; done += customersPerTurn) {
    const end = Math.min(done + customersPerTurn, count);
    for (let index = done; index < end; index += 1) {
      const at = new Date(now.getTime() - (count - 1 - index) * 1000);
      store.add((identity) => newCustomer(madeUp(index), identity, { at, user }));
    }
    group.flush();
    // Other requests get their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function madeUp(index: number): SentFields {
  const firstName = firstNames[index % firstNames.length] ?? '';
  const lastName = lastNames[Math.floor(index / firstNames.length) % lastNames.length] ?? '';
  const [city, region, postalCode] = towns[index % towns.length] ?? towns[0];
  const fields: Record<string, JsonValue> = {
    customerName: `${lastName} ${firstName} ${index}`,
    firstName,
    lastName,
    address: `${(index % 200) + 1} Harbour Street`,
    city,
    region,
    postalCode,
    country: 'Australia',
    phoneNumber: `+61 2 ${String(55_000_000 + index).slice(-8)}`,
    emailAddress: `customer${index}@example.com`,
    creditLimit: (index % 40) * 250,
    discountPercent: index % 3 === 0 ? 2.5 : 0,
    customerType: 'Adult',
    active: index % 20 !== 0,
    allowMailing: index % 2 === 0,
    priceBand: index % 4,
    cC_001: `L-${String(index).padStart(6, '0')}`,
  };
  return new Map(Object.entries(fields));
}
