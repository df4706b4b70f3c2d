import { contentHash, editableContent, findChanges, mergeDraft, readField } from '#pipelines/compare-customers.js';
import { parseApiTime } from '#pipelines/listing/customer-identity.js';
import { listCustomers } from '#pipelines/listing/list-customers.js';
import type { Customer, RowOutcome } from '#pipelines/model.js';
import type { CustomersApi, LedgerRow, RunLedger } from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import { decisionBasis, decisionSubject } from './decisions.js';
import { type AddResolution, findCreated } from './find-created.js';
import { isLeaverEntry } from './leavers.js';
import { type ColumnLookup, verifyWritten, withNotes } from './send.js';

export interface ReconcilePorts {
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly control: RunControl;
  readonly now: () => number;
  readonly sleep: (delayMs: number, stopping: AbortSignal) => Promise<void>;
  /** The server's clock minus ours, in milliseconds; `undefined` while unknown. */
  readonly clockDifferenceMs: () => number | undefined;
}

export interface ReconcileOptions {
  /** Name of the run, for messages. */
  readonly run: string;
  /** How long after the last request in doubt a customer that cannot be found counts as never created. */
  readonly settleMs: number;
  /** The field that carries a row's key. */
  readonly stamp?: string;
  /** A person has checked: what is still unclear counts as never created. */
  readonly assumeAbsent: boolean;
  /** Given when written customers are compared with what was sent, also where the answer was lost. */
  readonly verify?: ColumnLookup;
}

export interface Reconciled {
  /** Rows whose customer or change was found. */
  readonly adopted: number;
  /** Rows proved to have had no effect. */
  readonly absent: number;
  /** Rows that stay in doubt, with the customers that they could be. */
  readonly unclear: readonly { readonly row: number; readonly candidates: readonly string[] }[];
}

/** A request waits for its turn no longer than this: pauses of more than 15 minutes end the run. */
const maxTurnWaitMs = 20 * 60_000;
/** Our clock, the server's clock and its filter, which knows whole minutes, may differ by this much. */
const clockMarginMs = 2 * 60_000;
const pageSize = 1000;

/**
 * Settles the rows in doubt of a run: all adds by one list of what has changed since the first request in doubt, each
 * update or delete by a GET of its customer.
 */
export async function reconcile(ports: ReconcilePorts, options: ReconcileOptions): Promise<Reconciled> {
  const { ledger, control } = ports;
  const rows = ledger.rowsInDoubt();
  if (rows.length === 0) return { adopted: 0, absent: 0, unclear: [] };
  await waitToSettle(rows, ports, options.settleMs);
  const adds = rows.filter((row) => row.customerCode === undefined);
  const resolutions = new Map([
    ...(adds.length === 0 ? [] : await resolveAdds(adds, ports, options.stamp)),
    ...(await resolveChanges(rows, ports)),
  ]);
  let [adopted, absent] = [0, 0];
  const unclear: Reconciled['unclear'][number][] = [];
  for (const row of rows) {
    const resolution = resolutions.get(row.index) ?? { kind: 'unclear', candidates: [] };
    const candidates =
      resolution.kind === 'unclear' ? resolution.candidates.map(({ customerCode }) => String(customerCode)) : [];
    const resolved = buildOutcome(row, resolution, candidates, options);
    const outcome =
      options.verify === undefined ? resolved : await addVerification(resolved, row, ports.api, options.verify);
    if (outcome.status === 'in_doubt') unclear.push({ row: row.number, candidates });
    else if (outcome.status === 'failed') absent += 1;
    else adopted += 1;
    const writtenHash = resolution.kind === 'changed' ? resolution.writtenHash : undefined;
    if (options.assumeAbsent && resolution.kind === 'unclear') rememberChecked(row, resolution.candidates, ports);
    await ledger.settle([
      { ...buildDoubtSettlement(row, outcome), ...(writtenHash === undefined ? {} : { writtenHash }) },
    ]);
    control.correct(outcome.status, row.state === 'in_doubt' ? 'in_doubt' : undefined);
  }
  return { adopted, absent, unclear };
}

