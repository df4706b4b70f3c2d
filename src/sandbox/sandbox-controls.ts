import type { Customer, JsonValue } from '#pipelines/model.js';
import { amendedCustomer, newCustomer, type SentFields } from './compose-customer.js';
import type { CustomerStore } from './customer-store.js';
import type { ApiParts } from './customers-api.js';
import type { Fault } from './fault.js';
import type { FaultPlan } from './inject-fault.js';
import type { CommitGroup } from './sandbox-database.js';
import type { LoggedRequest, RequestLog } from './serve-api.js';
import { formatApiDate } from './server-clock.js';

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
async function seedCustomers(
  count: number,
  now: Date,
  { group, store, user }: { group: CommitGroup; store: CustomerStore; user: string },
): Promise<void> {
  for (let done = 0; done < count; done += customersPerTurn) {
    const end = Math.min(done + customersPerTurn, count);
    for (let index = done; index < end; index += 1) {
      const at = new Date(now.getTime() - (count - 1 - index) * 1000);
      store.add((identity) => newCustomer(buildFakeCustomer(index), identity, { at, user }));
    }
    group.flush();
    // Other requests get their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function buildFakeCustomer(index: number): SentFields {
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

/** What a test or a user can do to the sandbox that no client of the API can. */
export interface SandboxControls {
  /** The latest requests to the API, in order of arrival. */
  requests(): LoggedRequest[];
  clearRequests(): void;
  /** Every customer in full, in order of code. */
  customers(): Customer[];
  /** The same as JSON texts, for stores too big to hold. */
  customerTexts(): IterableIterator<string>;
  faults(): readonly Fault[];
  /**
   * Replaces all faults; every count starts anew.
   *
   * @throws {UsageError} a fault makes no sense
   */
  setFaults(faults: readonly Fault[]): void;
  /** Makes every token worthless at once. */
  expireTokens(): void;
  /** Tokens given out in the current UTC day. */
  loginsToday(): { readonly day: string; readonly count: number };
  /**
   * Sells something to a customer, who can then never be deleted.
   *
   * @param amount - added to the balance. @default 0
   * @returns false when there is no such customer
   */
  addTransaction(customerCode: string, amount?: number): boolean;
  /** Adds customers, each last edited a second after the one before, the last one now. */
  seed(count: number): Promise<void>;
  /** Forgets customers, tokens, logins and the request log; the faults stay. */
  reset(): void;
}

/** The faults in force, which can be replaced while requests come in. */
export interface FaultSwitch {
  plan(): FaultPlan;
  faults(): readonly Fault[];
  replace(faults: readonly Fault[]): void;
}

interface ControlledParts {
  readonly parts: ApiParts;
  readonly group: CommitGroup;
  readonly log: RequestLog;
  readonly faultSwitch: FaultSwitch;
}

export function createSandboxControls({ parts, group, log, faultSwitch }: ControlledParts): SandboxControls {
  const { store, tokens, clock, credentials } = parts;
  return {
    requests: () => log.entries(),
    clearRequests: () => log.clear(),
    customers: () => [...store.texts()].map((text) => JSON.parse(text) as Customer),
    customerTexts: () => store.texts(),
    faults: () => faultSwitch.faults(),
    setFaults: (faults) => faultSwitch.replace(faults),
    expireTokens() {
      tokens.revokeAll();
      group.flush();
    },
    loginsToday: () => tokens.loginsToday(),
    addTransaction(customerCode, amount = 0) {
      const stored = store.forChange(customerCode);
      if (stored === undefined) return false;
      const at = clock.now();
      const sale = buildSale(stored.customer, amount, at);
      store.addTransaction(stored.number);
      store.replace(stored.number, amendedCustomer(stored.customer, sale, { at, user: 'till' }));
      group.flush();
      return true;
    },
    seed: (count) => seedCustomers(count, clock.now(), { group, store, user: credentials.username }),
    reset() {
      store.clear();
      tokens.clear();
      group.flush();
      log.clear();
    },
  };
}

function buildSale({ firstSaledate, balance }: Customer, amount: number, at: Date): Customer {
  const date = formatApiDate(at);
  return { firstSaledate: firstSaledate ?? date, lastSaledate: date, balance: Number(balance) + amount };
}
