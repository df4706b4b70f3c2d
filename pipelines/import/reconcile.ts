import { contentHash, editableContent, findChanges, mergeDraft, readField } from '#pipelines/compare-customers.js';
import type { Customer, RowOutcome } from '#pipelines/model.js';
import type { LedgerRow } from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import { describeReadBack, readBack } from './compare-written.js';
import { decisionBasis, decisionSubject } from './decisions.js';
import { type AddResolution, findCreated } from './find-created.js';
import { isLeaverEntry } from './leavers.js';
import type { RowMapper } from './map.js';
import { isAnsweredWrongly, type ReadAccountPorts, readAccount } from './read-account.js';
import { withNotes } from './send.js';
import { findReadyMs } from './settle-time.js';

export interface ReconcilePorts extends ReadAccountPorts {
  readonly control: RunControl;
  readonly sleep: (delayMs: number, stopping: AbortSignal) => Promise<void>;
  /** Some rows can be settled only then; called before waiting. Epoch milliseconds, our clock. */
  readonly waiting?: (rows: number, untilMs: number) => void;
}

/** Tells which columns of the input a field comes from, and of which country telephone numbers are. */
export type VerifyingMapper = Pick<RowMapper, 'findColumns'> & Partial<Pick<RowMapper, 'country'>>;

export interface ReconcileOptions {
  /** Name of the run, for messages. */
  readonly run: string;
  /** How long after the last request in doubt a customer that cannot be found counts as never created: this long at least. */
  readonly settleMs: number;
  /** How long to wait until rows can be settled; those that take longer stay in doubt. */
  readonly patienceMs: number;
  /** The field that carries a row's key. */
  readonly stamp?: string;
  /** A person has checked: what is still unclear about these rows (line or row numbers) counts as never created. */
  readonly absent: 'all' | ReadonlySet<number>;
  /** Given when written customers are compared with what was sent, also where the answer was lost. */
  readonly verify?: VerifyingMapper;
}

export interface Reconciled {
  /** Rows whose customer or change was found. */
  readonly adopted: number;
  /** Rows proved to have had no effect. */
  readonly absent: number;
  /** Rows that stay in doubt, with the customers that they could be. */
  readonly unclear: readonly UnclearRow[];
}

export interface UnclearRow {
  /** Line or row number in the file. */
  readonly row: number;
  /** Customers that it could have created. */
  readonly candidates: readonly string[];
  /** When it can be settled at the earliest, where it was too early; ISO 8601. */
  readonly from?: string;
}

/**
 * Settles the rows in doubt of a run: all adds by one reading of what has changed since the first of them, each update or
 * delete by a GET of its customer. What is found is settled at once; what is not found counts as never made when the time
 * for that has come and the list is proved to be able to show it.
 */
export async function reconcile(ports: ReconcilePorts, options: ReconcileOptions): Promise<Reconciled> {
  const { ledger, control, now } = ports;
  const firstLookMs = now();
  let open: readonly DoubtfulRow[] = ledger
    .rowsInDoubt()
    .map((row) => ({ row, readyMs: findReadyMs(row, firstLookMs, options.settleMs) }));
  let [adopted, absent] = [0, 0];
  const unclear: UnclearRow[] = [];
  while (open.length > 0) {
    const lookMs = now();
    const resolutions = await resolveRows(open, ports, options.stamp);
    const waitsUntilMs = Math.max(
      ...open.map(({ readyMs }) => readyMs).filter((ms) => ms <= firstLookMs + options.patienceMs),
    );
    const again: DoubtfulRow[] = [];
    for (const doubtful of open) {
      const { row, readyMs } = doubtful;
      const resolution = resolutions.get(row.index) ?? { kind: 'unclear', candidates: [] };
      const isEarly = readyMs > lookMs;
      const isSettled = isFound(resolution) || !isEarly || isToldAbsent(row, options);
      if (!isSettled && readyMs <= waitsUntilMs) {
        again.push(doubtful);
        continue;
      }
      const outcome = await conclude(row, resolution, isEarly ? readyMs : undefined);
      if (outcome.status === 'in_doubt') unclear.push(describeRow(row, resolution, isEarly ? readyMs : undefined));
      else if (outcome.status === 'failed') absent += 1;
      else adopted += 1;
    }
    if (again.length > 0) {
      ports.waiting?.(again.length, waitsUntilMs);
      await ports.sleep(Math.max(0, waitsUntilMs - now()), control.stopping);
    }
    open = again;
  }
  return { adopted, absent, unclear };

  async function conclude(row: LedgerRow, resolution: Resolution, readyMs: number | undefined): Promise<RowOutcome> {
    const resolved = buildOutcome(row, resolution, options, readyMs);
    const outcome =
      options.verify === undefined ? resolved : await addVerification(resolved, row, ports, options.verify);
    const writtenHash = resolution.kind === 'changed' ? resolution.writtenHash : undefined;
    if (outcome.status === 'failed' && resolution.kind === 'unclear')
      rememberChecked(row, resolution.candidates, ports);
    await ledger.settle([
      { ...buildDoubtSettlement(row, outcome), ...(writtenHash === undefined ? {} : { writtenHash }) },
    ]);
    control.correct(outcome.status, row.state === 'in_doubt' ? 'in_doubt' : undefined);
    return outcome;
  }
}

