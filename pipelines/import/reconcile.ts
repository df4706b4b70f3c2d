import { editableContent, findChanges, mergeDraft, readField } from '#pipelines/compare-customers.js';
import { parseApiTime } from '#pipelines/listing/customer-identity.js';
import { listCustomers } from '#pipelines/listing/list-customers.js';
import type { Customer, RowOutcome } from '#pipelines/model.js';
import type { CustomersApi, LedgerRow, RunLedger } from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import { type AddResolution, findCreated } from './find-created.js';
import { contentHash } from './import-row.js';
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
  /** How long after the last doubtful request a customer that cannot be found counts as never made. */
  readonly settleMs: number;
  /** The field that carries a row's key. */
  readonly stamp?: string;
  /** A person has looked: what is still unclear counts as never made. */
  readonly assumeAbsent: boolean;
  /** Set when what was written is to be compared with what was sent, also where the answer was lost. */
  readonly verify?: ColumnLookup;
}

export interface Reconciled {
  /** Rows whose customer was found, or whose change was seen to be there. */
  readonly adopted: number;
  /** Rows proved to have had no effect. */
  readonly absent: number;
  /** Rows that stay in doubt, with the customers that they could be. */
  readonly unclear: readonly { readonly row: number; readonly candidates: readonly string[] }[];
}

/** A request waits for its turn no longer than this: pauses of more than 15 minutes end the run. */
const maxTurnWaitMs = 20 * 60_000;
/** Our clocks, the server's seconds and its minute-wide filter may disagree by this much. */
const clockMarginMs = 2 * 60_000;
const pageSize = 1000;

/**
 * Settles the rows in doubt of a run: one sweep over what has changed since the first doubtful request for all adds,
 * one look at the customer for each update or delete.
 */
export async function reconcile(ports: ReconcilePorts, options: ReconcileOptions): Promise<Reconciled> {
  const { ledger, control } = ports;
  const rows = ledger.rowsInDoubt();
  if (rows.length === 0) return { adopted: 0, absent: 0, unclear: [] };
  await waitToSettle(rows, ports, options.settleMs);
  const adds = rows.filter((row) => row.customerCode === undefined);
  const findings = new Map([
    ...(adds.length === 0 ? [] : await resolveAdds(adds, ports, options.stamp)),
    ...(await resolveChanges(rows, ports)),
  ]);
  let [adopted, absent] = [0, 0];
  const unclear: Reconciled['unclear'][number][] = [];
  for (const row of rows) {
    const finding = findings.get(row.index) ?? { kind: 'unclear', candidates: [] };
    const candidates = finding.kind === 'unclear' ? finding.candidates.map((one) => String(one.customerCode)) : [];
    const judged = buildOutcome(row, finding, candidates, options.assumeAbsent);
    const outcome =
      options.verify === undefined ? judged : await addVerification(judged, row, ports.api, options.verify);
    if (outcome.status === 'in_doubt') unclear.push({ row: row.number, candidates });
    else if (outcome.status === 'failed') absent += 1;
    else adopted += 1;
    const writtenHash = finding.kind === 'changed' ? finding.writtenHash : undefined;
    await ledger.settle([{ ...buildSettlement(row, outcome), ...(writtenHash === undefined ? {} : { writtenHash }) }]);
    control.correct(outcome.status, row.state === 'in_doubt' ? 'in_doubt' : undefined);
  }
  return { adopted, absent, unclear };
}

/**
 * Counted from when the answer was given up: a server that hung may have gone on working until then. Of a row whose
 * process was killed nobody knows when its request left, only that its intent was written before it waited for its turn.
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
  const clock = await clockDifference(ports);
  const since =
    Math.min(...adds.map((row) => (row.intentAtMs ?? 0) + (row.clockDifferenceMs ?? clock))) - clockMarginMs;
  const made: Customer[] = [];
  const witnesses = new Set(ledger.codesCreatedSince(Math.min(...adds.map((row) => row.intentAtMs ?? 0))));
  const [expected, before] = [witnesses.size, since > ports.now() + clock];
  const listing = listCustomers(api, { pageSize, changedSince: new Date(since) });
  for await (const page of listing.pages)
    for (const customer of page) {
      const code = String(customer.customerCode);
      witnesses.delete(code);
      if (!isCreatedBefore(customer, since) && !ledger.isKnownCode(code)) made.push(customer);
    }
  const { reachedEnd, seen } = listing.proof();
  const findings = await findCreated(adds, made, api, stamp);
  const blind = before || (expected > 0 ? witnesses.size === expected : seen === 0 && (await listsNobody(ports)));
  if (reachedEnd && !blind) return findings;
  // A list that is not whole, or does not show what is known to be there, proves that a customer is there, never that
  // it is not.
  return new Map([...findings].filter(([, finding]) => finding.kind !== 'absent'));
}

/** An empty list usually means a missing right, not an empty table [vendor]. */
async function listsNobody({ api, ledger }: ReconcilePorts): Promise<boolean> {
  if (!ledger.hasCustomers()) return false;
  return (await api.list({ page: 1, pageSize: 1 })).customers.length === 0;
}

