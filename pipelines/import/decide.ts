import {
  contentHash,
  editableContent,
  type FieldChange,
  findChanges,
  findFieldName,
  readField,
} from '#pipelines/compare-customers.js';
import type { Issue } from '#pipelines/issue.js';
import { type CustomerMirror, knowsField } from '#pipelines/listing/mirror.js';
import type { Customer, Draft, JsonValue, RowOutcome } from '#pipelines/model.js';
import type { KnownCustomer } from '#pipelines/ports.js';
import { endAsWaiting } from './decisions.js';
import type { IdentifiedRow } from './identify.js';
import { type EndedRow, endAsInvalid, endAsSkipped, type ImportRow, type OpenRow } from './map.js';

export interface DecideOptions {
  /** Source columns of key and code, for messages. */
  readonly identityColumns: readonly string[];
  /** Up to date; without one, only the customer itself can tell whether it would change. */
  readonly mirror?: CustomerMirror | undefined;
  /** Rows that would change nothing end here; not before an earlier row for the same customer was sent. */
  readonly skipUnchanged: boolean;
}

/**
 * Decides what is done for a row, from who it is about and the mode: an open row that comes out without a
 * `customerCode` is an add, else an update or a delete. A customer that this tool has created already, or may have, is
 * never created again.
 */
export function decideRow({ row, identity, mode }: IdentifiedRow, options: DecideOptions): ImportRow {
  const { identityColumns: columns } = options;
  switch (identity.kind) {
    case 'unclear': {
      const { issue, candidates } = identity;
      if (candidates === undefined) return endAsInvalid(row.row, [issue], row.key);
      return endAsWaiting(row, issue, candidates, (code) => options.mirror?.find(code)?.customer);
    }
    case 'left_out':
      return endAsSkipped(row, identity.reason, row);
    case 'named':
      if (mode === 'add') return endAsInvalid(row.row, [describeCodeInAdd(row, columns)], row.key);
      return decideWrite(row, row.customerCode, options);
    case 'matched':
      return decideWrite(row, identity.customerCode, options);
    case 'known': {
      const { customer } = identity;
      if (customer.state === 'in_doubt') return endAsSkipped(row, describeDoubt(row, customer), customer);
      if (mode === 'add' || row.key === undefined)
        return endAsSkipped(row, describeAlreadyCreated(row, customer), customer);
      return decideWrite(row, customer.customerCode, options);
    }
    case 'nobody':
      return mode === 'update' ? endAsUnknown(row, columns) : row;
  }
}

/** What is sent for an open row that has been decided. */
export function chooseAction({ customerCode, command }: OpenRow): 'add' | 'update' | 'delete' {
  if (customerCode === undefined) return 'add';
  return command === 'DELETE' ? 'delete' : 'update';
}

function decideWrite(row: OpenRow, customerCode: string | undefined, options: DecideOptions): ImportRow {
  if (customerCode === undefined) return row;
  const write = row.customerCode === customerCode ? row : row.withCustomer(customerCode);
  const { mirror, skipUnchanged } = options;
  if (mirror === undefined) return write;
  if (row.command === 'DELETE') return mirror.find(customerCode) === undefined ? endAsGone(write) : write;
  const comparison = skipUnchanged ? compareWithMirror(write, customerCode, mirror) : undefined;
  if (comparison?.kind !== 'unchanged') return write;
  const { customerId } = comparison;
  const identity = { customerCode, ...(customerId === undefined ? {} : { customerId }) };
  const outcome = { status: 'unchanged', attempts: 0, ...identity } as const;
  return { row: row.row, key: row.key, outcome, contentHash: write.contentHash };
}

/** A row whose customer must exist and does not; for a delete, that is what it wanted. */
function endAsUnknown(row: OpenRow, columns: readonly string[]): EndedRow {
  const saysWho = row.key !== undefined || row.matchValue !== undefined;
  if (row.command === 'DELETE' && saysWho) return endAsGone(row);
  return endAsInvalid(row.row, [describeUnknown(row, columns)], row.key);
}

function endAsGone(row: OpenRow): EndedRow {
  return endAsSkipped(
    row,
    { severity: 'info', code: 'ALREADY_GONE', message: 'There is no such customer, so there is nothing to delete.' },
    row,
  );
}

function describeCodeInAdd({ customerCode }: OpenRow, columns: readonly string[]): Issue {
  return {
    severity: 'error',
    code: 'CODE_IN_ADD',
    message: `The row names the customer ${customerCode}, which already exists; adding it would create a duplicate. Import with --mode update, or empty the cell.`,
    columns,
  };
}

