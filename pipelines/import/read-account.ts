import { readField } from '#pipelines/compare-customers.js';
import { parseApiTime } from '#pipelines/listing/customer-identity.js';
import { listCustomers } from '#pipelines/listing/list-customers.js';
import type { Witness } from '#pipelines/listing/whole-reading.js';
import type { Customer } from '#pipelines/model.js';
import type { CustomersApi, LedgerRow, RunLedger } from '#pipelines/ports.js';

export interface ReadAccountPorts {
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly now: () => number;
  /** The server's clock minus ours, in milliseconds; `undefined` while unknown. */
  readonly clockDifferenceMs: () => number | undefined;
}

/** What one reading of the account shows about adds in doubt. */
export interface AccountReading {
  /** Customers that one of the adds may have created: new ones that no row is known to stand for. */
  readonly candidates: readonly Customer[];
  /** New ones that a row stands for; only where an add was answered with somebody else. */
  readonly taken: readonly Customer[];
  /** The list is known to leave out customers, or shows none at all. */
  readonly isBlind: boolean;
  /**
   * Whether the list would have shown the customer of this add, had it been created.
   *
   * @param found - adds whose customer is among the candidates: it is a witness for those that left before it
   */
  proves(row: LedgerRow, found: readonly LedgerRow[]): boolean;
}

/** The filter may be off by this much: it knows whole minutes, and the API, its database and we each have a clock. */
const filterMarginMs = 60 * 60_000;
/** Creation dates may also be in another time zone. */
const creationMarginMs = 25 * 60 * 60_000;
/** The API's `Date` header, by which our clock is compared with the server's, knows whole seconds. */
const dateMarginMs = 1000;
const pageSize = 1000;
/** Where no witness appears for so long, two whole readings are proof: the later one so long after the request … */
const quietMs = 24 * 60 * 60_000;
/** … and the earlier one at least so long before that. */
const betweenReadingsMs = 60 * 60_000;
/** Witnesses that are not listed are asked for one by one: somebody may have deleted them. */
const maxWitnessesAsked = 5;

/**
 * Reads what has changed since the first of these adds left, and looks for proof that the list could show what they created.
 *
 * Proof is a witness in the same reading: a customer created or edited after the doubtful request, by this program or by
 * anybody else; and nobody whom this program created since may be missing. Where the filtered list misses one, the whole
 * list is read. An account without any witness for a day is read whole twice, an hour apart: when both readings hold as
 * many customers, that is proof too.
 */
export async function readAccount(adds: readonly LedgerRow[], ports: ReadAccountPorts): Promise<AccountReading> {
  const { ledger, now } = ports;
  const clockMs = await findClockDifference(ports);
  const sentAtMs = (row: LedgerRow) => (row.intentAtMs ?? 0) + (row.clockDifferenceMs ?? clockMs);
  const firstMs = Math.min(...adds.map(sentAtMs));
  const witnesses = ledger.witnessesSince(Math.min(...adds.map((row) => row.intentAtMs ?? 0)));
  const keepsTaken = adds.some(isAnsweredWrongly);
  const read = (sinceMs: number | undefined) =>
    readList(ports, witnesses, { createdAfterMs: firstMs - creationMarginMs, sinceMs, keepsTaken });
  const isWitnessed = (row: LedgerRow, { editedMs, confirmedMs }: ListReading, found: readonly LedgerRow[] = []) =>
    editedMs > sentAtMs(row) + dateMarginMs ||
    Math.max(confirmedMs, ...found.map(({ intentAtMs }) => intentAtMs ?? 0)) > (row.intentAtMs ?? 0);
  const quietForMs = (row: LedgerRow) => now() - (row.doubtAtMs ?? row.intentAtMs ?? 0);

  const sinceMs = firstMs - filterMarginMs;
  // Our clock was ahead at the time: a filter in the server's future selects nobody.
  const filtered = sinceMs > now() + clockMs ? undefined : await read(sinceMs);
  if (filtered?.missing.length === 0) {
    const isStillQuiet = (row: LedgerRow) =>
      !isWitnessed(row, filtered) && quietForMs(row) >= quietMs - betweenReadingsMs;
    if (!adds.some(isStillQuiet))
      return {
        candidates: filtered.candidates,
        taken: filtered.taken,
        isBlind: false,
        proves: (row, found) => filtered.isComplete && isWitnessed(row, filtered, found),
      };
  }
  const whole = await read(undefined);
  const isWhole = whole.isComplete && (await areGone(whole.missing, ports));
  const earlierMs = isWhole ? findEqualReading(whole.seen, ports) : undefined;
  const isStable = (row: LedgerRow) =>
    earlierMs !== undefined && quietForMs(row) >= quietMs && earlierMs >= (row.doubtAtMs ?? row.intentAtMs ?? 0);
  return {
    candidates: whole.candidates,
    taken: whole.taken,
    isBlind: !isWhole || whole.seen === 0,
    proves: (row, found) => isWhole && (isWitnessed(row, whole, found) || isStable(row)),
  };
}

