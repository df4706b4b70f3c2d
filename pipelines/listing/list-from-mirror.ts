import { rechunk } from '#pipelines/batches.js';
import { readField } from '#pipelines/compare-customers.js';
import type { Customer, JsonValue } from '#pipelines/model.js';
import type { CustomersApi } from '#pipelines/ports.js';
import { type CustomerListing, type ListingQuery, listCustomers } from './list-customers.js';
import type { CustomerMirror } from './mirror.js';

/** Set by the server and changed by sales, which may not count as edits. [assumed] */
const changedBySales = ['balance', 'rewardsValue', 'firstSaledate', 'lastSaledate'] as const;
const identityAndEdit = ['customerId', 'customerCode', 'lastEditDateUTC'] as const;
/** Rows with a few fields are short: this many take no more memory than a page of whole ones. */
const customersPerPage = 20_000;
/** One page that is being processed, and the next. */
const pagesAhead = 2;
/** Whole customers are large: as many are held at a time as a page of the list has. */
const customersPerChunk = 1000;

export interface MirrorListingPorts {
  readonly api: CustomersApi;
  readonly mirror: CustomerMirror;
  /** Reads one customer; `undefined` when it has been deleted. */
  readonly detailOf: (customerCode: string) => Promise<Customer | undefined>;
  /** The fields that the API's list gives, in its order: a mirrored customer may have more. */
  readonly listed: readonly string[];
}

/**
 * Reads all customers from a fresh mirror, with the proof that the API's own list gives: the list is read for who is
 * there, when each was edited, and what sales change; everything else comes from the mirror if it knows that very edit.
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
  for await (const chunk of rechunk(pages, customersPerChunk)) {
    const customers: Customer[] = [];
    for (const row of chunk) {
      const whole = findMirrored(row, ports) ?? (await fetchListed(row, ports));
      if (whole !== undefined) customers.push(whole);
    }
    // It is only shown which fields there are.
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

/** Edited since the mirror was brought up to date, a moment ago. */
async function fetchListed(row: Customer, { detailOf, listed }: MirrorListingPorts): Promise<Customer | undefined> {
  const detail = await detailOf(String(readField(row, 'customerCode')));
  return detail === undefined ? undefined : pickListedFields(detail, row, listed);
}

/** The customer as the list would show it. */
function pickListedFields(customer: Customer, row: Customer, listed: readonly string[]): Customer {
  const fields: Record<string, JsonValue> = {};
  for (const name of listed) fields[name] = row[name] ?? customer[name] ?? null;
  return fields;
}