/** A person has looked at the candidates of an add: when it is sent again, none of them is a reason to ask once more. */
function rememberChecked(row: LedgerRow, candidates: readonly Customer[], { ledger, now }: ReconcilePorts): void {
  if (row.customerCode !== undefined || candidates.length === 0) return;
  const { key, payload: draft = {} } = row;
  ledger.decisions.save(
    candidates.map((customer) => ({
      subject: decisionSubject({ key, draft }),
      customerCode: String(customer.customerCode),
      decision: 'new',
      rowBasis: decisionBasis(draft),
      customerBasis: decisionBasis(customer),
      decidedAtMs: now(),
    })),
  );
}

/**
 * The time counts from when the request was given up: a server that hung may have worked on it until then. When the
 * process was killed, it is not known when the request left, only that its intent was written before it waited for the
 * rate limit.
 */
async function waitToSettle(rows: readonly LedgerRow[], ports: ReconcilePorts, settleMs: number): Promise<void> {
  const now = ports.now();
  const last = Math.max(...rows.map((row) => row.doubtAtMs ?? Math.min(now, (row.intentAtMs ?? 0) + maxTurnWaitMs)));
  const left = last + settleMs - now;
  if (left > 0) await ports.sleep(Math.min(left, settleMs), ports.control.stopping);
}

type Resolution =
  | AddResolution
  | { readonly kind: 'changed'; readonly outcome: RowOutcome; readonly writtenHash?: string };

async function resolveAdds(
  adds: readonly LedgerRow[],
  ports: ReconcilePorts,
  stamp: string | undefined,
): Promise<ReadonlyMap<number, AddResolution>> {
  const { api, ledger } = ports;
  const clock = await findClockDifference(ports);
  const since =
    Math.min(...adds.map((row) => (row.intentAtMs ?? 0) + (row.clockDifferenceMs ?? clock))) - clockMarginMs;
  const created: Customer[] = [];
  const witnesses = new Set(ledger.codesCreatedSince(Math.min(...adds.map((row) => row.intentAtMs ?? 0))));
  const expected = witnesses.size;
  const isInFuture = since > ports.now() + clock;
  const listing = listCustomers(api, { pageSize, changedSince: new Date(since) });
  for await (const page of listing.pages)
    for (const customer of page) {
      const code = String(customer.customerCode);
      witnesses.delete(code);
      if (!isCreatedBefore(customer, since) && !ledger.isKnownCode(code)) created.push(customer);
    }
  const { reachedEnd, seen } = listing.proof();
  const resolutions = await findCreated(adds, created, api, stamp);
  const showsNothing = expected > 0 ? witnesses.size === expected : seen === 0 && (await isListUnreadable(ports));
  if (reachedEnd && !isInFuture && !showsNothing) return resolutions;
  // A list that is incomplete, or does not show customers that are known to exist, can prove that a customer exists,
  // never that it does not.
  return new Map([...resolutions].filter(([, resolution]) => resolution.kind !== 'absent'));
}

/** An empty list usually means a missing right, not that there are no customers [vendor]. */
async function isListUnreadable({ api, ledger }: ReconcilePorts): Promise<boolean> {
  if (!ledger.hasCustomers()) return false;
  return (await api.list({ page: 1, pageSize: 1 })).customers.length === 0;
}

/** Asks the server for its time when it is not known yet: an empty page is the cheapest answer with a `Date`. */
async function findClockDifference(ports: ReconcilePorts): Promise<number> {
  if (ports.clockDifferenceMs() === undefined) await ports.api.list({ page: 1, pageSize: 1, fields: ['customerCode'] });
  return ports.clockDifferenceMs() ?? 0;
}

/** Whether a customer that was edited since was created before. One without a creation date may be new. */
function isCreatedBefore(customer: Customer, sinceMs: number): boolean {
  const text = readField(customer, 'creationDateUTC');
  const at = typeof text === 'string' ? parseApiTime(text) : Number.NaN;
  return at < sinceMs;
}

async function resolveChanges(
  rows: readonly LedgerRow[],
  ports: ReconcilePorts,
): Promise<ReadonlyMap<number, Resolution>> {
  const resolutions = new Map<number, Resolution>();
  for (const row of rows) {
    const code = row.customerCode;
    if (code === undefined) continue;
    const answer = await ports.api.get(code);
    if (answer.kind === 'unanswered') continue;
    const customer = answer.kind === 'found' ? answer.customer : undefined;
    resolutions.set(
      row.index,
      row.preImage === undefined ? resolveDelete(row, code, customer) : resolveUpdate(row, code, customer),
    );
  }
  return resolutions;
}

