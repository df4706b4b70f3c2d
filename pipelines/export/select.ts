import { readField } from '#pipelines/compare-customers.js';
import { parseApiTime, readIdentity } from '#pipelines/listing/customer-identity.js';
import type { Customer } from '#pipelines/model.js';

/**
 * Which customers to export. The API can only filter by the time of the last edit, and only to the minute; this is
 * exact.
 */
export interface CustomerFilter {
  readonly activeOnly: boolean;
  /** Inclusive, epoch milliseconds. */
  readonly changedSinceMs?: number;
  readonly changedUntilMs?: number;
  /** Edits that an earlier export of the same series delivered, by {@link buildEditKey}. */
  readonly delivered?: ReadonlySet<string>;
  /** Called for every customer edited in the period, including those delivered before. */
  readonly onEdit?: (customer: Customer, editedAtMs: number) => void;
}

/** Fields that a filter reads. */
export const filterFields = ['customerId', 'customerCode', 'active', 'lastEditDateUTC'] as const;

/** The customers that match the filter, page by page. */
export async function* selectCustomers(
  pages: AsyncIterable<readonly Customer[]>,
  filter: CustomerFilter,
): AsyncGenerator<readonly Customer[]> {
  const { activeOnly, changedSinceMs, changedUntilMs, onEdit } = filter;
  const matchesAll =
    !activeOnly && changedSinceMs === undefined && changedUntilMs === undefined && onEdit === undefined;
  for await (const page of pages) {
    if (matchesAll) yield page;
    else {
      const selected = page.filter((customer) => matchesFilter(customer, filter));
      if (selected.length > 0) yield selected;
    }
  }
}

function matchesFilter(customer: Customer, filter: CustomerFilter): boolean {
  const { activeOnly, changedSinceMs, changedUntilMs, delivered, onEdit } = filter;
  const editedAtMs = readEditTime(customer);
  // Without a readable edit time, the API's own filter decides.
  if (editedAtMs !== undefined) {
    if (changedSinceMs !== undefined && editedAtMs < changedSinceMs) return false;
    if (changedUntilMs !== undefined && editedAtMs > changedUntilMs) return false;
    onEdit?.(customer, editedAtMs);
  }
  if (activeOnly && readField(customer, 'active') !== true) return false;
  return delivered?.has(buildEditKey(customer)) !== true;
}

/** When a customer was last edited, by the server's clock; epoch milliseconds. */
function readEditTime(customer: Customer): number | undefined {
  const time = readField(customer, 'lastEditDateUTC');
  const editedAtMs = typeof time === 'string' ? parseApiTime(time) : Number.NaN;
  return Number.isNaN(editedAtMs) ? undefined : editedAtMs;
}

/** Identifies one edit of one customer. */
export function buildEditKey(customer: Customer): string {
  return `${readIdentity(customer)} ${String(readField(customer, 'lastEditDateUTC'))}`;
}
