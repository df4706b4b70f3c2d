import type { RowOutcome, RowStatus } from './outcome.js';
import type { CustomersApi, RowSource, RunLedger, Settlement, ValidateDraft } from './ports.js';
import type { RunControl } from './run-control.js';
import { addRow } from './stages/add-row.js';
import { firstRows } from './stages/first-rows.js';
import { inTurn } from './stages/in-turn.js';
import { forEachConcurrently } from './stages/map-concurrently.js';
import { mapRows, type RowMapper } from './stages/map-rows.js';
import { type ImportMode, matchRow, matchRows } from './stages/match-rows.js';
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
  /** Source columns of key and code, for messages. */
  readonly identityColumns: readonly string[];
}

/** Rows read ahead of the wire for each request in flight: enough to never wait for the disk. */
const rowsAheadPerRequest = 50;

/** Runs every row of the source to its end in the ledger; stops early when the control says so. */
export async function importCustomers(ports: ImportPorts, options: ImportOptions): Promise<void> {
  const { source, mapper, validate, judge, api, ledger, control, now } = ports;
  const register = new RepeatRegister();
  const rows = skipSettled(firstRows(source.batches(), options.first), ledger, control, register);
  const mapped = mapRows(rows, mapper, validate);
  const sound = judge === undefined ? mapped : refuseDamage(mapped, judge);
  const single = refuseRepeats(sound, register, options.repeats, options.identityColumns);
  const match = { mode: options.mode, force: options.force, columns: options.identityColumns };
  const works = settleEnded(matchRows(single, ledger, match), ledger, control);
  const bounds = {
    concurrency: options.concurrency,
    itemsAhead: options.concurrency * rowsAheadPerRequest,
    stopping: control.stopping,
  };
  const oneAtATime = inTurn();
  const write = { api, ledger, mapper, verify: options.verify, now };
  await forEachConcurrently(works, bounds, (work) =>
    oneAtATime(identityOf(work), async () => {
      const earlier = options.repeats === 'in-order' ? earlierOpen(work, register) : undefined;
      // A row for the same customer may have gone before this one, and may have been the one to create it.
      const now = options.repeats === 'in-order' ? matchRow(work, ledger, match) : work;
      const end = earlier === undefined ? await endOf(now, write) : { outcome: waitsFor(earlier) };
      noteOpen(work, end.outcome.status, register);
      await settleOne(work, end, ledger, control);
    }),
  );
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

function endOf(work: Work, ports: WritePorts): Promise<WriteEnd> {
  if (work.outcome !== undefined) return Promise.resolve({ outcome: work.outcome });
  return work.customerCode === undefined ? addRow(work, ports) : updateRow(work, work.customerCode, ports);
}

async function settleOne(work: OpenWork, end: WriteEnd, ledger: RunLedger, control: RunControl): Promise<void> {
  const { writtenHash } = end;
  await ledger.settle([{ ...settlement(work, end.outcome), ...(writtenHash === undefined ? {} : { writtenHash }) }]);
  control.count(end.outcome.status);
}

/** Rows that ended before the wire go to the ledger, a batch at a time; the open ones go on. */
async function* settleEnded(
  batches: AsyncIterable<readonly Work[]>,
  ledger: RunLedger,
  control: RunControl,
): AsyncIterable<readonly OpenWork[]> {
  for await (const batch of batches) {
    control.noteSeen(batch.length);
    const ended = batch.filter((work): work is EndedWork => work.outcome !== undefined);
    if (ended.length > 0) {
      await ledger.settle(ended.map((work) => settlement(work, work.outcome)));
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
    ...('contentHash' in work ? { payloadHash: work.contentHash } : {}),
  };
}