/** A customer that still exists may have been inactive before: only another delete can tell, and it does no harm. */
function resolveDelete(row: LedgerRow, customerCode: string, customer: Customer | undefined): Resolution {
  if (customer !== undefined) return { kind: 'absent' };
  return { kind: 'changed', outcome: { status: 'deleted', customerCode, attempts: countAttempts(row) } };
}

function resolveUpdate(row: LedgerRow, customerCode: string, customer: Customer | undefined): Resolution {
  if (customer === undefined) return { kind: 'unclear', candidates: [] };
  const { payload = {}, preImage = {} } = row;
  if (findChanges(customer, payload).length === 0) {
    const customerId = readField(customer, 'customerId');
    const identity = { customerCode, ...(typeof customerId === 'string' ? { customerId } : {}) };
    // Of the customer as it was written, so that an undo sees whether it was edited since.
    const writtenHash = contentHash(editableContent({ ...mergeDraft(preImage, payload), ...identity }));
    const status = isLeaverEntry(row.payloadHash) ? 'deactivated' : 'updated';
    return { kind: 'changed', outcome: { status, attempts: countAttempts(row), ...identity }, writtenHash };
  }
  // The fields that were to change are all as before: the update never arrived.
  const isAsBefore = Object.keys(payload).every(
    (field) => findChanges(customer, { [field]: readField(preImage, field) ?? null }).length === 0,
  );
  return isAsBefore ? { kind: 'absent' } : { kind: 'unclear', candidates: [customer] };
}

async function addVerification(
  outcome: RowOutcome,
  { payload }: LedgerRow,
  api: CustomersApi,
  columns: ColumnLookup,
): Promise<RowOutcome> {
  if (payload === undefined || (outcome.status !== 'created' && outcome.status !== 'updated')) return outcome;
  return { ...outcome, ...withNotes(await verifyWritten(api, outcome.customerCode, payload, columns)) };
}

function buildOutcome(
  row: LedgerRow,
  resolution: Resolution,
  candidates: readonly string[],
  { run, assumeAbsent }: ReconcileOptions,
): RowOutcome {
  if (resolution.kind === 'changed') return resolution.outcome;
  const attempts = countAttempts(row);
  const about = row.customerCode === undefined ? {} : { customerCode: row.customerCode };
  if (resolution.kind === 'created') {
    const { customerCode, customerId } = resolution.customer;
    const id = typeof customerId === 'string' ? { customerId } : {};
    return { status: 'created', customerCode: String(customerCode), ...id, attempts };
  }
  if (resolution.kind === 'absent')
    return {
      status: 'failed',
      errorCode: 'PROVED_ABSENT',
      message: 'The request was lost and had no effect. It can be sent again.',
      attempts,
      ...about,
    };
  if (assumeAbsent)
    return {
      status: 'failed',
      errorCode: 'ASSUMED_ABSENT',
      message: 'Assumed to be lost (--assume-absent). It can be sent again.',
      attempts,
      ...about,
    };
  return {
    status: 'in_doubt',
    errorCode: 'UNCLEAR',
    message: describeUnclear(row, candidates, run),
    attempts,
    ...about,
  };
}

function describeUnclear(row: LedgerRow, candidates: readonly string[], run: string): string {
  const sendAgain = `mypos-customers reconcile ${run} --assume-absent --yes, then: mypos-customers resume ${run}`;
  if (row.customerCode !== undefined)
    return `Sent, but the customer ${row.customerCode} now has neither its old values nor those of the row: somebody else may have changed it. Check it. To write the row again: ${sendAgain}`;
  if (candidates.length === 0)
    return `Sent, but the list of customers is incomplete, or lacks customers that must be in it. Check the permission to read customers. Then: mypos-customers reconcile ${run}`;
  return `Sent, and the result may be one of these customers: ${candidates.join(', ')}. Check them. If it is none of them: ${sendAgain}`;
}

function countAttempts(row: LedgerRow): number {
  return row.state === 'in_doubt' ? (row.outcome?.attempts ?? 1) : 1;
}

function buildDoubtSettlement(row: LedgerRow, outcome: RowOutcome) {
  return {
    index: row.index,
    number: row.number,
    outcome,
    ...(row.key === undefined ? {} : { key: row.key }),
    ...(row.payloadHash === undefined ? {} : { payloadHash: row.payloadHash }),
    ...(row.sentValues === undefined ? {} : { sentValues: row.sentValues }),
  };
}
