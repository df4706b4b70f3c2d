import {
  editableContent,
  type FieldChange,
  findChanges,
  findFieldName,
  readField,
} from '#pipelines/compare-customers.js';
import { type CustomerMirror, knowsField } from '#pipelines/listing/mirror.js';
import type { Customer, Draft, JsonValue, RowOutcome } from '#pipelines/model.js';
import { contentHash, type OpenRow } from './import-row.js';

/** Fields that a REPLACE leaves alone unless the row speaks of them: who the customer is, and whether still one. */
const keptByReplace: ReadonlySet<string> = new Set(['customerid', 'customercode', 'active']);

/** What a row wants of the customer as it is: a REPLACE also clears what the row says nothing about. */
export function resolveDraft({ command, draft }: Pick<OpenRow, 'command' | 'draft'>, current: Customer): Draft {
  if (command !== 'REPLACE') return draft;
  const wanted: Record<string, JsonValue> = {};
  // A flag cannot be empty, and an empty amount is nought.
  for (const [name, value] of Object.entries(editableContent(current)))
    if (!keptByReplace.has(name.toLowerCase()) && value !== 0 && value !== false)
      wanted[name] = typeof value === 'boolean' ? false : null;
  for (const [name, value] of Object.entries(draft)) wanted[findFieldName(current, name)] = value;
  return wanted;
}

/** What the mirror can say of a row about a known customer, without a call. */
type MirrorComparison =
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
export function compareWithMirror(work: OpenRow, customerCode: string, mirror: CustomerMirror): MirrorComparison {
  const known = mirror.find(customerCode);
  if (known === undefined) return { kind: 'unknown', isListed: false };
  const { customer, edited, sentHash } = known;
  const customerId = readField(customer, 'customerId');
  const id = typeof customerId === 'string' ? { customerId } : {};
  // Also where the server has made something else of what it was sent: to send it again would change nothing.
  if (sentHash === work.contentHash) return { kind: 'unchanged', ...id };
  // What a REPLACE would clear shows only in the whole customer.
  if (work.command === 'REPLACE' && known.extent !== 'whole') return { kind: 'unknown', isListed: true };
  const draft = resolveDraft(work, customer);
  const shown: Draft = Object.fromEntries(Object.entries(draft).filter(([field]) => knowsField(known, field)));
  const changes = findChanges(customer, shown);
  const isComplete = Object.keys(shown).length === Object.keys(draft).length;
  if (changes.length > 0) return { kind: 'changed', changes, isComplete, ...(edited === undefined ? {} : { edited }) };
  return isComplete ? { kind: 'unchanged', ...id } : { kind: 'unknown', isListed: true };
}

/** The end of a row whose customer already says what it says. */
export function describeUnchanged(customerCode: string, customerId: string | undefined): RowOutcome {
  return { status: 'unchanged', attempts: 0, customerCode, ...(customerId === undefined ? {} : { customerId }) };
}

/** What a plan said of a row that it would send. */
export interface PlannedWrite {
  readonly action: 'add' | 'update' | 'delete';
  readonly customerCode?: string;
  readonly contentHash: string;
  /** `lastEditDateUTC` of the customer when the plan was made. */
  readonly edited?: string;
  readonly changesHash: string;
}

/** A plan that somebody has agreed to: nothing else may be sent. */
export interface AgreedPlan {
  readonly name: string;
  /** By the row's index; rows that the plan would not send have none. */
  writeFor(index: number): PlannedWrite | undefined;
}

/** A fingerprint of what an update would change, old values included. */
export function hashChanges(changes: readonly FieldChange[]): string {
  const known = changes.map(({ field, from, to }): JsonValue => [field, from ?? null, to]);
  return contentHash({ changes: known });
}

/** Whether a row is still what the plan says, as far as can be told without a call. */
export function rowMatchesPlan(work: OpenRow, planned: PlannedWrite | undefined, mirror?: CustomerMirror): boolean {
  if (planned === undefined || planned.contentHash !== work.contentHash) return false;
  const action = work.customerCode === undefined ? 'add' : work.command === 'DELETE' ? 'delete' : 'update';
  if (planned.action !== action || planned.customerCode !== work.customerCode) return false;
  if (work.customerCode === undefined || mirror === undefined) return true;
  const edited = mirror.find(work.customerCode)?.edited;
  return planned.edited === undefined || edited === undefined || edited === planned.edited;
}

/** Whether a customer that was just read is as it was when the plan was made. */
export function customerMatchesPlan(
  current: Customer,
  changes: readonly FieldChange[],
  planned: PlannedWrite | undefined,
): boolean {
  if (planned === undefined) return false;
  const edited = readField(current, 'lastEditDateUTC');
  if (planned.edited !== undefined && typeof edited === 'string' && edited !== planned.edited) return false;
  return hashChanges(changes) === planned.changesHash;
}

/** The end of a row that is no longer what was agreed to. */
export function changedSincePlan(plan: string, customerCode: string | undefined): RowOutcome {
  const what = customerCode === undefined ? 'The row or its customer' : `The customer ${customerCode} (or the row)`;
  return {
    status: 'failed',
    errorCode: 'CHANGED_SINCE_PLAN',
    message: `${what} is not as it was when plan ${plan} was made, so nothing was sent. Make a new plan.`,
    attempts: 0,
    ...(customerCode === undefined ? {} : { customerCode }),
  };
}
