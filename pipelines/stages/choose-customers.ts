import { fieldOf } from '#pipelines/compare-customers.js';
import type { Customer } from '#pipelines/customer.js';
import { identityOf, utcMs } from './identity-of.js';

/** Which customers are wanted, more exactly than the API can be asked: it knows whole minutes, and no field but the last edit. */
export interface CustomerChoice {
  readonly activeOnly: boolean;
  /** Inclusive, epoch milliseconds. */
  readonly changedSinceMs?: number;
  readonly changedUntilMs?: number;
  /** Edits that an earlier export of the same series has delivered, as {@link editOf} names them. */
  readonly delivered?: ReadonlySet<string>;
  /** Told of every customer of the wanted time, those included that were delivered before. */
  readonly noteEdit?: (customer: Customer, editedAtMs: number) => void;
}

/** Fields that a choice looks at. */
export const fieldsOfChoice = ['customerId', 'customerCode', 'active', 'lastEditDateUTC'] as const;

export async function* chosenCustomers(
  pages: AsyncIterable<readonly Customer[]>,
  choice: CustomerChoice,
): AsyncGenerator<readonly Customer[]> {
  const { activeOnly, changedSinceMs, changedUntilMs, noteEdit } = choice;
  const all = !activeOnly && changedSinceMs === undefined && changedUntilMs === undefined && noteEdit === undefined;
  for await (const page of pages) {
    if (all) yield page;
    else {
      const wanted = page.filter((customer) => isWanted(customer, choice));
      if (wanted.length > 0) yield wanted;
    }
  }
}

function isWanted(customer: Customer, choice: CustomerChoice): boolean {
  const { activeOnly, changedSinceMs, changedUntilMs, delivered, noteEdit } = choice;
  const editedAtMs = editedAt(customer);
  // A customer whose last edit nobody knows is the API's choice.
  if (editedAtMs !== undefined) {
    if (changedSinceMs !== undefined && editedAtMs < changedSinceMs) return false;
    if (changedUntilMs !== undefined && editedAtMs > changedUntilMs) return false;
    noteEdit?.(customer, editedAtMs);
  }
  if (activeOnly && fieldOf(customer, 'active') !== true) return false;
  return delivered?.has(editOf(customer)) !== true;
}

/** When a customer was last edited, by the server's clock; epoch milliseconds. */
function editedAt(customer: Customer): number | undefined {
  const stamp = fieldOf(customer, 'lastEditDateUTC');
  const at = typeof stamp === 'string' ? utcMs(stamp) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** Names one edit of one customer. */
export function editOf(customer: Customer): string {
  return `${identityOf(customer)} ${String(fieldOf(customer, 'lastEditDateUTC'))}`;
}