function describeUnknown({ key }: OpenRow, columns: readonly string[]): Issue {
  const fact =
    key === undefined
      ? 'The row names no customer: its customerCode is blank.'
      : `There is no known customer with the key "${key}".`;
  return {
    severity: 'error',
    code: 'CUSTOMER_UNKNOWN',
    message: `${fact} Add it with --mode add, or give its customerCode.`,
    columns,
    ...(key === undefined ? {} : { value: key }),
  };
}

function describeAlreadyCreated(row: OpenRow, known: KnownCustomer): Issue {
  const next =
    row.key === undefined
      ? 'If it is another customer, add it with --force.'
      : 'To change it, import with --mode update.';
  return {
    severity: 'info',
    code: 'ALREADY_CREATED',
    message: `${describeSubject(row)} was created ${describeRun(known)} as ${known.customerCode}. ${next}`,
  };
}

function describeDoubt(row: OpenRow, known: KnownCustomer): Issue {
  return {
    severity: 'info',
    code: 'IN_DOUBT_ELSEWHERE',
    message: `${describeSubject(row)} was sent ${describeRun(known)} and it is not known whether it was created. Settle that run first: mypos-customers reconcile ${known.run}`,
  };
}

function describeSubject({ key }: OpenRow): string {
  return key === undefined ? 'A customer with exactly this content' : `The customer with the key "${key}"`;
}

function describeRun({ run, row }: KnownCustomer): string {
  return `by run ${run}${row === undefined ? '' : ` (row ${row})`}`;
}

/** Fields that a REPLACE does not clear when the row does not set them: who the customer is, and whether it is active. */
const keptByReplace: ReadonlySet<string> = new Set(['customerid', 'customercode', 'active']);

/** What a row wants to write to a customer: a REPLACE also clears the fields that the row does not set. */
export function resolveDraft({ command, draft }: OpenRow, current: Customer): Draft {
  if (command !== 'REPLACE') return draft;
  const wanted: Record<string, JsonValue> = {};
  // A flag cannot be empty, and an empty amount is 0.
  for (const [name, value] of Object.entries(editableContent(current)))
    if (!keptByReplace.has(name.toLowerCase()) && value !== 0 && value !== false)
      wanted[name] = typeof value === 'boolean' ? false : null;
  for (const [name, value] of Object.entries(draft)) wanted[findFieldName(current, name)] = value;
  return wanted;
}

/** What the mirror can tell about a row and its customer, without a call. */
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
  | { readonly kind: 'unknown' };

/** Compares a row with the mirror's customer. */
export function compareWithMirror(row: OpenRow, customerCode: string, mirror: CustomerMirror): MirrorComparison {
  const known = mirror.find(customerCode);
  if (known === undefined) return { kind: 'unknown' };
  const { customer, edited, sentHash } = known;
  const customerId = readField(customer, 'customerId');
  const id = typeof customerId === 'string' ? { customerId } : {};
  // Also where the server has made something else of what it was sent: to send it again would change nothing.
  if (sentHash === row.contentHash) return { kind: 'unchanged', ...id };
  // What a REPLACE would clear shows only in the whole customer.
  if (row.command === 'REPLACE' && known.extent !== 'whole') return { kind: 'unknown' };
  const draft = resolveDraft(row, customer);
  const shown: Draft = Object.fromEntries(Object.entries(draft).filter(([field]) => knowsField(known, field)));
  const changes = findChanges(customer, shown);
  const isComplete = Object.keys(shown).length === Object.keys(draft).length;
  if (changes.length > 0) return { kind: 'changed', changes, isComplete, ...(edited === undefined ? {} : { edited }) };
  return isComplete ? { kind: 'unchanged', ...id } : { kind: 'unknown' };
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
export function rowMatchesPlan(row: OpenRow, planned: PlannedWrite | undefined, mirror?: CustomerMirror): boolean {
  if (planned === undefined || planned.contentHash !== row.contentHash) return false;
  if (planned.action !== chooseAction(row) || planned.customerCode !== row.customerCode) return false;
  if (row.customerCode === undefined || mirror === undefined) return true;
  const edited = mirror.find(row.customerCode)?.edited;
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

/** The outcome of a row that is no longer as it was planned. */
export function changedSincePlan(plan: string, customerCode: string | undefined): RowOutcome {
  const what = customerCode === undefined ? 'The row or its customer' : `The customer ${customerCode} (or the row)`;
  return {
    status: 'failed',
    errorCode: 'CHANGED_SINCE_PLAN',
    message: `${what} has changed since plan ${plan} was made, so nothing was sent. Make a new plan.`,
    attempts: 0,
    ...(customerCode === undefined ? {} : { customerCode }),
  };
}
