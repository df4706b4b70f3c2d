import type { ApiParts } from '#src/sandbox/api/customers-api.js';
import { amendedCustomer, newCustomer } from '#src/sandbox/customers/compose-customer.js';
import type { ListSelection } from '#src/sandbox/customers/customer-list.js';
import type { Fault } from './fault.js';

/** Somebody else at work while a client reads pages. */
const otherUser = 'colleague@example.com';

/**
 * Deletes and edits customers from the front of the list that is being read, and adds new ones, so that the rows of
 * all later pages move. Customers with transactions stay.
 */
export function shiftPages(fault: Fault, selection: ListSelection, { store, list, clock }: ApiParts): void {
  const { insert, edit, delete: remove } = countsOf(fault);
  const edited = () => ({ at: clock.now(), user: otherUser });
  const codes = list.firstCodes(selection, remove + edit);
  for (const code of codes.slice(0, remove)) {
    const stored = store.forChange(code);
    if (stored !== undefined && !stored.hasTransactions) store.remove(stored.number);
  }
  for (const code of codes.slice(remove)) {
    const stored = store.forChange(code);
    if (stored === undefined) continue;
    store.replace(stored.number, amendedCustomer(stored.customer, { notes: 'Edited while pages were read' }, edited()));
  }
  // The exclamation mark sorts before letters: sorted by name, the new ones too push every later row along.
  const sent = new Map([['customerName', '! Added while pages were read']]);
  for (let added = 0; added < insert; added += 1) store.add((identity) => newCustomer(sent, identity, edited()));
}

function countsOf(fault: Fault): { insert: number; edit: number; delete: number } {
  const isSilent = fault.insert === undefined && fault.edit === undefined && fault.delete === undefined;
  const absent = isSilent ? 1 : 0;
  return { insert: fault.insert ?? absent, edit: fault.edit ?? absent, delete: fault.delete ?? absent };
}
