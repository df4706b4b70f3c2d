import { changesOf, type FieldChange, fieldOf } from '#pipelines/compare-customers.js';
import type { Draft } from '#pipelines/customer.js';
import { type CustomerMirror, knowsField } from '#pipelines/mirror.js';
import type { RowOutcome } from '#pipelines/outcome.js';
import type { OpenWork } from '#pipelines/work.js';
import { draftFor } from './draft-for.js';

/** What the mirror can say of a row about a known customer, without a call. */
export type Standing =
  | { readonly kind: 'unchanged'; readonly customerId?: string }
  /** At least these fields differ. */
  | {
      readonly kind: 'changed';
      readonly changes: readonly FieldChange[];
      readonly isComplete: boolean;
      readonly edited?: string;
    }
  /** Only the customer itself can tell: it is not in the mirror, or the list does not show all of the row's fields. */
  | { readonly kind: 'unknown'; readonly isListed: boolean };

/** Compares a row with the mirror's customer. */
export function standingOf(work: OpenWork, customerCode: string, mirror: CustomerMirror): Standing {
  const known = mirror.find(customerCode);
  if (known === undefined) return { kind: 'unknown', isListed: false };
  const { customer, edited, sentHash } = known;
  const customerId = fieldOf(customer, 'customerId');
  const id = typeof customerId === 'string' ? { customerId } : {};
  // Also where the server has made something else of what it was sent: to send it again would change nothing.
  if (sentHash === work.contentHash) return { kind: 'unchanged', ...id };
  // What a REPLACE would clear shows only in the whole customer.
  if (work.command === 'REPLACE' && known.extent !== 'whole') return { kind: 'unknown', isListed: true };
  const draft = draftFor(work, customer);
  const shown: Draft = Object.fromEntries(Object.entries(draft).filter(([field]) => knowsField(known, field)));
  const changes = changesOf(customer, shown);
  const isComplete = Object.keys(shown).length === Object.keys(draft).length;
  if (changes.length > 0) return { kind: 'changed', changes, isComplete, ...(edited === undefined ? {} : { edited }) };
  return isComplete ? { kind: 'unchanged', ...id } : { kind: 'unknown', isListed: true };
}

/** The end of a row whose customer already says what it says. */
export function unchanged(customerCode: string, customerId: string | undefined): RowOutcome {
  return { status: 'unchanged', attempts: 0, customerCode, ...(customerId === undefined ? {} : { customerId }) };
}
