import type { Row, RowStatus } from '#pipelines/model.js';
import type { LedgerRow, LedgerRowState, RowRange, RowRanges, RunLedger } from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import type { RepeatRegister } from './dedupe.js';
import { type ImportRow, identityKey } from './map.js';

/** States that a resumed run tries again: their request certainly had no effect. */
const retriedStates: ReadonlySet<LedgerRow['state']> = new Set(['failed']);

/** Whether a resumed run does not send a row in this state, which may be in doubt. */
function isSettled(state: LedgerRow['state']): boolean {
  return !retriedStates.has(state);
}

/**
 * Lets only the open rows of a resumed run pass; settled ones are counted. Rows in doubt do not pass: only
 * reconciliation can find that they may be sent again.
 *
 * @param readIdentities - who rows are about according to the file, where the ledger does not keep that
 */
export async function* skipSettled(
  batches: AsyncIterable<readonly Row[]>,
  ledger: RunLedger,
  control: RunControl,
  register: RepeatRegister,
  readIdentities: (rows: readonly Row[]) => Promise<readonly (string | undefined)[]> = async () => [],
): AsyncIterable<readonly Row[]> {
  for await (const batch of batches) {
    const [first, last] = [batch[0], batch.at(-1)];
    if (first === undefined || last === undefined) continue;
    const known = ledger.rowStatesBetween(first.index, last.index);
    const identities = known.size === 0 ? [] : await readIdentities(batch);
    const open = batch.filter((row, position) => {
      const state = known.get(row.index);
      if (state === undefined || !isSettled(state.state)) return true;
      countSettled(state, { control, register }, identities[position]);
      return false;
    });
    if (open.length > 0) yield open;
  }
}

/**
 * Counts a settled row and records that it came before others for its customer.
 *
 * @param identity - who it is about according to the file
 */
function countSettled(
  settled: LedgerRowState,
  { control, register }: { readonly control: RunControl; readonly register: RepeatRegister },
  identity?: string,
): void {
  const status: RowStatus = settled.state === 'intent' ? 'in_doubt' : settled.state;
  recordSettled(settled, register, identity);
  control.noteSeen(1);
  control.count(status, settled.isWaiting);
}

/** Records that a settled row came before others for its customer. */
function recordSettled(settled: LedgerRowState, register: RepeatRegister, inFile?: string): void {
  const isInDoubt = settled.state === 'intent' || settled.state === 'in_doubt';
  for (const identity of new Set([identityKey(settled), inFile])) {
    if (identity === undefined) continue;
    register.record(identity, buildFirstRow(settled));
    if (isInDoubt) register.markOpen(identity, settled.number);
  }
}

function buildFirstRow(settled: LedgerRowState) {
  const { number: row, payloadHash: contentHash } = settled;
  return { row, ...(contentHash === undefined ? {} : { contentHash }) };
}

interface ResumeTools {
  readonly ledger: RunLedger;
  readonly control: RunControl;
  readonly register: RepeatRegister;
  /** Maps rows, to know who they are about. */
  readonly map: (rows: readonly Row[]) => Promise<readonly ImportRow[]>;
}

/** Where more rows are open, or in more places, the file is read from its start. */
const few = { rows: 5000, ranges: 50, shareOfRows: 0.2 } as const;

/**
 * As {@link skipSettled}, for a run of which only a few rows are open: the other ranges of the file are not read. The
 * ledger says which customer an open row may repeat.
 *
 * @returns `undefined` when more than a few rows are open
 */