/** Asks the server for its time when nobody has yet: an empty page is the cheapest answer with a `Date`. */
async function clockDifference(ports: ReconcilePorts): Promise<number> {
  if (ports.clockDifferenceMs() === undefined) await ports.api.list({ page: 1, pageSize: 1, fields: ['customerCode'] });
  return ports.clockDifferenceMs() ?? 0;
}

/** Edited since, but made before: nobody's add of now. Without a date of making it stays possible. */
function isCreatedBefore(customer: Customer, sinceMs: number): boolean {
  const text = readField(customer, 'creationDateUTC');
  const at = typeof text === 'string' ? parseApiTime(text) : Number.NaN;
  return at < sinceMs;
}

async function resolveChanges(
  rows: readonly LedgerRow[],
  ports: ReconcilePorts,
): Promise<ReadonlyMap<number, Resolution>> {
  const findings = new Map<number, Resolution>();
  for (const row of rows) {
    const code = row.customerCode;
    if (code === undefined) continue;
    const answer = await ports.api.get(code);
    if (answer.kind === 'unanswered') continue;
    const customer = answer.kind === 'found' ? answer.customer : undefined;
    findings.set(
      row.index,
      row.preImage === undefined ? resolveDelete(row, code, customer) : resolveUpdate(row, code, customer),
    );
  }
  return findings;
}

/** One that is there may have been inactive before: only another delete tells, and that can do no harm. */
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
    // As it was written, so that an undo sees whether somebody has edited it since.
    const writtenHash = contentHash(editableContent({ ...mergeDraft(preImage, payload), ...identity }));
    return { kind: 'changed', outcome: { status: 'updated', attempts: countAttempts(row), ...identity }, writtenHash };
  }
  // The fields that were to change are all as before: the update never arrived.
  const asBefore = Object.keys(payload).every(
    (field) => findChanges(customer, { [field]: readField(preImage, field) ?? null }).length === 0,
  );
  return asBefore ? { kind: 'absent' } : { kind: 'unclear', candidates: [customer] };
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
  finding: Resolution,
  candidates: readonly string[],
  assumeAbsent: boolean,
): RowOutcome {
  if (finding.kind === 'changed') return finding.outcome;
  const attempts = countAttempts(row);
  const about = row.customerCode === undefined ? {} : { customerCode: row.customerCode };
  if (finding.kind === 'made') {
    const { customerCode, customerId } = finding.customer;
    const id = typeof customerId === 'string' ? { customerId } : {};
    return { status: 'created', customerCode: String(customerCode), ...id, attempts };
  }
  if (finding.kind === 'absent')
    return {
      status: 'failed',
      errorCode: 'PROVED_ABSENT',
      message: 'The request was lost: it had no effect. It can be sent again.',
      attempts,
      ...about,
    };
  if (assumeAbsent)
    return {
      status: 'failed',
      errorCode: 'ASSUMED_ABSENT',
      message: 'Taken for lost by --assume-absent. It can be sent again.',
      attempts,
      ...about,
    };
  return { status: 'in_doubt', errorCode: 'UNCLEAR', message: unclearMessage(row, candidates), attempts, ...about };
}

function unclearMessage(row: LedgerRow, candidates: readonly string[]): string {
  if (row.customerCode !== undefined)
    return `Sent, and the customer ${row.customerCode} is now neither as before nor as it should be: somebody else may have changed it. Look at it; to write the row again: mypos-customers reconcile --assume-absent --yes, then resume.`;
  if (candidates.length === 0)
    return 'Sent, and the list of customers could not be read whole, or does not show what must be there. Check the right to read customers and reconcile again later.';
  return `Sent, and it may be one of these customers: ${candidates.join(', ')}. Look at them; if it is none of them: mypos-customers reconcile --assume-absent --yes, then resume.`;
}

function countAttempts(row: LedgerRow): number {
  return row.state === 'in_doubt' ? (row.outcome?.attempts ?? 1) : 1;
}

function buildSettlement(row: LedgerRow, outcome: RowOutcome) {
  return {
    index: row.index,
    number: row.number,
    outcome,
    ...(row.key === undefined ? {} : { key: row.key }),
    ...(row.payloadHash === undefined ? {} : { payloadHash: row.payloadHash }),
  };
}
