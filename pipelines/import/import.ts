import { takeRows } from '#pipelines/batches.js';
import { forEachConcurrently, KeyedQueue, TaskGroup } from '#pipelines/concurrency.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { Row, RowOutcome, RowStatus } from '#pipelines/model.js';
import type { CustomersApi, RowSource, RunLedger, Settlement, ValidateDraft } from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import { type AgreedPlan, changedSincePlan, rowMatchesPlan } from './decide.js';
import { dedupeRows, type RepeatPolicy, RepeatRegister } from './dedupe.js';
import { deleteCustomer } from './delete.js';
import { type IdentifyOptions, type ImportMode, identifyRow, identifyRows } from './identify.js';
import { type EndedRow, type ImportRow, identityKey, type OpenRow } from './import-row.js';
import { type CheckCells, endDamagedRows, mapBatch, mapRows, type RowMapper } from './map.js';
import { createFieldMatcher } from './match.js';
import { readOpenRanges, skipSettled } from './resume.js';
import { addRow, updateRow, type WritePorts, type WriteResult } from './send.js';

export interface ImportPorts {
  readonly source: RowSource;
  readonly mapper: RowMapper;
  readonly validate: ValidateDraft;
  /** Given when rows with damaged cells are not to be sent. */
  readonly checkCells?: CheckCells;
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly control: RunControl;
  /** Up to date; spares the calls for rows that say nothing new. */
  readonly mirror?: CustomerMirror;
  /** Only what it says is sent. */
  readonly plan?: AgreedPlan;
  readonly now: () => number;
}

export interface ImportOptions {
  readonly mode: ImportMode;
  readonly concurrency: number;
  /** Only so many rows from the top: a pilot. */
  readonly first?: number;
  /** Add customers although this tool has created the same before. */
  readonly force: boolean;
  /** Read every written customer back and compare. */
  readonly verify: boolean;
  readonly repeats: RepeatPolicy;
  /** Fields by which a row with neither a code nor a known key finds its customer. Needs a mirror. */
  readonly matchFields: readonly string[];
  /** Source columns of key and code, for messages. */
  readonly identityColumns: readonly string[];
}

/** Rows read ahead of the wire for each request in flight: enough to never wait for the disk. */
const rowsAheadPerRequest = 50;

/**
 * Runs every row of the source to its end in the ledger; stops early when the control says so.
 *
 * @throws MatchFieldNotListed, before anything is sent
 */
export async function importCustomers(ports: ImportPorts, options: ImportOptions): Promise<void> {
  const { mirror } = ports;
  const { matchFields } = options;
  if (mirror === undefined || matchFields.length === 0) return importRows(ports, options, {});
  const matcher = createFieldMatcher(mirror, matchFields);
  try {
    await importRows(ports, options, { matcher });
  } finally {
    matcher.close();
  }
}

async function importRows(
  ports: ImportPorts,
  options: ImportOptions,
  match: Pick<IdentifyOptions, 'matcher'>,
): Promise<void> {
  const { ledger, control } = ports;
  const register = new RepeatRegister();
  const inOrder = options.repeats === 'in-order';
  const matching = { ...match, ...buildIdentifyOptions(ports, options), skipUnchanged: !inOrder };
  const mapping = { ...ports, matchFields: options.matchFields };
  const mapped = mapRows(unsettledRows(ports, options, register, match.matcher !== undefined), mapping);
  const sound = ports.checkCells === undefined ? mapped : endDamagedRows(mapped, ports.checkCells);
  const single = dedupeRows(sound, register, options.repeats, options.identityColumns);
  // The next request need not wait until the outcome of the last is on disk: a crash leaves that row in doubt, which
  // reconciliation settles. Only a later row for the same customer builds on it.
  const settling = new TaskGroup();
  const works = settleEnded(identifyRows(single, ledger, matching), ledger, control, settling);
  const bounds = {
    concurrency: options.concurrency,
    maxAhead: options.concurrency * rowsAheadPerRequest,
    stopping: control.stopping,
  };
  const queue = new KeyedQueue();
  const send = async (work: OpenRow) => {
    settling.add(settleRow(work, await sendRow(work, ports, options), ledger, control));
  };
  const sendInOrder = (work: OpenRow) =>
    queue.add(identityKey(work), async () => {
      const earlier = findEarlierOpen(work, register);
      // A row for the same customer may have gone before this one, and may have been the one to create it.
      const now = identifyRow(work, ledger, { ...matching, skipUnchanged: true });
      const end = earlier === undefined ? await sendRow(now, ports, options) : { outcome: waitForRow(earlier) };
      markOpen(work, end.outcome.status, register);
      await settleRow(work, end, ledger, control);
    });
  try {
    await forEachConcurrently(works, bounds, inOrder ? sendInOrder : send);
  } finally {
    await settling.join();
  }
}

