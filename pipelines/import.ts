import type { CustomerMirror } from './mirror.js';
import type { RowOutcome, RowStatus } from './outcome.js';
import { type AgreedPlan, changedSincePlan, isAsPlanned } from './planned.js';
import type { CustomersApi, Intent, RowSource, RunLedger, Settlement, ValidateDraft } from './ports.js';
import type { Row } from './row.js';
import type { RunControl } from './run-control.js';
import { addRow, intentToAdd } from './stages/add-row.js';
import { deleteCustomer } from './stages/delete-customer.js';
import { earlyIntents } from './stages/early-intents.js';
import { firstRows } from './stages/first-rows.js';
import { inTurn } from './stages/in-turn.js';
import { type LeftBehind, leftBehind } from './stages/left-behind.js';
import { forEachConcurrently } from './stages/map-concurrently.js';
import { mapBatch, mapRows, type RowMapper } from './stages/map-rows.js';
import { fieldMatcher } from './stages/match-by-fields.js';
import { type ImportMode, type MatchOptions, matchRow, matchRows } from './stages/match-rows.js';
import { openRows } from './stages/open-rows.js';
import { type JudgeRow, refuseDamage } from './stages/refuse-damage.js';
import { type RepeatPolicy, RepeatRegister, refuseRepeats } from './stages/refuse-repeats.js';
import { skipSettled } from './stages/skip-settled.js';
import { updateRow } from './stages/update-row.js';
import type { WriteEnd, WritePorts } from './stages/write-customer.js';
import { type EndedWork, identityOf, type OpenWork, type Work } from './work.js';

export interface ImportPorts {
  readonly source: RowSource;
  readonly mapper: RowMapper;
  readonly validate: ValidateDraft;
  /** Given when rows with damaged cells are not to be sent. */
  readonly judge?: JudgeRow;
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
  const matcher = fieldMatcher(mirror, matchFields);
  try {
    await importRows(ports, options, { matcher });
  } finally {
    matcher.close();
  }
}

async function importRows(
  ports: ImportPorts,
  options: ImportOptions,
  match: Pick<MatchOptions, 'matcher'>,
): Promise<void> {
  const { ledger, control } = ports;
  const register = new RepeatRegister();
  const inOrder = options.repeats === 'in-order';
  const matching = { ...match, ...matchOptions(ports, options), spareUnchanged: !inOrder };
  const mapping = { ...ports, matchFields: options.matchFields };
  const mapped = mapRows(unsettledRows(ports, options, register, match.matcher !== undefined), mapping);
  const sound = ports.judge === undefined ? mapped : refuseDamage(mapped, ports.judge);
  const single = refuseRepeats(sound, register, options.repeats, options.identityColumns);
  // The next request need not wait until the outcome of the last is on disk: a crash leaves that row in doubt, which
  // reconciliation settles. Only a later row for the same customer builds on it.
  const settling = leftBehind();
  const works = settleEnded(matchRows(single, ledger, matching), ledger, control, settling);
  const bounds = {
    concurrency: options.concurrency,
    itemsAhead: options.concurrency * rowsAheadPerRequest,
    stopping: control.stopping,
  };
  const oneAtATime = inTurn();
  const intents = earlyIntents(ledger, options.concurrency, earlyIntentOf(ports, inOrder), ports.now);
  const sending = { ...ports, ledger: intents.ledger };
  const send = async (work: OpenWork) => {
    settling.leave(settleOne(work, await endOf(work, sending, options), ledger, control));
  };
  const sendInOrder = (work: OpenWork) =>
    oneAtATime(identityOf(work), async () => {
      const earlier = earlierOpen(work, register);
      // A row for the same customer may have gone before this one, and may have been the one to create it.
      const now = matchRow(work, ledger, { ...matching, spareUnchanged: true });
      const end = earlier === undefined ? await endOf(now, sending, options) : { outcome: waitsFor(earlier) };
      noteOpen(work, end.outcome.status, register);
      await settleOne(work, end, ledger, control);
    });
  const one = inOrder ? sendInOrder : send;
  try {
    await forEachConcurrently(works, bounds, (work) => intents.inTurn(work, () => one(work)), intents);
  } finally {
    await settling.end();
  }
}

