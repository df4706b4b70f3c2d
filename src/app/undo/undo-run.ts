import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { mapConcurrently } from '#pipelines/concurrency.js';
import { type CustomerWrite, chooseUndoStep, collectWrites, type UndoStep, undoRows } from '#pipelines/import/undo.js';
import type { CustomersApi } from '#pipelines/ports.js';
import type { FailureLimit } from '#pipelines/run-control.js';
import { announceTarget } from '#src/app/connect.js';
import { performRun } from '#src/app/perform-run.js';
import { defaultSettle, type RunJob } from '#src/app/run.js';
import { createRunControl, findRun, runOnTenant } from '#src/app/run-on-tenant.js';
import type { RunObserver, RunSummary } from '#src/app/run-summary.js';
import type { Settings } from '#src/config/settings.js';
import { GuardError, UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import type { InputSource } from '#src/files/input-source.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import type { ResultPaths } from '#src/results/write-results.js';

/** What a resumed undo needs; the ledger keeps it as JSON. */
export interface SavedUndoOptions {
  /** Name of the run to undo. */
  readonly undoes: string;
  readonly evenChanged: boolean;
  readonly paths: Partial<ResultPaths>;
  readonly failureLimit: FailureLimit;
}

const rowsPerBatch = 500;

/** Makes the job that undoes a run. @throws UsageError when there is no such run */
export function createUndoJob(settings: Settings, ledger: Ledger, saved: SavedUndoOptions): RunJob {
  const run = findRun(ledger, saved.undoes);
  refusePruned(run);
  const writes = collectWrites(ledger.openRows(run.number).writtenRows());
  const source = createWriteSource(run.name, writes);
  const byIndex = new Map(writes.map((write) => [write.index, write]));
  const options = { concurrency: settings.concurrency.value, evenChanged: saved.evenChanged, undoes: saved.undoes };
  return {
    source,
    rows: writes.length,
    paths: saved.paths,
    fileMode: settings.fileMode.value,
    work: (ports) => undoRows({ source, writes: byIndex, ...ports }, options),
  };
}

/** The customers that a run wrote to, as rows with the places that they had in its file. */
function createWriteSource(run: string, writes: readonly CustomerWrite[]): InputSource {
  const text = writes.map(({ index, action: did, customerCode }) => `${index} ${did} ${customerCode}`).join('\n');
  return {
    file: `run ${run}`,
    format: 'csv',
    columns: ['customerCode', 'undoes'],
    detected: { format: 'csv' },
    notices: [],
    fingerprint: { sha256: createHash('sha256').update(text).digest('hex'), sizeBytes: Buffer.byteLength(text) },
    async *batches() {
      for (let from = 0; from < writes.length; from += rowsPerBatch)
        yield writes
          .slice(from, from + rowsPerBatch)
          .map(({ index, number, customerCode, action: did }) => ({ index, number, cells: [customerCode, did] }));
    },
  };
}

export interface UndoRunOptions {
  readonly run: string;
  /** Also undo customers that somebody has changed since. */
  readonly evenChanged?: boolean;
  readonly results?: string;
  readonly report?: string;
  readonly failureLimit?: FailureLimit;
  /** How long to wait before a customer that should be gone and is not counts as still there. @default 10000 */
  readonly settleMs?: number;
  readonly signal?: AbortSignal;
  /** Shown before anything is sent; `false` leaves everything as it is. */
  readonly confirm: (plan: UndoPlan) => Promise<boolean>;
}

/** A customer that is skipped does not mean that something is wrong. */
const noFailureLimit: FailureLimit = { kind: 'share', most: 1, from: 1 };

/** What an undo would do to the customers as they are now. */
export interface UndoPlan {
  readonly undoes: string;
  readonly counts: Readonly<Record<UndoStep['kind'], number>>;
  readonly customers: readonly {
    readonly row: number;
    readonly customerCode: string;
    readonly step: UndoStep['kind'];
  }[];
}

/**
 * Undoes a run, as a run of its own: deletes what it created, restores what it updated.
 *
 * @returns the summary, or the plan alone when it was not confirmed
 * @throws UsageError, GuardError (the run has rows in doubt), LoginError, BusyError; then nothing was sent
 */
export async function undoRun(
  settings: Settings,
  options: UndoRunOptions,
  observer: RunObserver = {},
): Promise<RunSummary | { readonly plan: UndoPlan }> {
  const { failureLimit = noFailureLimit } = options;
  const control = createRunControl(failureLimit, options.signal);
  const paths = {
    ...(options.results === undefined ? {} : { results: resolve(options.results) }),
    ...(options.report === undefined ? {} : { report: resolve(options.report) }),
  };
  for (const path of Object.values(paths)) await assertWritable(path);
  announceTarget(settings, observer);
  const saved: SavedUndoOptions = {
    undoes: options.run,
    evenChanged: options.evenChanged === true,
    paths,
    failureLimit,
  };
  return runOnTenant(settings, control, `undo ${options.run}`, observer, async (connection) => {
    const { ledger, client } = connection;
    const undone = findRun(ledger, options.run);
    refuseDoubts(ledger, undone);
    const job = createUndoJob(settings, ledger, saved);
    await client.login();
    const plan = await buildUndoPlan(undone, ledger, client, settings.concurrency.value);
    if (!(await options.confirm(plan))) return { plan };
    const run = ledger.runs.start({ command: 'undo', options: { ...saved } });
    return performRun({
      connection,
      run,
      ledger: connection.openRows(run.number),
      job,
      control,
      observer,
      settle: { ...defaultSettle, settleMs: options.settleMs ?? defaultSettle.settleMs },
    });
  });
}

async function buildUndoPlan(
  undone: RunRecord,
  ledger: Ledger,
  api: CustomersApi,
  concurrency: number,
): Promise<UndoPlan> {
  const writes = collectWrites(ledger.openRows(undone.number).writtenRows());
  const customers = await mapConcurrently(writes, concurrency, async (write) => {
    const { kind: step } = await chooseUndoStep(write, api);
    return { row: write.number, customerCode: write.customerCode, step };
  });
  const counts = { delete: 0, restore: 0, as_before: 0, gone: 0, lost: 0, changed: 0, unanswered: 0 };
  for (const { step } of customers) counts[step] += 1;
  return { undoes: undone.name, counts, customers };
}

/** Without the customers as they were before, an undo could only empty them. */
function refusePruned(run: RunRecord): void {
  if (run.prunedAtMs === undefined) return;
  const date = new Date(run.prunedAtMs).toISOString().slice(0, 10);
  throw new UsageError(`What run ${run.name} changed was removed on ${date}, so it cannot be undone.`, {
    code: 'RUN_PRUNED',
  });
}

function refuseDoubts(ledger: Ledger, run: RunRecord): void {
  const { in_doubt: doubts } = ledger.runs.countRows(run.number);
  if (doubts === 0) return;
  throw new GuardError(
    `Run ${run.name} has ${doubts === 1 ? '1 row' : `${doubts} rows`} in doubt: it is not known what to undo there.`,
    {
      code: 'ROWS_IN_DOUBT',
      nextStep: `Settle them first: mypos-customers reconcile ${run.name}`,
    },
  );
}