export function readOpenRanges(
  ranges: RowRanges,
  tools: ResumeTools,
  limits: Readonly<Record<keyof typeof few, number>> = few,
): AsyncIterable<readonly Row[]> | undefined {
  const { ledger, control } = tools;
  const rowCount = (ranges.all.at(-1)?.last ?? -1) + 1;
  const maxOpen = Math.min(limits.rows, rowCount * limits.shareOfRows);
  const counted: CountedRange[] = [];
  let open = 0;
  for (const range of ranges.all) {
    const withStates = countRange(range, ledger);
    open += withStates.open;
    if (open > maxOpen) return undefined;
    counted.push(withStates);
  }
  const left = counted.filter((range) => range.open > 0);
  if (left.length > limits.ranges) return undefined;
  const pass = (range: CountedRange) => {
    if (control.canCountInBulk && isFinished(range)) countFinished(range, control);
    else for (const settled of readRowStates(range, ledger)) countSettled(settled, tools);
  };
  const settled = counted.filter((range) => range.open === 0);
  const chunks = withKnownRepeats(readChunks(ranges.readRanges(left), ledger), tools);
  return readInFileOrder(chunks, settled, pass, tools);
}

interface CountedRange extends RowRange {
  readonly states: ReadonlyMap<LedgerRow['state'], number>;
  /** Rows that are not settled. */
  readonly open: number;
}

function countRange({ first, last }: RowRange, ledger: RunLedger): CountedRange {
  const states = ledger.countStatesBetween(first, last);
  let open = last - first + 1;
  for (const [state, rows] of states) if (isSettled(state)) open -= rows;
  return { first, last, states, open };
}

/** States in which rows need not be looked at one by one: neither a failure limit nor other rows depend on them. */
const finishedStates: ReadonlySet<LedgerRow['state']> = new Set([
  ...(['created', 'updated', 'unchanged', 'deleted', 'deactivated', 'skipped'] as const),
]);

function isFinished({ states }: CountedRange): boolean {
  return [...states.keys()].every((state) => finishedStates.has(state));
}

function countFinished({ states }: CountedRange, control: RunControl): void {
  for (const [state, rows] of states) control.countMany(state as RowStatus, rows);
}

function readRowStates({ first, last }: RowRange, ledger: RunLedger): Iterable<LedgerRowState> {
  return ledger.rowStatesBetween(first, last).values();
}

/** Rows that lie together, of which some are settled. */
interface Chunk {
  /** Index of its first row. */
  readonly first: number;
  readonly settled: ReadonlyMap<number, LedgerRowState>;
  readonly open: readonly Row[];
}

async function* readChunks(batches: AsyncIterable<readonly Row[]>, ledger: RunLedger): AsyncIterable<Chunk> {
  for await (const batch of batches) {
    const [first, last] = [batch[0], batch.at(-1)];
    if (first === undefined || last === undefined) continue;
    const known = ledger.rowStatesBetween(first.index, last.index);
    const settled = new Map([...known].filter(([, { state }]) => isSettled(state)));
    yield { first: first.index, settled, open: batch.filter(({ index }) => !settled.has(index)) };
  }
}

/** Holds the chunks until the register knows what came before for the customers of their open rows. */
async function* withKnownRepeats(
  chunks: AsyncIterable<Chunk>,
  { ledger, register, map }: ResumeTools,
): AsyncIterable<Chunk> {
  const held: Chunk[] = [];
  const keys = new Set<string>();
  const codes = new Set<string>();
  for await (const chunk of chunks) {
    held.push(chunk);
    for (const work of await map(chunk.open))
      if (work.key !== undefined) keys.add(work.key);
      else if (work.outcome === undefined && work.customerCode !== undefined) codes.add(work.customerCode);
  }
  for (const settled of ledger.findRowStates([...keys], [...codes]))
    if (isSettled(settled.state)) recordSettled(settled, register);
  yield* held;
}

/** The open rows; settled ones are counted when their turn in the file comes. */
async function* readInFileOrder(
  chunks: AsyncIterable<Chunk>,
  settled: readonly CountedRange[],
  pass: (range: CountedRange) => void,
  tools: ResumeTools,
): AsyncIterable<readonly Row[]> {
  let passed = 0;
  const passUntil = (index: number) => {
    for (let range = settled[passed]; range !== undefined && range.first < index; range = settled[passed]) {
      passed += 1;
      pass(range);
    }
  };
  for await (const chunk of chunks) {
    passUntil(chunk.first);
    for (const state of chunk.settled.values()) countSettled(state, tools);
    if (chunk.open.length > 0) yield chunk.open;
  }
  passUntil(Number.POSITIVE_INFINITY);
}
