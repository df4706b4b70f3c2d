import type { Customer } from '#pipelines/customer.js';
import type { CustomersApi, ListQuery } from '#pipelines/ports.js';

export type WalkQuery = Omit<ListQuery, 'page'>;

export interface WalkedPage {
  /** Customers that come after all those of the pages before. */
  readonly customers: readonly Customer[];
  /** `liTotalCount`. */
  readonly total: number;
}

/** A list that others shorten at every step cannot be read to its end. */
const mostStepsBack = 100;

/**
 * Reads a list page by page so that no customer who was there all the time is missed, whatever others add, edit or
 * delete meanwhile. A customer deleted from an earlier page pulls all later ones forward, and the one that moved onto a
 * page already read would be lost, without a trace in the count when another was added. So each page begins before the
 * end of the one before; where the two do not meet, it goes back a page.
 *
 * @param query - its order must be one that edits do not change, such as `customerCode`, for this to hold
 * @returns whether the end was reached
 */
export async function* walkPages(api: CustomersApi, query: WalkQuery): AsyncGenerator<WalkedPage, boolean> {
  const { fields } = query;
  // Without the code, nobody could tell who was on the page before.
  const identified = fields === undefined ? {} : { fields: [...new Set([...fields, 'customerCode'])] };
  let size = query.pageSize;
  let reached = 0;
  let last: ReadonlySet<string> = new Set();
  for (let stepsBack = 0; stepsBack <= mostStepsBack; ) {
    const window = reached === 0 ? { page: 1, pageSize: size } : windowAfter(reached, size);
    const { customers, total } = await api.list({ ...query, ...identified, ...window });
    const fresh = window.page === 1 ? orAll(customers, after(last, customers)) : after(last, customers);
    if (fresh === undefined) {
      stepsBack += 1;
      reached = Math.max(0, reached - size);
      continue;
    }
    if (fresh.length > 0) {
      last = new Set(customers.map(codeOf));
      yield { customers: fresh, total };
    }
    reached = (window.page - 1) * window.pageSize + customers.length;
    // By what came, not by what was asked for: a server may give smaller pages, and say no total.
    if (total > 0 ? reached >= total : customers.length < window.pageSize) return true;
    if (customers.length < window.pageSize) size = Math.max(1, customers.length);
  }
  return false;
}

/**
 * The page that reads on at place `reached` (counted from 0) and begins at least one customer before it. The API knows
 * no offsets, only pages of a size, so the size that repeats the fewest is chosen.
 */
function windowAfter(reached: number, usualSize: number): { readonly page: number; readonly pageSize: number } {
  let best = { page: 1, pageSize: reached + usualSize };
  let mostNew = 0;
  const tryOut = (pageSize: number) => {
    const page = Math.floor((reached - 1) / pageSize) + 1;
    const isNew = page * pageSize - reached;
    if (isNew <= mostNew) return;
    mostNew = isNew;
    best = { page, pageSize };
  };
  for (let size = usualSize; size >= Math.max(2, usualSize / 2); size -= 1) tryOut(size);
  // Tiny pages may have no such size; slightly larger ones do.
  for (let size = usualSize + 1; mostNew === 0 && size <= usualSize + 10; size += 1) tryOut(size);
  return best;
}

/** What follows the last known customer that the page shows; `undefined` when it shows none of them. */
function after(known: ReadonlySet<string>, page: readonly Customer[]): readonly Customer[] | undefined {
  const at = page.findLastIndex((customer) => known.has(codeOf(customer)));
  return at < 0 ? undefined : page.slice(at + 1);
}

function orAll(page: readonly Customer[], fresh: readonly Customer[] | undefined): readonly Customer[] {
  return fresh ?? page;
}

function codeOf(customer: Customer): string {
  return String(customer.customerCode ?? customer.customerId);
}
