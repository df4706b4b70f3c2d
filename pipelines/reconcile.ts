import { changesOf, fieldOf } from './compare-customers.js';
import type { Customer } from './customer.js';
import type { RowOutcome } from './outcome.js';
import type { CustomersApi, LedgerRow, RunLedger } from './ports.js';
import type { RunControl } from './run-control.js';
import { type Finding, findCreated } from './stages/find-created.js';
import { type PagesProof, readPages } from './stages/read-pages.js';

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
}

export interface Reconciled {
  /** Rows whose customer was found, or whose change was seen to be there. */
  readonly adopted: number;
  /** Rows proved to have had no effect. */
  readonly absent: number;
  /** Rows that stay in doubt, with the customers that they could be. */
  readonly unclear: readonly { readonly row: number; readonly candidates: readonly string[] }[];
}

/** Our clocks, the server's seconds and its minute-wide filter may disagree by this much. */
const clockMarginMs = 2 * 60_000;
const pageSize = 1000;

/**
 * Settles the rows in doubt of a run: one sweep over what has changed since the first doubtful request for all adds,
 * one look at the customer for each update or delete.
 */
export async function reconcile(ports: ReconcilePorts, options: ReconcileOptions): Promise<Reconciled> {
  const { ledger, control } = ports;
  const rows = ledger.doubtful();
  if (rows.length === 0) return { adopted: 0, absent: 0, unclear: [] };
  await waitToSettle(rows, ports, options.settleMs);
  const adds = rows.filter((row) => row.customerCode === undefined);
  const findings = new Map([
    ...(adds.length === 0 ? [] : await lookForAdds(adds, ports, options.stamp)),
    ...(await lookAtChanges(rows, ports)),
  ]);
  let [adopted, absent] = [0, 0];
  const unclear: Reconciled['unclear'][number][] = [];
  for (const row of rows) {
    const finding = findings.get(row.index) ?? { kind: 'unclear', candidates: [] };
    const candidates = finding.kind === 'unclear' ? finding.candidates.map((one) => String(one.customerCode)) : [];
    const outcome = outcomeOf(row, finding, candidates, options.assumeAbsent);
    if (outcome.status === 'in_doubt') unclear.push({ row: row.number, candidates });
    else if (outcome.status === 'failed') absent += 1;
    else adopted += 1;
    await ledger.settle([settlementOf(row, outcome)]);
    if (row.state === 'in_doubt') control.count(outcome.status, 'in_doubt');
    else control.count(outcome.status);
  }
  return { adopted, absent, unclear };
}

async function waitToSettle(rows: readonly LedgerRow[], ports: ReconcilePorts, settleMs: number): Promise<void> {
  const last = Math.max(...rows.map((row) => row.intentAtMs ?? 0));
  const left = last + settleMs - ports.now();
  if (left > 0) await ports.sleep(Math.min(left, settleMs), ports.control.stopping);
}

type Found = Finding | { readonly kind: 'changed'; readonly outcome: RowOutcome };

async function lookForAdds(
  adds: readonly LedgerRow[],
  ports: ReconcilePorts,
  stamp: string | undefined,
): Promise<ReadonlyMap<number, Finding>> {
  const { api, ledger } = ports;
  const first = Math.min(...adds.map((row) => row.intentAtMs ?? 0));
  const since = first + (await clockDifference(ports)) - clockMarginMs;
  const made: Customer[] = [];
  const pages = readPages(api, { pageSize, changedSince: new Date(since) });
  let proof: PagesProof | undefined;
  while (proof === undefined) {
    const step = await pages.next();
    if (step.done === true) proof = step.value;
    else
      made.push(
        ...step.value.filter((one) => !madeBefore(one, since) && !ledger.isKnownCode(String(one.customerCode))),
      );
  }
  const findings = await findCreated(adds, made, api, stamp);
  if (proof.complete) return findings;
  // A list that could not be read whole proves that a customer is there, never that it is not.
  return new Map([...findings].filter(([, finding]) => finding.kind !== 'absent'));
}

/** Asks the server for its time when nobody has yet: an empty page is the cheapest answer with a `Date`. */
async function clockDifference(ports: ReconcilePorts): Promise<number> {
  if (ports.clockDifferenceMs() === undefined) await ports.api.list({ page: 1, pageSize: 1, fields: ['customerCode'] });
  return ports.clockDifferenceMs() ?? 0;
}

/** Edited since, but made before: nobody's add of now. Without a date of making it stays possible. */
function madeBefore(customer: Customer, sinceMs: number): boolean {
  const text = fieldOf(customer, 'creationDateUTC');
  const at = typeof text === 'string' ? Date.parse(`${text}Z`) : Number.NaN;
  return at < sinceMs;
}

async function lookAtChanges(rows: readonly LedgerRow[], ports: ReconcilePorts): Promise<ReadonlyMap<number, Found>> {
  const findings = new Map<number, Found>();
  for (const row of rows) {
    const code = row.customerCode;
    if (code === undefined) continue;
    const answer = await ports.api.get(code);
    if (answer.kind === 'unanswered') continue;
    const customer = answer.kind === 'found' ? answer.customer : undefined;
    findings.set(row.index, row.preImage === undefined ? deleted(row, code, customer) : updated(row, code, customer));
  }
  return findings;
}

function deleted(row: LedgerRow, customerCode: string, customer: Customer | undefined): Found {
  const attempts = attemptsOf(row);
  if (customer === undefined) return { kind: 'changed', outcome: { status: 'deleted', customerCode, attempts } };
  if (fieldOf(customer, 'active') === false)
    return { kind: 'changed', outcome: { status: 'deactivated', customerCode, attempts } };
  return { kind: 'absent' };
}

function updated(row: LedgerRow, customerCode: string, customer: Customer | undefined): Found {
  if (customer === undefined) return { kind: 'unclear', candidates: [] };
  const { payload = {}, preImage = {} } = row;
  if (changesOf(customer, payload).length === 0) {
    const customerId = fieldOf(customer, 'customerId');
    const identity = { customerCode, ...(typeof customerId === 'string' ? { customerId } : {}) };
    return { kind: 'changed', outcome: { status: 'updated', attempts: attemptsOf(row), ...identity } };
  }
  // The fields that were to change are all as before: the update never arrived.
  const asBefore = Object.keys(payload).every(
    (field) => changesOf(customer, { [field]: fieldOf(preImage, field) ?? null }).length === 0,
  );
  return asBefore ? { kind: 'absent' } : { kind: 'unclear', candidates: [customer] };
}

function outcomeOf(row: LedgerRow, finding: Found, candidates: readonly string[], assumeAbsent: boolean): RowOutcome {
  if (finding.kind === 'changed') return finding.outcome;
  const attempts = attemptsOf(row);
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
    return 'Sent, and the customer is now neither as before nor as it should be: somebody else may have changed it. Look at it and import the row again with --mode update.';
  if (candidates.length === 0) return 'Sent, and the customers could not be read completely. Reconcile again later.';
  return `Sent, and it may be one of these customers: ${candidates.join(', ')}. Look at them; if it is none of them: mypos-customers reconcile --assume-absent --yes`;
}

function attemptsOf(row: LedgerRow): number {
  return row.outcome?.attempts ?? 1;
}

function settlementOf(row: LedgerRow, outcome: RowOutcome) {
  return {
    index: row.index,
    number: row.number,
    outcome,
    ...(row.key === undefined ? {} : { key: row.key }),
    ...(row.payloadHash === undefined ? {} : { payloadHash: row.payloadHash }),
  };
}
