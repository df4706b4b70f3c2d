import { fieldOf } from '#pipelines/compare-customers.js';
import type { Customer, JsonValue } from '#pipelines/customer.js';
import type { CustomerMirror } from '#pipelines/mirror.js';
import type { CustomersApi } from '#pipelines/ports.js';
import { inPieces } from './in-pieces.js';
import { type CustomerPass, type PassQuery, readPass } from './read-pass.js';

/** Kept by the server and changed by sales, of which nobody knows whether they count as edits. [assumed] */
const changedBySales = ['balance', 'rewardsValue', 'firstSaledate', 'lastSaledate'] as const;
const identityAndEdit = ['customerId', 'customerCode', 'lastEditDateUTC'] as const;
/** Rows of a few fields are short: so many are no more than a page of whole ones. */
const customersPerPage = 20_000;
/** Of so many rows: one that is being worked on, and the next. */
const pagesAhead = 2;
/** Whole customers are large: so many at once are held, as of the list's own pages. */
const customersPerPiece = 1000;

export interface MirroredPorts {
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
export function readMirrored(
  ports: MirroredPorts,
  query: Omit<PassQuery, 'pageSize' | 'pagesAhead' | 'fields'>,
): CustomerPass {
  const { narrow } = query;
  const fields = ports.listed.filter((name) => isLive(name));
  const light = readPass(ports.api, { ...query, fields, pageSize: customersPerPage, pagesAhead, narrow: () => fields });
  return { ...light, pages: joined(light.pages, ports, narrow) };
}

const liveNames: ReadonlySet<string> = new Set(
  [...identityAndEdit, ...changedBySales].map((name) => name.toLowerCase()),
);

function isLive(name: string): boolean {
  return liveNames.has(name.toLowerCase());
}

async function* joined(
  pages: AsyncIterable<readonly Customer[]>,
  ports: MirroredPorts,
  narrow: PassQuery['narrow'],
): AsyncGenerator<readonly Customer[]> {
  let isFirst = true;
  for await (const piece of inPieces(pages, customersPerPiece)) {
    const customers: Customer[] = [];
    for (const row of piece) {
      const whole = mirrored(row, ports) ?? (await asked(row, ports));
      if (whole !== undefined) customers.push(whole);
    }
    // Only to let it see which fields there are.
    if (isFirst) narrow?.(customers);
    isFirst = false;
    yield customers;
  }
}

function mirrored(row: Customer, { mirror, listed }: MirroredPorts): Customer | undefined {
  const known = mirror.find(String(fieldOf(row, 'customerCode')));
  if (known === undefined || known.extent === 'sent') return undefined;
  if (known.edited === undefined || known.edited !== fieldOf(row, 'lastEditDateUTC')) return undefined;
  return inList(known.customer, row, listed);
}

/** Edited since the mirror was made fresh, a moment ago. */
async function asked(row: Customer, { detailOf, listed }: MirroredPorts): Promise<Customer | undefined> {
  const detail = await detailOf(String(fieldOf(row, 'customerCode')));
  return detail === undefined ? undefined : inList(detail, row, listed);
}

/** The customer as the list would have given it. */
function inList(customer: Customer, row: Customer, listed: readonly string[]): Customer {
  const one: Record<string, JsonValue> = {};
  for (const name of listed) one[name] = row[name] ?? customer[name] ?? null;
  return one;
}