function unsettledRows(
  { source, ledger, control, ...ports }: ImportPorts,
  { first, matchFields }: ImportOptions,
  register: RepeatRegister,
  areMatched: boolean,
): AsyncIterable<readonly Row[]> {
  const map = (batch: readonly Row[]) => mapBatch(batch, { ...ports, matchFields });
  if (source.stretches !== undefined && first === undefined && !areMatched)
    return openRows(source.stretches, { ledger, control, register, map });
  // A settled row that was found by its fields must be known by them again, or its repeat would pass for the first.
  const identitiesIn = async (batch: readonly Row[]) => (areMatched ? (await map(batch)).map(identityOf) : []);
  return skipSettled(firstRows(source.batches(), first), ledger, control, register, identitiesIn);
}

/** Only what is certain to be sent as it is now: not where a row before it or a plan has a word in it. */
function earlyIntentOf({ plan }: ImportPorts, inOrder: boolean): (work: OpenWork) => Intent | undefined {
  return (work) => (inOrder || plan !== undefined || work.customerCode !== undefined ? undefined : intentToAdd(work));
}

function matchOptions({ mirror }: ImportPorts, { mode, force, identityColumns: columns }: ImportOptions) {
  return { mode, force, columns, ...(mirror === undefined ? {} : { mirror }) };
}

async function endOf(work: Work, ports: ImportPorts, { verify }: ImportOptions): Promise<WriteEnd> {
  if (work.outcome !== undefined) return { outcome: work.outcome };
  const { customerCode } = work;
  const { plan, mirror } = ports;
  const planned = plan?.writeFor(work.row.index);
  // An update that was not planned may be none: without a mirror, only the customer can tell.
  const mayBeUnchanged = planned === undefined && customerCode !== undefined && work.command !== 'DELETE';
  if (plan !== undefined && !mayBeUnchanged && !isAsPlanned(work, planned, mirror))
    return { outcome: changedSincePlan(plan.name, customerCode) };
  const write: WritePorts = { ...ports, verify };
  if (customerCode === undefined) return addRow(work, write);
  if (work.command === 'DELETE') return { outcome: await deleteCustomer(work.row, customerCode, ports) };
  return updateRow(work, customerCode, write, plan === undefined ? undefined : { plan: plan.name, write: planned });
}

function earlierOpen(work: OpenWork, register: RepeatRegister): number | undefined {
  const identity = identityOf(work);
  return identity === undefined ? undefined : register.openBefore(identity, work.row.number);
}

function noteOpen(work: OpenWork, status: RowStatus, register: RepeatRegister): void {
  const identity = identityOf(work);
  if (identity !== undefined && (status === 'failed' || status === 'in_doubt'))
    register.leaveOpen(identity, work.row.number);
}

/** Sent now, it would be overwritten later by the row that should have gone before it. */
function waitsFor(row: number): RowOutcome {
  return {
    status: 'failed',
    errorCode: 'WAITS_FOR_ROW',
    message: `Not sent: row ${row} for the same customer comes first and has not been applied. To go on: mypos-customers resume`,
    attempts: 0,
  };
}

async function settleOne(work: OpenWork, end: WriteEnd, ledger: RunLedger, control: RunControl): Promise<void> {
  const { outcome, ...after } = end;
  const settled = ledger.settle([{ ...settlement(work, outcome), ...after }]);
  // At once: when there are too many failures, nothing more may leave.
  control.count(outcome.status);
  await settled;
}

/** Rows that ended before the wire go to the ledger, a batch at a time; the open ones go on. */
async function* settleEnded(
  batches: AsyncIterable<readonly Work[]>,
  ledger: RunLedger,
  control: RunControl,
  settling: LeftBehind,
): AsyncIterable<readonly OpenWork[]> {
  for await (const batch of batches) {
    control.noteSeen(batch.length);
    const ended = batch.filter((work): work is EndedWork => work.outcome !== undefined);
    if (ended.length > 0) {
      settling.leave(ledger.settle(ended.map((work) => settlement(work, work.outcome))));
      for (const work of ended) control.count(work.outcome.status);
    }
    yield batch.filter((work): work is OpenWork => work.outcome === undefined);
  }
}

function settlement(work: Work, outcome: EndedWork['outcome']): Settlement {
  const { row, key } = work;
  return {
    index: row.index,
    number: row.number,
    outcome,
    ...(key === undefined ? {} : { key }),
    ...(work.contentHash === undefined ? {} : { payloadHash: work.contentHash }),
  };
}