/** Whether the API answered an add with somebody else. */
export function isAnsweredWrongly({ outcome }: LedgerRow): boolean {
  return outcome?.status === 'in_doubt' && outcome.errorCode === 'WRONG_CUSTOMER';
}

interface ListReading {
  readonly isComplete: boolean;
  readonly seen: number;
  readonly candidates: readonly Customer[];
  readonly taken: readonly Customer[];
  /** The latest edit that the list shows; epoch milliseconds, the API's clock. */
  readonly editedMs: number;
  /** When the intent of the last witness of ours that was seen was recorded; epoch milliseconds, our clock. */
  readonly confirmedMs: number;
  /** Codes of customers that this program created and that were not seen. */
  readonly missing: readonly string[];
}

async function readList(
  { api, ledger }: ReadAccountPorts,
  witnesses: readonly Witness[],
  options: { readonly createdAfterMs: number; readonly sinceMs: number | undefined; readonly keepsTaken: boolean },
): Promise<ListReading> {
  const { createdAfterMs, sinceMs, keepsTaken } = options;
  const created = new Map(witnesses.map(({ customerCode, intentAtMs }) => [customerCode, intentAtMs]));
  const candidates: Customer[] = [];
  const taken: Customer[] = [];
  let [editedMs, confirmedMs] = [0, 0];
  const listing = listCustomers(api, {
    pageSize,
    ...(sinceMs === undefined ? {} : { changedSince: new Date(sinceMs) }),
  });
  for await (const page of listing.pages)
    for (const customer of page) {
      const code = String(customer.customerCode);
      const intentAtMs = created.get(code);
      if (intentAtMs !== undefined) confirmedMs = Math.max(confirmedMs, intentAtMs);
      created.delete(code);
      editedMs = Math.max(editedMs, readTime(customer, 'lastEditDateUTC') ?? 0);
      // One without a creation date may be new.
      const isOld = (readTime(customer, 'creationDateUTC') ?? createdAfterMs) < createdAfterMs;
      if (isOld) continue;
      if (!ledger.isKnownCode(code)) candidates.push(customer);
      else if (keepsTaken) taken.push(customer);
    }
  const { complete, seen } = listing.proof();
  return { isComplete: complete, seen, candidates, taken, editedMs, confirmedMs, missing: [...created.keys()] };
}

function readTime(customer: Customer, field: string): number | undefined {
  const text = readField(customer, field);
  const ms = typeof text === 'string' ? parseApiTime(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Whether customers that are not listed do not exist any more; a list that leaves out others proves nothing. */
async function areGone(codes: readonly string[], { api }: ReadAccountPorts): Promise<boolean> {
  if (codes.length > maxWitnessesAsked) return false;
  for (const code of codes) if ((await api.get(code)).kind !== 'absent') return false;
  return true;
}

/**
 * When the list was last read whole with as many customers, long enough ago; else this reading is kept for the next time.
 *
 * @returns epoch milliseconds, our clock
 */
function findEqualReading(customers: number, { ledger, now }: ReadAccountPorts): number | undefined {
  const earlier = ledger.wholeReading();
  // An empty list usually means a missing right, not that there are no customers [vendor].
  if (customers === 0) return undefined;
  if (earlier?.customers === customers) return now() - earlier.atMs >= betweenReadingsMs ? earlier.atMs : undefined;
  ledger.saveWholeReading({ atMs: now(), customers });
  return undefined;
}

/** Asks the server for its time when it is not known yet: an empty page is the cheapest answer with a `Date`. */
async function findClockDifference({ api, clockDifferenceMs }: ReadAccountPorts): Promise<number> {
  if (clockDifferenceMs() === undefined) await api.list({ page: 1, pageSize: 1, fields: ['customerCode'] });
  return clockDifferenceMs() ?? 0;
}
