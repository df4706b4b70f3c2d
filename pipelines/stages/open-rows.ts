import type { RowStatus } from '#pipelines/outcome.js';
import type { LedgerRow, RowStanding, RowStretches, RunLedger, Stretch } from '#pipelines/ports.js';
import type { Row } from '#pipelines/row.js';
import type { RunControl } from '#pipelines/run-control.js';
import type { Work } from '#pipelines/work.js';
import type { RepeatRegister } from './refuse-repeats.js';
import { isSettled, noteSettled, passSettled } from './skip-settled.js';

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
  const { ledger, control } = tools;
  const all = stretches.all.map((stretch) => tallied(stretch, ledger));
  const left = all.filter(({ open }) => open > 0);
  const open = left.reduce((sum, stretch) => sum + stretch.open, 0);
  const isFew = open <= mostHeld && left.length <= mostHeldStretches;
  const parts = partsOf(stretches.batchesOf(left), ledger);
  const pass = (stretch: TalliedStretch) => {
    if (isFew && control.countsInAnyOrder && isDone(stretch)) countDone(stretch, control);
    else for (const settled of standingsOf(stretch, ledger)) passSettled(settled, tools);
  };
  const settled = all.filter((stretch) => stretch.open === 0);
  yield* inFileOrder(isFew ? knowingRepeats(parts, tools) : parts, settled, pass, tools);
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

function standingsOf({ first, last }: Stretch, ledger: RunLedger): Iterable<RowStanding> {
  return ledger.standingsBetween(first, last).values();
}

/** Rows that lie together, of which some are settled. */
interface Part {
  /** Index of its first row. */
  readonly first: number;
  readonly settled: ReadonlyMap<number, RowStanding>;
  readonly open: readonly Row[];
}

async function* partsOf(batches: AsyncIterable<readonly Row[]>, ledger: RunLedger): AsyncIterable<Part> {
  for await (const batch of batches) {
    const [first, last] = [batch[0], batch.at(-1)];
    if (first === undefined || last === undefined) continue;
    const known = ledger.standingsBetween(first.index, last.index);
    const settled = new Map([...known].filter(([, { state }]) => isSettled(state)));
    yield { first: first.index, settled, open: batch.filter(({ index }) => !settled.has(index)) };
  }
}

/** Holds the parts until the register knows what came before for the customers of their open rows. */
async function* knowingRepeats(
  parts: AsyncIterable<Part>,
  { ledger, register, map }: OpenRowsTools,
): AsyncIterable<Part> {
  const held: Part[] = [];
  const keys = new Set<string>();
  const codes = new Set<string>();
  for await (const part of parts) {
    held.push(part);
    for (const work of await map(part.open))
      if (work.key !== undefined) keys.add(work.key);
      else if (work.outcome === undefined && work.customerCode !== undefined) codes.add(work.customerCode);
  }
  for (const settled of ledger.standingsAbout([...keys], [...codes]))
    if (isSettled(settled.state)) noteSettled(settled, register);
  yield* held;
}

/** The open rows; what is settled is passed by when its turn in the file comes. */
async function* inFileOrder(
  parts: AsyncIterable<Part>,
  settled: readonly TalliedStretch[],
  pass: (stretch: TalliedStretch) => void,
  tools: OpenRowsTools,
): AsyncIterable<readonly Row[]> {
  let passed = 0;
  const passUntil = (index: number) => {
    for (let stretch = settled[passed]; stretch !== undefined && stretch.first < index; stretch = settled[passed]) {
      passed += 1;
      pass(stretch);
    }
  };
  for await (const part of parts) {
    passUntil(part.first);
    for (const standing of part.settled.values()) passSettled(standing, tools);
    if (part.open.length > 0) yield part.open;
  }
  passUntil(Number.POSITIVE_INFINITY);
}
