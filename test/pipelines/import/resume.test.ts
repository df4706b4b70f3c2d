import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { dedupeRows, RepeatRegister } from '#pipelines/import/dedupe.js';
import { endAsInvalid, type ImportRow, identityKey, OpenRow } from '#pipelines/import/map.js';
import { readOpenRanges, skipSettled } from '#pipelines/import/resume.js';
import type { Row, RowOutcome } from '#pipelines/model.js';
import type { RowRange, RowRanges } from '#pipelines/ports.js';
import { type FailureLimit, RunControl } from '#pipelines/run-control.js';
import { openLedger } from '#src/ledger/open-ledger.js';

const folder = mkdtempSync(join(tmpdir(), 'mypos-open-rows-'));
const ledger = openLedger(folder, { baseUrl: 'http://127.0.0.1/api', login: 'me' });
afterAll(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

const states = ['created', 'skipped', 'invalid', 'rejected', 'failed', 'in_doubt', 'intent', 'none'] as const;

interface RowCase {
  readonly who: number | undefined;
  readonly by: 'key' | 'code';
  readonly says: string;
  readonly isInvalid: boolean;
  /** How the ledger knows the row. */
  readonly state: (typeof states)[number];
}

/** A row of a run of which an earlier process has settled most rows; of one that failed often, fewer. */
const rowCases = (failedOften: boolean): fc.Arbitrary<RowCase> =>
  fc.record({
    who: fc.option(fc.nat({ max: 12 }), { nil: undefined }),
    by: fc.constantFrom('key', 'code'),
    says: fc.constantFrom('this', 'that'),
    isInvalid: fc.boolean(),
    state: fc.oneof(
      { weight: 20, arbitrary: fc.constant('created' as const) },
      { weight: failedOften ? 20 : 7, arbitrary: fc.constantFrom(...states) },
    ),
  });
/** A few rows left, which are held, or many. */
const files = fc.oneof(
  fc.record({ all: fc.array(rowCases(false), { maxLength: 60 }), size: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ all: fc.array(rowCases(true), { minLength: 600, maxLength: 600 }), size: fc.constantFrom(1, 2) }),
);
const limits: fc.Arbitrary<FailureLimit | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ kind: fc.constant('count' as const), most: fc.nat({ max: 4 }) }),
  fc.record({ kind: fc.constant('share' as const), most: fc.constantFrom(0.1, 0.3), from: fc.nat({ max: 20 }) }),
);

function buildImportRow({ who, by, says, isInvalid }: RowCase, row: Row): ImportRow {
  const key = who === undefined || by === 'code' ? undefined : `K${who}`;
  const customerCode = who === undefined || by === 'key' ? undefined : `${who}`;
  if (isInvalid) return endAsInvalid(row, [], key);
  return new OpenRow(row, { key, customerCode, draft: { notes: says }, matchValue: undefined, command: undefined });
}

function buildOutcome(state: Exclude<RowCase['state'], 'none' | 'intent'>, customerCode: string): RowOutcome {
  const refusal = { errorCode: 'X', message: 'x', attempts: 1 };
  if (state === 'created') return { status: state, attempts: 1, customerCode };
  if (state === 'skipped')
    return { status: state, attempts: 0, reason: { severity: 'info', code: 'IGNORED', message: 'x' }, customerCode };
  if (state === 'invalid') return { status: state, attempts: 0, reasons: [] };
  return { status: state, ...refusal, customerCode };
}

/** The rows as an earlier process left them. */
async function prepareRun(all: readonly RowCase[]) {
  const { number } = ledger.runs.start({ command: 'import', options: {} });
  const run = ledger.openRows(number);
  const written = all.map((rowCase, index) => {
    const work = buildImportRow(rowCase, rowAt(index));
    const place = { index, number: index + 2, ...(work.key === undefined ? {} : { key: work.key }) };
    const payloadHash = work.outcome === undefined ? work.contentHash : 'x';
    const customerCode = (work.outcome === undefined ? work.customerCode : undefined) ?? `new ${index}`;
    if (rowCase.state === 'none') return undefined;
    if (rowCase.state === 'intent') return run.recordIntent({ ...place, payload: '{}', payloadHash, customerCode });
    return run.settle([{ ...place, payloadHash, outcome: buildOutcome(rowCase.state, customerCode) }]);
  });
  await Promise.all(written);
  return run;
}

function rowAt(index: number): Row {
  return { index, number: index + 2, cells: [] };
}

async function* batchesOf(wanted: readonly RowRange[]): AsyncIterable<readonly Row[]> {
  for (const { first, last } of wanted)
    yield Array.from({ length: last - first + 1 }, (_, position) => rowAt(first + position));
}

/** What becomes of the open rows, and what the control and the register have seen. */
async function workThrough(
  rows: (control: RunControl, register: RepeatRegister) => AsyncIterable<readonly Row[]>,
  limit: FailureLimit | undefined,
  all: readonly RowCase[],
) {
  const control = new RunControl(limit);
  const register = new RepeatRegister();
  const mapped = async function* () {
    for await (const batch of rows(control, register)) {
      control.noteSeen(batch.length);
      yield batch.map((row) => buildImportRow(all[row.index] as RowCase, row));
    }
  };
  const ends = [];
  for await (const batch of mapped())
    for (const work of dedupeRows(batch, register, 'error', ['Account'])) {
      const identity = identityKey(work);
      const before = identity === undefined ? undefined : register.findOpenBefore(identity, work.row.number);
      ends.push([work.row.index, work.outcome, before]);
    }
  return { ends, counts: control.counts, seen: control.seen, reason: control.reason };
}

it('gives a resumed run the same rows as reading all of them, and knows which customers they repeat', async () => {
  await fc.assert(
    fc.asyncProperty(files, limits, async ({ all, size }, limit) => {
      const run = await prepareRun(all);
      const ranges: RowRange[] = [];
      for (let first = 0; first < all.length; first += size)
        ranges.push({ first, last: Math.min(all.length, first + size) - 1 });
      const known: RowRanges = { all: ranges, readRanges: batchesOf };
      const map = async (rows: readonly Row[]) => rows.map((row) => buildImportRow(all[row.index] as RowCase, row));
      const fast = await workThrough(
        (control, register) => {
          const tools = { ledger: run, control, register, map };
          const rows = readOpenRanges(known, tools, { rows: Infinity, ranges: Infinity, shareOfRows: 1 });
          if (rows === undefined) throw new Error('The limits allow all of them.');
          return rows;
        },
        limit,
        all,
      );
      const slow = await workThrough(
        (control, register) => skipSettled(batchesOf(ranges), run, control, register),
        limit,
        all,
      );
      expect(fast).toEqual(slow);
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 40) },
  );
});
