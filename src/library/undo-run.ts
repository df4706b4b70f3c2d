import { resolve } from 'node:path';
import type { FailureLimit } from '#pipelines/run-control.js';
import { type UndoStep, undoStep, writingsOf } from '#pipelines/undo.js';
import type { Settings } from '#src/config/settings.js';
import { GuardError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { findRun } from './find-run.js';
import type { RunObserver } from './observer.js';
import { performRun } from './perform-run.js';
import { defaultSettle } from './run-job.js';
import { controlFor, runOnTenant } from './run-on-tenant.js';
import type { RunSummary } from './run-summary.js';
import { type KeptUndoOptions, undoJob } from './undo-job.js';

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

/** A customer that is left alone is no sign of trouble. */
const everyRow: FailureLimit = { kind: 'share', most: 1, from: 1 };

/** What an undo would do, by the API as it is now. */
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
 * Puts back what a run changed, as a run of its own: deletes what it created, restores what it updated.
 *
 * @returns the summary, or the plan alone when it was not confirmed
 * @throws UsageError, GuardError (the run has rows in doubt), LoginError, BusyError; then nothing was sent
 */
export async function undoRun(
  settings: Settings,
  options: UndoRunOptions,
  observer: RunObserver = {},
): Promise<RunSummary | { readonly plan: UndoPlan }> {
  const { failureLimit = everyRow } = options;
  const control = controlFor(failureLimit, options.signal);
  const paths = {
    ...(options.results === undefined ? {} : { results: resolve(options.results) }),
    ...(options.report === undefined ? {} : { report: resolve(options.report) }),
  };
  for (const path of Object.values(paths)) await assertWritable(path);
  const kept: KeptUndoOptions = {
    undoes: options.run,
    evenChanged: options.evenChanged === true,
    paths,
    failureLimit,
  };
  return runOnTenant(settings, control, `undo ${options.run}`, async (connection) => {
    const { ledger, client } = connection;
    const undone = findRun(ledger, options.run);
    refuseDoubts(ledger, undone);
    const job = undoJob(settings, ledger, kept);
    await client.login();
    const plan = await planOf(undone, ledger, client, settings.concurrency.value);
    if (!(await options.confirm(plan))) return { plan };
    const run = ledger.runs.start({ command: 'undo', options: { ...kept } });
    return performRun({
      connection,
      run,
      ledger: connection.rowsOf(run.number),
      job,
      control,
      observer,
      settle: { ...defaultSettle, settleMs: options.settleMs ?? defaultSettle.settleMs },
    });
  });
}

async function planOf(
  undone: RunRecord,
  ledger: Ledger,
  api: Parameters<typeof undoStep>[1],
  concurrency: number,
): Promise<UndoPlan> {
  const writings = writingsOf(ledger.rowsOf(undone.number).written());
  const customers: UndoPlan['customers'][number][] = [];
  const counts = { delete: 0, restore: 0, as_before: 0, gone: 0, lost: 0, changed: 0, unanswered: 0 };
  for (let from = 0; from < writings.length; from += concurrency) {
    const steps = writings.slice(from, from + concurrency).map(async (writing) => {
      const { kind } = await undoStep(writing, api);
      return { row: writing.number, customerCode: writing.customerCode, step: kind };
    });
    for (const step of await Promise.all(steps)) {
      customers.push(step);
      counts[step.step] += 1;
    }
  }
  return { undoes: undone.name, counts, customers };
}

function refuseDoubts(ledger: Ledger, run: RunRecord): void {
  const { in_doubt: doubts } = ledger.runs.counts(run.number);
  if (doubts === 0) return;
  throw new GuardError(`Run ${run.name} has ${doubts} rows in doubt: it is not known what to undo for them.`, {
    code: 'ROWS_IN_DOUBT',
    nextStep: `Settle them first: mypos-customers reconcile ${run.name}`,
  });
}