interface DoubtfulRow {
  readonly row: LedgerRow;
  /** Before this moment, that nothing is found says nothing. Epoch milliseconds, our clock. */
  readonly readyMs: number;
}

type Resolution =
  | AddResolution
  /** Nothing like it was found, and the list is not proved to be able to show it. */
  | { readonly kind: 'unproved'; readonly isBlind: boolean }
  | { readonly kind: 'changed'; readonly outcome: RowOutcome; readonly writtenHash?: string };

function isFound({ kind }: Resolution): boolean {
  return kind === 'created' || kind === 'changed';
}

function isToldAbsent(row: LedgerRow, { absent }: ReconcileOptions): boolean {
  return absent === 'all' || absent.has(row.number);
}

function describeRow(row: LedgerRow, resolution: Resolution, readyMs: number | undefined): UnclearRow {
  const from = readyMs === undefined ? {} : { from: new Date(readyMs).toISOString() };
  return { row: row.number, candidates: listCandidates(resolution), ...from };
}

function listCandidates(resolution: Resolution): readonly string[] {
  return resolution.kind === 'unclear' ? resolution.candidates.map(({ customerCode }) => String(customerCode)) : [];
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

async function resolveRows(
  open: readonly DoubtfulRow[],
  ports: ReconcilePorts,
  stamp: string | undefined,
): Promise<ReadonlyMap<number, Resolution>> {
  const rows = open.map(({ row }) => row);
  const adds = rows.filter((row) => row.customerCode === undefined);
  return new Map([
    ...(adds.length === 0 ? [] : await resolveAdds(adds, ports, stamp)),
    ...(await resolveChanges(rows, ports)),
  ]);
}

async function resolveAdds(
  adds: readonly LedgerRow[],
  ports: ReconcilePorts,
  stamp: string | undefined,
): Promise<ReadonlyMap<number, Resolution>> {
  const reading = await readAccount(adds, ports);
  const found = await findCreated(adds, reading.candidates, ports.api, stamp);
  const resolutions = new Map<number, Resolution>(found);
  // Where the API gave wrong codes, it may have given the code of this row's customer to another row.
  for (const row of adds.filter(isAnsweredWrongly)) {
    const equal = reading.taken.filter((customer) => findChanges(customer, row.payload ?? {}).length === 0);
    if (resolutions.get(row.index)?.kind === 'absent' && equal.length > 0)
      resolutions.set(row.index, { kind: 'unclear', candidates: equal });
  }
  const foundRows = adds.filter((row) => found.get(row.index)?.kind === 'created');
  // A list that is not proved to show everybody can show that a customer exists, never that it does not.
  for (const row of adds)
    if (resolutions.get(row.index)?.kind === 'absent' && !reading.proves(row, foundRows))
      resolutions.set(row.index, { kind: 'unproved', isBlind: reading.isBlind });
  return resolutions;
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
  { api, control }: ReconcilePorts,
  mapper: VerifyingMapper,
): Promise<RowOutcome> {
  if (payload === undefined || (outcome.status !== 'created' && outcome.status !== 'updated')) return outcome;
  const read = await readBack(api, outcome.customerCode, payload, payload, mapper.country);
  if (read.customer !== undefined) control.noteCompared();
  return { ...outcome, ...withNotes(describeReadBack(read, mapper)) };
}

function buildOutcome(
  row: LedgerRow,
  resolution: Resolution,
  options: ReconcileOptions,
  /** Given where it is too early to say that nothing was found. */
  readyMs: number | undefined,
): RowOutcome {
  if (resolution.kind === 'changed') return resolution.outcome;
  const attempts = countAttempts(row);
  const about = row.customerCode === undefined ? {} : { customerCode: row.customerCode };
  if (resolution.kind === 'created') {
    const { customerCode, customerId } = resolution.customer;
    const id = typeof customerId === 'string' ? { customerId } : {};
    return { status: 'created', customerCode: String(customerCode), ...id, attempts };
  }
  if (resolution.kind === 'absent' && readyMs === undefined)
    return {
      status: 'failed',
      errorCode: 'PROVED_ABSENT',
      message: 'The request was lost and had no effect. It can be sent again.',
      attempts,
      ...about,
    };
  if (isToldAbsent(row, options))
    return {
      status: 'failed',
      errorCode: 'ASSUMED_ABSENT',
      message: 'You said that it did not arrive. It can be sent again.',
      attempts,
      ...about,
    };
  if (resolution.kind === 'unclear')
    return {
      status: 'in_doubt',
      errorCode: 'UNCLEAR',
      message: describeUnclear(row, listCandidates(resolution), options.run),
      attempts,
      ...about,
    };
  const isBlind = resolution.kind === 'unproved' && resolution.isBlind;
  return describeOpen(row, { run: options.run, readyMs, isBlind }, { attempts, ...about });
}

/** Nothing was found, and that proves nothing yet. The reason of the doubt is kept: it says how late the server may be. */
function describeOpen(
  row: LedgerRow,
  { run, readyMs, isBlind }: { readonly run: string; readonly readyMs: number | undefined; readonly isBlind: boolean },
  base: { readonly attempts: number },
): RowOutcome {
  const kept = row.outcome?.status === 'in_doubt' ? row.outcome : undefined;
  const checked = `If you have checked that it is not there: mypos-customers reconcile ${run} --absent ${row.number}, then: mypos-customers resume ${run}`;
  const message = isBlind
    ? `Sent, but no answer arrived, and the list of customers is incomplete, or lacks customers that must be in it. Check the permission to read customers. Then: mypos-customers reconcile ${run}`
    : readyMs === undefined
      ? `Sent, but no answer arrived. No customer like it is listed, but neither is anybody who was added or edited since, so the list may be behind. The next import or resume looks again. ${checked}`
      : `Sent, but no answer arrived, and the server may still be at work on it. It can be settled from ${new Date(readyMs).toISOString()} on: mypos-customers resume ${run}`;
  const { errorCode = 'ABSENCE_NOT_PROVED', httpStatus } = kept ?? {};
  return { status: 'in_doubt', errorCode, message, ...(httpStatus === undefined ? {} : { httpStatus }), ...base };
}

function describeUnclear(row: LedgerRow, candidates: readonly string[], run: string): string {
  const sendAgain = `mypos-customers reconcile ${run} --absent ${row.number}, then: mypos-customers resume ${run}`;
  if (row.customerCode !== undefined && candidates.length === 0)
    return `Sent, but the customer ${row.customerCode} cannot be read now. To look again: mypos-customers reconcile ${run}`;
  if (row.customerCode !== undefined)
    return `Sent, but the customer ${row.customerCode} now has neither its old values nor those of the row: somebody else may have changed it. Check it. To write the row again: ${sendAgain}`;
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
