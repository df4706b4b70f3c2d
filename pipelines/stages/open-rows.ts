import type { RowStatus } from '../outcome.js';
import type { LedgerRow, RowStretches, RunLedger, Stretch } from '../ports.js';
import type { Row } from '../row.js';
import type { RunControl } from '../run-control.js';
import type { Work } from '../work.js';
import type { RepeatRegister } from './refuse-repeats.js';
import { isSettled, noteSettled, passSettled, skipSettled } from './skip-settled.js';

export interface OpenRowsTools {
  readonly ledger: RunLedger;
  readonly control: RunControl;
  readonly register: RepeatRegister;
  /** What the rows say, for who they are about. */
  readonly map: (rows: readonly Row[]) => Promise<readonly Work[]>;
}

/** Up to so many rows are held until it is known whom they repeat. */
const mostHeld = 5000;
/** Of up to so many stretches, since these are read before the first request. */
const mostHeldStretches = 50;

/**
 * As {@link skipSettled}, for a file whose stretches are known: only those with open rows are read. Whom an open row may
 * repeat, the ledger tells: row by row, or, where only a few rows are left, asked for these.
 */
export async function* openRows(stretches: RowStretches, tools: OpenRowsTools): AsyncIterable<readonly Row[]> {
  const all = stretches.all.map((stretch) => tallied(stretch, tools.ledger));
  const left = all.filter(({ open }) => open > 0);
  const open = left.reduce((sum, stretch) => sum + stretch.open, 0);
  const isFew = open <= mostHeld && left.length <= mostHeldStretches;
  const settled = all.filter((stretch) => stretch.open === 0);
  const pass = (stretch: TalliedStretch) => {
    if (isFew && tools.control.countsInAnyOrder && isDone(stretch)) countDone(stretch, tools.control);
    else passEach(stretch, tools);
  };
  const rows = inFileOrder(stretches.batchesOf(left), settled, pass, tools);
  yield* isFew ? knowingRepeats(rows, tools) : rows;
}

interface TalliedStretch extends Stretch {
  readonly states: ReadonlyMap<LedgerRow['state'], number>;
  /** Rows that are not settled. */
  readonly open: number;
}

function tallied({ first, last }: Stretch, ledger: RunLedger): TalliedStretch {
  const states = ledger.statesBetween(first, last);
  let open = last - first + 1;
  for (const [state, rows] of states) if (isSettled(state)) open -= rows;
  return { first, last, states, open };
}

/** Nothing hangs on any one row in these: neither a limit of failures nor the rows for the same customer. */
const doneStates: ReadonlySet<LedgerRow['state']> = new Set([
  ...(['created', 'updated', 'unchanged', 'deleted', 'deactivated', 'skipped'] as const),
]);

function isDone({ states }: TalliedStretch): boolean {
  return [...states.keys()].every((state) => doneStates.has(state));
}

function countDone({ states }: TalliedStretch, control: RunControl): void {
  for (const [state, rows] of states) control.countDone(state as RowStatus, rows);
}

function passEach({ first, last }: Stretch, { ledger, control, register }: OpenRowsTools): void {
  for (const settled of ledger.standingsBetween(first, last).values()) passSettled(settled, control, register);
}

/** The open rows of the batches; settled stretches are passed by when their turn in the file comes. */
async function* inFileOrder(
  batches: AsyncIterable<readonly Row[]>,
  settled: readonly TalliedStretch[],
  pass: (stretch: TalliedStretch) => void,
  { ledger, control, register }: OpenRowsTools,
): AsyncIterable<readonly Row[]> {
  let passed = 0;
  const passUntil = (index: number) => {
    for (let stretch = settled[passed]; stretch !== undefined && stretch.first < index; stretch = settled[passed]) {
      passed += 1;
      pass(stretch);
    }
  };
  const inTurn = async function* () {
    for await (const batch of batches) {
      passUntil(batch[0]?.index ?? 0);
      yield batch;
    }
    passUntil(Number.POSITIVE_INFINITY);
  };
  yield* skipSettled(inTurn(), ledger, control, register);
}

/** Holds the rows until the register knows what came before for the same customers. */
async function* knowingRepeats(
  batches: AsyncIterable<readonly Row[]>,
  { ledger, register, map }: OpenRowsTools,
): AsyncIterable<readonly Row[]> {
  const held: (readonly Row[])[] = [];
  const keys = new Set<string>();
  const codes = new Set<string>();
  for await (const batch of batches) {
    held.push(batch);
    for (const work of await map(batch))
      if (work.key !== undefined) keys.add(work.key);
      else if (work.outcome === undefined && work.customerCode !== undefined) codes.add(work.customerCode);
  }
  for (const settled of ledger.standingsAbout([...keys], [...codes]))
    if (isSettled(settled.state)) noteSettled(settled, register);
  yield* held;
}