function unsettledRows(
  { source, ledger, control, ...ports }: ImportPorts,
  { first, matchFields }: ImportOptions,
  register: RepeatRegister,
  areMatched: boolean,
): AsyncIterable<readonly Row[]> {
  const map = (batch: readonly Row[]) => mapBatch(batch, { ...ports, matchFields });
  if (source.rowRanges !== undefined && first === undefined && !areMatched)
    return readOpenRanges(source.rowRanges, { ledger, control, register, map });
  // A settled row that was found by its fields must be known by them again, or its repeat would pass for the first.
  const identitiesIn = async (batch: readonly Row[]) => (areMatched ? (await map(batch)).map(identityKey) : []);
  return skipSettled(takeRows(source.batches(), first), ledger, control, register, identitiesIn);
}

function buildIdentifyOptions({ mirror }: ImportPorts, { mode, force, identityColumns: columns }: ImportOptions) {
  return { mode, force, columns, ...(mirror === undefined ? {} : { mirror }) };
}

async function sendRow(work: ImportRow, ports: ImportPorts, { verify }: ImportOptions): Promise<WriteResult> {
  if (work.outcome !== undefined) return { outcome: work.outcome };
  const { customerCode } = work;
  const { plan, mirror } = ports;
  const planned = plan?.writeFor(work.row.index);
  // An update that was not planned may be none: without a mirror, only the customer can tell.
  const mayBeUnchanged = planned === undefined && customerCode !== undefined && work.command !== 'DELETE';
  if (plan !== undefined && !mayBeUnchanged && !rowMatchesPlan(work, planned, mirror))
    return { outcome: changedSincePlan(plan.name, customerCode) };
  const write: WritePorts = { ...ports, verify };
  if (customerCode === undefined) return addRow(work, write);
  if (work.command === 'DELETE') return { outcome: await deleteCustomer(work.row, customerCode, ports) };
  return updateRow(work, customerCode, write, plan === undefined ? undefined : { plan: plan.name, write: planned });
}

function findEarlierOpen(work: OpenRow, register: RepeatRegister): number | undefined {
  const identity = identityKey(work);
  return identity === undefined ? undefined : register.findOpenBefore(identity, work.row.number);
}

function markOpen(work: OpenRow, status: RowStatus, register: RepeatRegister): void {
  const identity = identityKey(work);
  if (identity !== undefined && (status === 'failed' || status === 'in_doubt'))
    register.markOpen(identity, work.row.number);
}

/** Sent now, it would be overwritten later by the row that should have gone before it. */
function waitForRow(row: number): RowOutcome {
  return {
    status: 'failed',
    errorCode: 'WAITS_FOR_ROW',
    message: `Not sent: row ${row} for the same customer comes first and has not been applied. To go on: mypos-customers resume`,
    attempts: 0,
  };
}

async function settleRow(work: OpenRow, end: WriteResult, ledger: RunLedger, control: RunControl): Promise<void> {
  const { outcome, ...after } = end;
  const settled = ledger.settle([{ ...buildSettlement(work, outcome), ...after }]);
  // At once: when there are too many failures, nothing more may leave.
  control.count(outcome.status);
  await settled;
}

/** Rows that ended before the wire go to the ledger, a batch at a time; the open ones go on. */
async function* settleEnded(
  batches: AsyncIterable<readonly ImportRow[]>,
  ledger: RunLedger,
  control: RunControl,
  settling: TaskGroup,
): AsyncIterable<readonly OpenRow[]> {
  for await (const batch of batches) {
    control.noteSeen(batch.length);
    const ended = batch.filter((work): work is EndedRow => work.outcome !== undefined);
    if (ended.length > 0) {
      settling.add(ledger.settle(ended.map((work) => buildSettlement(work, work.outcome))));
      for (const work of ended) control.count(work.outcome.status);
    }
    yield batch.filter((work): work is OpenRow => work.outcome === undefined);
  }
}

function buildSettlement(work: ImportRow, outcome: EndedRow['outcome']): Settlement {
  const { row, key } = work;
  return {
    index: row.index,
    number: row.number,
    outcome,
    ...(key === undefined ? {} : { key }),
    ...(work.contentHash === undefined ? {} : { payloadHash: work.contentHash }),
  };
}
