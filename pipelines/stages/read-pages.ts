import type { Customer } from '../customer.js';
import type { CustomersApi, ListQuery } from '../ports.js';

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
 * A customer deleted meanwhile pulls later ones onto pages already read, so a pass during which the total changed, or
 * which saw fewer customers than the total says, is followed by another one that yields only what is new.
 */
export async function* readPages(
  api: CustomersApi,
  query: PagesQuery,
): AsyncGenerator<readonly Customer[], PagesProof> {
  const seen = new Set<string>();
  let pages = 0;
  for (let pass = 1; ; pass += 1) {
    const totals = new Set<number>();
    let total = 0;
    let received = 0;
    for (let page = 1; ; page += 1) {
      const answer = await api.list({ sort: stableOrder, ...query, page });
      if (answer.customers.length === 0) break;
      pages += 1;
      total = answer.total;
      totals.add(total);
      const fresh = answer.customers.filter((customer) => isNew(seen, customer));
      if (fresh.length > 0) yield fresh;
      received += answer.customers.length;
      // By what came, not by what was asked for: a server may give smaller pages, and say no total.
      if (total > 0 ? received >= total : answer.customers.length < query.pageSize) break;
    }
    const complete = totals.size <= 1 && seen.size >= total;
    if (complete || pass === mostPasses) return { seen: seen.size, total, pages, passes: pass, complete };
  }
}

function isNew(seen: Set<string>, customer: Customer): boolean {
  const id = String(customer.customerId ?? customer.customerCode);
  if (seen.has(id)) return false;
  seen.add(id);
  return true;
}
