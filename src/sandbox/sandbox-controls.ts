import type { Customer } from '#pipelines/customer.js';
import type { ApiParts } from './api/customers-api.js';
import { toApiDate } from './api-dates.js';
import type { CommitGroup } from './commit-group.js';
import { amendedCustomer } from './customers/compose-customer.js';
import { seedCustomers } from './customers/seed-customers.js';
import type { Fault } from './faults/fault.js';
import type { FaultPlan } from './faults/fault-plan.js';
import type { LoggedRequest, RequestLog } from './request-log.js';

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

export function sandboxControls({ parts, group, log, faultSwitch }: ControlledParts): SandboxControls {
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
      const sale = saleChanges(stored.customer, amount, at);
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

function saleChanges({ firstSaledate, balance }: Customer, amount: number, at: Date): Customer {
  const date = toApiDate(at);
  return { firstSaledate: firstSaledate ?? date, lastSaledate: date, balance: Number(balance) + amount };
}
