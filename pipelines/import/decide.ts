import { contentHash, type FieldChange, findChanges, readField } from '#pipelines/compare-customers.js';
import type { Issue } from '#pipelines/issue.js';
import { type CustomerMirror, knowsField } from '#pipelines/listing/mirror.js';
import type { Customer, JsonValue, RowOutcome } from '#pipelines/model.js';
import type { KnownCustomer, RunLedger } from '#pipelines/ports.js';
import { checkContradiction } from './contradiction.js';
import { endAsWaiting, type ReadCustomer } from './decisions.js';
import {
  collectSentValues,
  describeKept,
  endAsUnsettled,
  hashUnderPolicies,
  isUnsettled,
  type ResolvedWrite,
  resolveWrite,
} from './field-policy.js';
import type { IdentifiedRow, ImportMode } from './identify.js';
import { displayKey, splitKey } from './keys.js';
import type { PolicyPorts } from './last-sent.js';
import { type EndedRow, endAsInvalid, endAsSkipped, type ImportRow, type OpenRow } from './map.js';

export interface DecideOptions extends PolicyPorts {
  /** Source columns of key and code, for messages. */
  readonly identityColumns: readonly string[];
  /** Up to date; without one, only the customer itself can tell whether it would change. */
  readonly mirror?: CustomerMirror | undefined;
  /** Rows that would change nothing end here; not before an earlier row for the same customer was sent. */
  readonly skipUnchanged: boolean;
  /** Says of rows that would change nothing which fields keep their value. */
  readonly explainKept?: boolean;
  readonly ledger: PolicyPorts['ledger'] & Pick<RunLedger, 'decisions'>;
  /** Of telephone numbers that do not say theirs. */
  readonly country?: string | undefined;
  /** Reads a customer from the local copy, also where that serves only to find out who is there. */
  readonly readCustomer: ReadCustomer;
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
      return endAsWaiting(row, issue, candidates, options.readCustomer);
    }
    case 'left_out':
      return endAsSkipped(row, identity.reason, row);
    case 'named':
      if (mode === 'add') return endAsInvalid(row.row, [describeCodeInAdd(row, columns)], row.key);
      return decideFound(row, row.customerCode, mode, options, false);
    case 'matched':
      if (mode === 'add') return endAsThere(row, identity.customerCode);
      return decideFound(row, identity.customerCode, mode, options, identity.by === 'stamp');
    case 'known': {
      const { customer } = identity;
      if (customer.state === 'in_doubt') return endAsSkipped(row, describeDoubt(row, customer), customer);
      if (mode === 'add' || row.key === undefined)
        return endAsSkipped(row, describeAlreadyCreated(row, customer), customer);
      return decideFound(row, customer.customerCode, mode, options, true, customer.customerId);
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

function decideWrite(
  row: OpenRow,
  customerCode: string | undefined,
  options: DecideOptions,
  isFoundByKey = false,
  linkedId?: string,
): ImportRow {
  if (customerCode === undefined) return row;
  const write = row.customerCode === customerCode ? row : row.withCustomer(customerCode, isFoundByKey, linkedId);
  const { mirror, skipUnchanged } = options;
  const isDelete = row.command === 'DELETE';
  if (isDelete && mirror !== undefined && mirror.find(customerCode) === undefined) return endAsGone(write);
  const comparison =
    mirror === undefined || isDelete || !skipUnchanged
      ? undefined
      : compareWithMirror(write, customerCode, { ...options, mirror });
  if (comparison?.kind !== 'unchanged') {
    const kept = write.isFoundByKey || write.isNamed ? keepFromStrangers(write, customerCode, options) : write;
    return kept === write && comparison?.kind === 'unsettled' ? comparison.ended : kept;
  }
  const { customerId, kept, notes, sentValues } = comparison;
  const identity = { customerCode, ...(customerId === undefined ? {} : { customerId }) };
  return {
    ...{ row: row.row, key: row.key, contentHash: write.contentHash },
    outcome: { status: 'unchanged', attempts: 0, ...identity, ...(notes.length === 0 ? {} : { notes }) },
    kept,
    ...(sentValues === undefined ? {} : { sentValues }),
  };
}

/** As {@link decideWrite}, for a customer that a person may have decided not to be the row's. */
function decideFound(
  row: OpenRow,
  customerCode: string | undefined,
  mode: ImportMode,
  options: DecideOptions,
  isFoundByKey: boolean,
  linkedId?: string,
): ImportRow {
  const decided = decideWrite(row, customerCode, options, isFoundByKey, linkedId);
  const isNew = customerCode !== undefined && decided.outcome === undefined && decided.customerCode === undefined;
  return isNew && mode === 'update' ? endAsUnknown(row, options.identityColumns) : decided;
}

/** Whether a row that found its customer by a key, or by a code, may change it: never one that seems to be somebody else. */
function keepFromStrangers(row: OpenRow, customerCode: string, options: DecideOptions): ImportRow {
  const { ledger, country, readCustomer, identityColumns: columns } = options;
  const customer = readCustomer(customerCode);
  const contradicted = checkContradiction(row, customerCode, customer, { ledger, country, columns });
  switch (contradicted.kind) {
    case 'none':
      return row;
    case 'wrong':
      return endAsInvalid(row.row, [contradicted.issue], row.key);
    case 'new':
      return row.withoutCustomer();
    case 'skip':
      return endAsSkipped(row, contradicted.reason, row);
    case 'waits':
      return endAsWaiting(row, contradicted.issue, contradicted.candidates, readCustomer);
  }
}

/** A row to add whose customer is in the account already: its key stands for that customer from now on. */
function endAsThere(row: OpenRow, customerCode: string): EndedRow {
  const link = row.key === undefined ? '' : 'Its key now stands for that customer. ';
  const reason: Issue = {
    severity: 'info',
    code: 'ALREADY_THERE',
    message: `The account has this customer already, as ${customerCode}. ${link}To change it, import with --mode upsert.`,
  };
  return { ...endAsSkipped(row, reason, { customerCode }), linksKey: true, contentHash: row.contentHash };
}

/** A row whose customer must exist and does not; for a delete, that is what it wanted. */
export function endAsUnknown(row: OpenRow, columns: readonly string[]): EndedRow {
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
      : `There is no known customer with the key "${displayKey(key)}".`;
  return {
    severity: 'error',
    code: 'CUSTOMER_UNKNOWN',
    message: `${fact} Add it with --mode add, or give its customerCode.`,
    columns,
    ...(key === undefined ? {} : { value: splitKey(key).key }),
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
    message: `${describeSubject(row)} was sent ${describeRun(known)} and it is not known whether it was created. Settle that run first: mypos-customers reconcile${known.run === undefined ? '' : ` ${known.run}`}`,
  };
}

function describeSubject({ key }: OpenRow): string {
  return key === undefined ? 'A customer with exactly this content' : `The customer with the key "${displayKey(key)}"`;
}

function describeRun({ run, row }: KnownCustomer): string {
  const by = run === undefined ? 'by an earlier run' : `by run ${run}`;
  return `${by}${row === undefined ? '' : ` (row ${row})`}`;
}

/** What the mirror can tell about a row and its customer, without a call. */
type MirrorComparison =
  | ({
      readonly kind: 'unchanged';
      readonly customerId?: string;
      readonly notes: readonly Issue[];
    } & Pick<ResolvedWrite, 'kept' | 'sentValues'>)
  /** At least these fields differ. */
  | ({
      readonly kind: 'changed';
      readonly changes: readonly FieldChange[];
      readonly isComplete: boolean;
      readonly edited?: string;
    } & Pick<ResolvedWrite, 'kept' | 'conflicts'>)
  /** File and account contradict each other, and a person must decide. */
  | { readonly kind: 'unsettled'; readonly ended: EndedRow }
  /** Only the customer itself can tell: it is not in the mirror, or the list does not show all of the row's fields. */
  | { readonly kind: 'unknown' };

/** Compares a row with the mirror's customer. */
export function compareWithMirror(
  row: OpenRow,
  customerCode: string,
  ports: PolicyPorts & { readonly mirror: CustomerMirror; readonly explainKept?: boolean },
): MirrorComparison {
  const { mirror, mapper } = ports;
  const known = mirror.find(customerCode);
  if (known === undefined) return { kind: 'unknown' };
  const { customer, edited, sentHash } = known;
  const customerId = readField(customer, 'customerId');
  const id = typeof customerId === 'string' ? { customerId } : {};
  const knows = (field: string) => knowsField(known, field);
  // Also where the server has made something else of what it was sent: to send it again would change nothing.
  if (sentHash !== undefined && (sentHash === row.contentHash || sentHash === hashUnderPolicies(row, mapper))) {
    const kept = ports.explainKept === true ? resolveWrite(row, customer, ports, known).kept : [];
    const sentValues = collectSentValues(row, customer, ports);
    return { kind: 'unchanged', ...id, kept, notes: [], ...(sentValues === undefined ? {} : { sentValues }) };
  }
  // What a REPLACE would clear shows only in the whole customer.
  if (row.command === 'REPLACE' && known.extent !== 'whole') return { kind: 'unknown' };
  const resolved = resolveWrite(row, customer, ports, known);
  if (isUnsettled(resolved)) return { kind: 'unsettled', ended: endAsUnsettled(row, customer, resolved, mapper) };
  const { draft, undecided, kept, conflicts, sentValues } = resolved;
  const shown = Object.fromEntries(Object.entries(draft).filter(([field]) => knows(field)));
  const changes = findChanges(customer, shown);
  const isComplete = undecided.length === 0 && Object.keys(shown).length === Object.keys(draft).length;
  if (changes.length > 0)
    return {
      ...{ kind: 'changed', changes, isComplete, kept, conflicts },
      ...(edited === undefined ? {} : { edited }),
    };
  if (!isComplete) return { kind: 'unknown' };
  const notes = describeKept(resolved, mapper);
  return { kind: 'unchanged', ...id, kept, notes, ...(sentValues === undefined ? {} : { sentValues }) };
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
  /** Whether it makes this customer, who is in no row, inactive. */
  plansDeactivation(customerCode: string): boolean;
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
