import type { Customer } from '#pipelines/customer.js';
import type { CustomersApi, ListQuery } from '#pipelines/ports.js';
import { walkPages } from './walk-pages.js';

export interface PagesQuery extends Pick<ListQuery, 'fields' | 'changedSince' | 'changedUntil'> {
  /** @default customerCode ascending: new customers come last, so that pages already read stay as they are */
  readonly sort?: NonNullable<ListQuery['sort']>;
  readonly pageSize: number;
}

/** Whether every customer was seen, as far as the API's own counts can tell. */
export interface PagesProof {
  /** Distinct customers seen. */
  readonly seen: number;
  /** `liTotalCount` of the last page that was not empty. */
  readonly total: number;
  readonly pages: number;
  /** Times that the whole was read, because it moved while it was read. */
  readonly passes: number;
  readonly complete: boolean;
}

const stableOrder = { field: 'customerCode', descending: false } as const;
/** A table that moves during every pass is not going to hold still for one more. */
const mostPasses = 3;

/**
 * Reads all pages of a list, each customer once, and returns the proof of how complete that was.
 *
 * By code, one pass misses nobody (see {@link walkPages}). In an order that edits change, a customer may move behind
 * the reader; so there a pass during which the total changed, or which saw fewer customers than the total says, is
 * followed by another one that yields only what is new.
 */
export async function* readPages(
  api: CustomersApi,
  query: PagesQuery,
): AsyncGenerator<readonly Customer[], PagesProof> {
  const seen = new Set<string>();
  const { sort = stableOrder } = query;
  const isStable = sort.field.toLowerCase() === stableOrder.field.toLowerCase();
  let pages = 0;
  for (let passes = 1; ; passes += 1) {
    const totals = new Set<number>();
    let total = 0;
    const walk = walkPages(api, { ...query, sort });
    let step = await walk.next();
    for (; step.done !== true; step = await walk.next()) {
      pages += 1;
      total = step.value.total;
      totals.add(total);
      const fresh = step.value.customers.filter((customer) => isNew(seen, customer));
      if (fresh.length > 0) yield fresh;
    }
    const complete = step.value && (isStable || (totals.size <= 1 && seen.size >= total));
    if (complete || passes === mostPasses) return { seen: seen.size, total, pages, passes, complete };
  }
}

function isNew(seen: Set<string>, customer: Customer): boolean {
  const id = String(customer.customerId ?? customer.customerCode);
  if (seen.has(id)) return false;
  seen.add(id);
  return true;
}
