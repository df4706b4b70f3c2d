import { type FieldChange, fieldOf } from './compare-customers.js';
import { contentHash } from './content-hash.js';
import type { Customer, JsonValue } from './customer.js';
import type { CustomerMirror } from './mirror.js';
import type { RowOutcome } from './outcome.js';
import type { OpenWork } from './work.js';

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
export function changesHash(changes: readonly FieldChange[]): string {
  const known = changes.map(({ field, from, to }): JsonValue => [field, from ?? null, to]);
  return contentHash({ changes: known });
}

/** Whether a row is still what the plan says, as far as can be told without a call. */
export function isAsPlanned(work: OpenWork, planned: PlannedWrite | undefined, mirror?: CustomerMirror): boolean {
  if (planned === undefined || planned.contentHash !== work.contentHash) return false;
  const action = work.customerCode === undefined ? 'add' : work.command === 'DELETE' ? 'delete' : 'update';
  if (planned.action !== action || planned.customerCode !== work.customerCode) return false;
  if (work.customerCode === undefined || mirror === undefined) return true;
  const edited = mirror.find(work.customerCode)?.edited;
  return planned.edited === undefined || edited === undefined || edited === planned.edited;
}

/** Whether a customer that was just read is as it was when the plan was made. */
export function isCustomerAsPlanned(
  current: Customer,
  changes: readonly FieldChange[],
  planned: PlannedWrite | undefined,
): boolean {
  if (planned === undefined) return false;
  const edited = fieldOf(current, 'lastEditDateUTC');
  if (planned.edited !== undefined && typeof edited === 'string' && edited !== planned.edited) return false;
  return changesHash(changes) === planned.changesHash;
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
