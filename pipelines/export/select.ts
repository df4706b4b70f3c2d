import { readField } from '#pipelines/compare-customers.js';
import { parseApiTime, readIdentity } from '#pipelines/listing/customer-identity.js';
import type { Customer } from '#pipelines/model.js';

/** Which customers are wanted, more exactly than the API can be asked: it knows whole minutes, and no field but the last edit. */
export interface CustomerFilter {
  readonly activeOnly: boolean;
  /** Inclusive, epoch milliseconds. */
  readonly changedSinceMs?: number;
  readonly changedUntilMs?: number;
  /** Edits that an earlier export of the same series has delivered, as {@link buildEditKey} names them. */
  readonly delivered?: ReadonlySet<string>;
  /** Told of every customer of the wanted time, those included that were delivered before. */
  readonly onEdit?: (customer: Customer, editedAtMs: number) => void;
}

/** Fields that a choice looks at. */
export const filterFields = ['customerId', 'customerCode', 'active', 'lastEditDateUTC'] as const;

export async function* selectCustomers(
  pages: AsyncIterable<readonly Customer[]>,
  choice: CustomerFilter,
): AsyncGenerator<readonly Customer[]> {
  const { activeOnly, changedSinceMs, changedUntilMs, onEdit: noteEdit } = choice;
  const all = !activeOnly && changedSinceMs === undefined && changedUntilMs === undefined && noteEdit === undefined;
  for await (const page of pages) {
    if (all) yield page;
    else {
      const wanted = page.filter((customer) => matchesFilter(customer, choice));
      if (wanted.length > 0) yield wanted;
    }
  }
}

function matchesFilter(customer: Customer, choice: CustomerFilter): boolean {
  const { activeOnly, changedSinceMs, changedUntilMs, delivered, onEdit: noteEdit } = choice;
  const editedAtMs = readEditTime(customer);
  // A customer whose last edit nobody knows is the API's choice.
  if (editedAtMs !== undefined) {
    if (changedSinceMs !== undefined && editedAtMs < changedSinceMs) return false;
    if (changedUntilMs !== undefined && editedAtMs > changedUntilMs) return false;
    noteEdit?.(customer, editedAtMs);
  }
  if (activeOnly && readField(customer, 'active') !== true) return false;
  return delivered?.has(buildEditKey(customer)) !== true;
}

/** When a customer was last edited, by the server's clock; epoch milliseconds. */
function readEditTime(customer: Customer): number | undefined {
  const stamp = readField(customer, 'lastEditDateUTC');
  const at = typeof stamp === 'string' ? parseApiTime(stamp) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** Names one edit of one customer. */
export function buildEditKey(customer: Customer): string {
  return `${readIdentity(customer)} ${String(readField(customer, 'lastEditDateUTC'))}`;
}
