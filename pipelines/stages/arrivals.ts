import { fieldOf } from '#pipelines/compare-customers.js';
import type { Customer, JsonValue } from '#pipelines/customer.js';
import type { CustomersApi, ListQuery } from '#pipelines/ports.js';
import { IdSet } from './id-set.js';
import { identityOf, utcMs } from './identity-of.js';
import { walkPages } from './walk-pages.js';

/** Who came into a list while it was read, told by what was edited of late before and after. */
export interface Arrivals {
  /** How many came since; `undefined` when that cannot be told. */
  count(into: 'whole list' | 'list of edits'): Promise<number | undefined>;
}

/** Wide enough for clocks that disagree and filters that know whole minutes. */
export const recentMs = 2 * 60_000;
const pageSize = 20_000;
/** Made at some thousand a second; to look at them twice costs a hundred calls. */
const mostRecent = 1_000_000;
const fields = ['customerId', 'customerCode', 'creationDateUTC', 'lastEditDateUTC'] as const;
const sort: NonNullable<ListQuery['sort']> = { field: 'customerCode', descending: false };

/** Takes note of who was edited of late. @returns `undefined` when they are too many, or never hold still */
export async function watchArrivals(api: CustomersApi, since: Date): Promise<Arrivals | undefined> {
  const known = new IdSet();
  const wasRead = await readEdits(api, since, (customer) => known.add(identityOf(customer)));
  if (!wasRead) return undefined;
  return {
    async count(into) {
      let came = 0;
      const wasReadAgain = await readEdits(api, since, (customer) => {
        // Into a list of edits one also comes by an edit; into the whole list only by being made.
        const isOld = into === 'whole list' && isBefore(fieldOf(customer, 'creationDateUTC'), since);
        if (known.add(identityOf(customer)) && !isOld) came += 1;
      });
      return wasReadAgain ? came : undefined;
    },
  };
}

/** Reads them in pages that overlap, so that nobody is missed who is edited meanwhile. */
async function readEdits(api: CustomersApi, since: Date, look: (customer: Customer) => void): Promise<boolean> {
  const pages = walkPages(api, { pageSize, fields, changedSince: since, sort });
  for (;;) {
    const { done, value } = await pages.next();
    if (done === true) return value;
    if (value.total > mostRecent) return false;
    for (const customer of value.customers) look(customer);
  }
}

/** A date that is not told may be any. */
function isBefore(stamp: JsonValue | undefined, moment: Date): boolean {
  return utcMs(String(stamp)) < moment.getTime();
}
