import { rechunk } from '#pipelines/batches.js';
import { readField } from '#pipelines/compare-customers.js';
import type { Customer, JsonValue } from '#pipelines/model.js';
import type { CustomersApi } from '#pipelines/ports.js';
import { type CustomerListing, type ListingQuery, listCustomers } from './list-customers.js';
import type { CustomerMirror } from './mirror.js';

/** Kept by the server and changed by sales, of which nobody knows whether they count as edits. [assumed] */
const changedBySales = ['balance', 'rewardsValue', 'firstSaledate', 'lastSaledate'] as const;
const identityAndEdit = ['customerId', 'customerCode', 'lastEditDateUTC'] as const;
/** Rows of a few fields are short: so many are no more than a page of whole ones. */
const customersPerPage = 20_000;
/** Of so many rows: one that is being worked on, and the next. */
const pagesAhead = 2;
/** Whole customers are large: so many at once are held, as of the list's own pages. */
const customersPerChunk = 1000;

export interface MirrorListingPorts {
  readonly api: CustomersApi;
  readonly mirror: CustomerMirror;
  /** Reads one customer; nothing when it is gone by now. */
  readonly detailOf: (customerCode: string) => Promise<Customer | undefined>;
  /** The fields that the API's list gives, in its order: a mirrored customer may have more. */
  readonly listed: readonly string[];
}

/**
 * Reads all customers from a fresh mirror, with the proof that the API's own list gives: the list is read for who there
 * is, when each was edited, and what sales change; all the rest comes from the mirror, as long as it knows that very edit.
 */
export function listFromMirror(
  ports: MirrorListingPorts,
  query: Omit<ListingQuery, 'pageSize' | 'pagesAhead' | 'fields'>,
): CustomerListing {
  const { narrow } = query;
  const fields = ports.listed.filter((name) => isLive(name));
  const light = listCustomers(ports.api, {
    ...query,
    fields,
    pageSize: customersPerPage,
    pagesAhead,
    narrow: () => fields,
  });
  return { ...light, pages: joinWithMirror(light.pages, ports, narrow) };
}

const liveNames: ReadonlySet<string> = new Set(
  [...identityAndEdit, ...changedBySales].map((name) => name.toLowerCase()),
);

function isLive(name: string): boolean {
  return liveNames.has(name.toLowerCase());
}

async function* joinWithMirror(
  pages: AsyncIterable<readonly Customer[]>,
  ports: MirrorListingPorts,
  narrow: ListingQuery['narrow'],
): AsyncGenerator<readonly Customer[]> {
  let isFirst = true;
  for await (const piece of rechunk(pages, customersPerChunk)) {
    const customers: Customer[] = [];
    for (const row of piece) {
      const whole = findMirrored(row, ports) ?? (await fetchListed(row, ports));
      if (whole !== undefined) customers.push(whole);
    }
    // Only to let it see which fields there are.
    if (isFirst) narrow?.(customers);
    isFirst = false;
    yield customers;
  }
}

function findMirrored(row: Customer, { mirror, listed }: MirrorListingPorts): Customer | undefined {
  const known = mirror.find(String(readField(row, 'customerCode')));
  if (known === undefined || known.extent === 'sent') return undefined;
  if (known.edited === undefined || known.edited !== readField(row, 'lastEditDateUTC')) return undefined;
  return pickListedFields(known.customer, row, listed);
}

/** Edited since the mirror was made fresh, a moment ago. */
async function fetchListed(row: Customer, { detailOf, listed }: MirrorListingPorts): Promise<Customer | undefined> {
  const detail = await detailOf(String(readField(row, 'customerCode')));
  return detail === undefined ? undefined : pickListedFields(detail, row, listed);
}

/** The customer as the list would have given it. */
function pickListedFields(customer: Customer, row: Customer, listed: readonly string[]): Customer {
  const one: Record<string, JsonValue> = {};
  for (const name of listed) one[name] = row[name] ?? customer[name] ?? null;
  return one;
}
