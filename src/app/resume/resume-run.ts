import { resolve } from 'node:path';
import type { Reconciled } from '#pipelines/import/reconcile.js';
import type { FailureLimit } from '#pipelines/run-control.js';
import type { Connection } from '#src/app/connect.js';
import { createCodeInput, createDeleteJob, type SavedDeleteOptions } from '#src/app/delete/delete-customers.js';
import { createImportJob, type SavedImportOptions, saveScan } from '#src/app/import/import-job.js';
import { type Input, openInputAt, type ReadOptions } from '#src/app/input.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import { performRun, reconcileOnly } from '#src/app/perform-run.js';
import { defaultSettle, type RunContext, type RunJob } from '#src/app/run-job.js';
import { createRunControl, findRun, runOnTenant } from '#src/app/run-on-tenant.js';
import type { RunObserver, RunSummary } from '#src/app/run-summary.js';
import { scanInputAt } from '#src/app/scan-input.js';
import { createUndoJob, type SavedUndoOptions } from '#src/app/undo/undo-run.js';
import type { Settings } from '#src/config/settings.js';
import { CustomersError, GuardError, InputError } from '#src/errors.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';

export interface ResumeOptions {
  /** @default the latest unfinished one of this tenant */
  readonly run?: string;
  /** How long to wait before a lost add counts as never made. @default 10000 */
  readonly settleMs?: number;
  readonly failureLimit?: FailureLimit;
  /** Where to write a report. @default where the run had it */
  readonly report?: string;
  /** Ends the run early; its reason is `SIGINT` or `SIGTERM`. */
  readonly signal?: AbortSignal;
}

export interface ReconcileOptions extends ResumeOptions {
  /** A person has looked: what is still unclear counts as never made. */
  readonly assumeAbsent?: boolean;
}

/**
 * Finishes an interrupted run: what is settled costs nothing more, what is in doubt is settled first, the rest is sent.
 *
 * @returns `undefined` when there is nothing to resume
 * @throws GuardError when the input or the mapping has changed, UsageError for an unknown run, BusyError, LoginError
 */
export function resumeRun(settings: Settings, options: ResumeOptions, observer: RunObserver = {}) {
  return continueRun(settings, options, observer, resuming);
}

/**
 * Settles the rows in doubt of a run, without sending anything.
 *
 * @returns `undefined` when no run has rows in doubt
 * @throws as {@link resumeRun}
 */
export function reconcileRun(settings: Settings, options: ReconcileOptions, observer: RunObserver = {}) {
  return continueRun(settings, options, observer, reconciling);
}

type RunFilter = (run: RunRecord, ledger: Ledger) => boolean;

/** A way to go on with a run. */
interface Continuation<S extends RunSummary> {
  readonly name: string;
  /** What makes a run worth it, the most urgent first; without a name, the latest of the first kind that has any. */
  readonly filters: readonly RunFilter[];
  readonly openJob: (
    settings: Settings,
    run: RunRecord,
    connection: Connection,
    observer: RunObserver,
  ) => Promise<RunJob>;
  readonly perform: (tools: RunContext) => Promise<S>;
}

const isUnfinished: RunFilter = (run) => run.state !== 'completed';
const hasDoubts: RunFilter = (run, ledger) => ledger.runs.countRows(run.number).in_doubt > 0;
const hasFailed: RunFilter = (run, ledger) => ledger.runs.countRows(run.number).failed > 0;

const resuming: Continuation<RunSummary> = {
  name: 'resume',
  filters: [(run, ledger) => isUnfinished(run, ledger) || hasDoubts(run, ledger), hasFailed],
  openJob,
  perform: performRun,
};

const reconciling: Continuation<RunSummary & { readonly reconciled: Reconciled | null }> = {
  name: 'reconcile',
  filters: [hasDoubts],
  openJob: openJobForDoubts,
  perform: reconcileOnly,
};

async function continueRun<S extends RunSummary>(
  settings: Settings,
  options: ReconcileOptions,
  observer: RunObserver,
  { name, filters: wanted, openJob: jobOf, perform }: Continuation<S>,
): Promise<S | undefined> {
  const control = createRunControl(options.failureLimit, options.signal);
  return runOnTenant(settings, control, `${name} ${options.run ?? ''}`.trim(), async (connection) => {
    const { ledger } = connection;
    const named = options.run === undefined ? undefined : findRun(ledger, options.run);
    if (named !== undefined && !wanted.some((isWanted) => isWanted(named, ledger))) return undefined;
    const reopen = (run: RunRecord) => jobOf(settings, run, connection, observer);
    const found =
      named === undefined
        ? await reopenFirst(findWaitingRuns(ledger, wanted), reopen, observer)
        : { run: named, job: await reopen(named) };
    if (found === undefined) return undefined;
    const { run } = found;
    const job = withReport(options.report, found.job);
    control.failureLimit = options.failureLimit ?? savedLimit(run) ?? control.failureLimit;
    await connection.client.login();
    ledger.runs.reopen(run.number);
    const { settleMs = defaultSettle.settleMs, assumeAbsent = false } = options;
    const settle = { settleMs, assumeAbsent };
    return perform({ connection, run, ledger: connection.openRows(run.number), job, control, observer, settle });
  });
}

function withReport(report: string | undefined, job: RunJob): RunJob {
  return report === undefined ? job : { ...job, paths: { ...job.paths, report: resolve(report) } };
}

/**
 * The first run that can go on. One whose file is gone must not keep the others waiting, nor be forgotten.
 *
 * @throws GuardError when there are runs, and none can
 */
async function reopenFirst(
  runs: Iterable<RunRecord>,
  reopen: (run: RunRecord) => Promise<RunJob>,
  observer: RunObserver,
): Promise<{ readonly run: RunRecord; readonly job: RunJob } | undefined> {
  const refusals: GuardError[] = [];
  for (const run of runs)
    try {
      const job = await reopen(run);
      for (const { code, message, nextStep = '' } of refusals)
        observer.notice?.({
          severity: 'warning',
          code,
          message: `${message} ${nextStep} Going on with run ${run.name} instead.`,
        });
      return { run, job };
    } catch (error) {
      if (!(error instanceof GuardError)) throw error;
      refusals.push(error);
    }
  if (refusals[0] !== undefined) throw refusals[0];
  return undefined;
}

/** The runs that wait for work, the most urgent kind and of it the latest first. */
function* findWaitingRuns(ledger: Ledger, wanted: readonly RunFilter[]): Iterable<RunRecord> {
  for (const isWanted of wanted)
    for (const run of ledger.runs.all()) {
      // A finished undo has left alone what it should not touch: that is no work that waits.
      if (run.command === 'undo' && isWanted === hasFailed) continue;
      if (isWanted(run, ledger)) yield run;
    }
}

/** The limit that the user gave the run at its beginning. */
function savedLimit(run: RunRecord): FailureLimit | undefined {
  return (run.options as { readonly failureLimit?: FailureLimit }).failureLimit;
}

/** Each command's way to take up a run of its own; the ledger kept what it needs. */
const reopeners: Readonly<
  Record<string, (settings: Settings, run: RunRecord, connection: Connection, observer: RunObserver) => Promise<RunJob>>
> = {
  import: reopenImport,
  delete: reopenDelete,
  undo: (settings, run, connection) =>
    Promise.resolve(createUndoJob(settings, connection.ledger, run.options as unknown as SavedUndoOptions)),
};

function openJob(settings: Settings, run: RunRecord, connection: Connection, observer: RunObserver): Promise<RunJob> {
  const reopen = reopeners[run.command];
  if (reopen === undefined) throw new Error(`The ledger has a run of an unknown command: ${run.command}`);
  return reopen(settings, run, connection, observer);
}

/** Doubts are settled by what the ledger kept of them, so an input that has changed is no hindrance. */
async function openJobForDoubts(
  settings: Settings,
  run: RunRecord,
  connection: Connection,
  observer: RunObserver,
): Promise<RunJob> {
  try {
    return await openJob(settings, run, connection, observer);
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    observer.notice?.({
      severity: 'warning',
      code: 'RESULTS_NOT_WRITTEN',
      message: `The result file is left as it is: ${error.message}`,
    });
    const { stamp } = run.options as { readonly stamp?: string };
    const rows =
      run.input?.rows ?? Object.values(connection.ledger.runs.countRows(run.number)).reduce((a, b) => a + b, 0);
    return { rows, paths: {}, work: () => Promise.resolve(), ...(stamp === undefined ? {} : { stamp }) };
  }
}

async function reopenImport(
  settings: Settings,
  run: RunRecord,
  connection: Connection,
  observer: RunObserver,
): Promise<RunJob> {
  const kept = run.options as unknown as SavedImportOptions;
  const mappingFile = readMappingFile(kept.mapping);
  if (mappingFile.sha256 !== run.mappingSha256) throw changedSinceRun(run, `The mapping ${kept.mapping}`);
  const cache = connection.ledger.inputScans.load(run.number);
  const input = await explainGone(run, ({ path, file, sha256 }) =>
    scanInputAt(path, file, kept.read, mappingFile, {
      cache,
      sha256,
      createChangedError: () => changedSinceRun(run, `The input ${path}`),
    }),
  );
  const job = await createImportJob(settings, kept, mappingFile, input, observer);
  saveScan(connection, run, job);
  return job;
}

async function reopenDelete(settings: Settings, run: RunRecord): Promise<RunJob> {
  const kept = run.options as unknown as SavedDeleteOptions;
  const input = kept.codes.length > 0 ? createCodeInput(kept.codes) : await reopenInput(run, kept.read);
  return createDeleteJob(settings, kept, input);
}

async function reopenInput(run: RunRecord, read: ReadOptions): Promise<Input> {
  return explainGone(run, async ({ path, file, sha256 }) => {
    const input = await openInputAt(path, file, read);
    if (input.source.fingerprint.sha256 !== sha256) throw changedSinceRun(run, `The input ${path}`);
    return input;
  });
}

async function explainGone<T>(
  run: RunRecord,
  open: (input: NonNullable<RunRecord['input']>) => Promise<T>,
): Promise<T> {
  const { input } = run;
  if (input === undefined) throw new Error(`The ledger knows no input of run ${run.name}.`);
  try {
    return await open(input);
  } catch (error) {
    throw error instanceof InputError ? inputGone(run, input.path, error) : error;
  }
}

function changedSinceRun(run: RunRecord, what: string): GuardError {
  return new GuardError(`${what} has changed since run ${run.name} began, so its rows are not the same any more.`, {
    code: 'CHANGED_SINCE_RUN',
    nextStep: `Put it back as it was and resume. Or settle what is in doubt with \`mypos-customers reconcile ${run.name}\` and import the file anew with --force: rows with a key that are done are not sent again.`,
  });
}

function inputGone(run: RunRecord, path: string, cause: InputError): GuardError {
  return new GuardError(`The input of run ${run.name} cannot be read any more: ${cause.message}`, {
    code: 'INPUT_GONE',
    nextStep: `Put the file back at ${path} and resume. Without it, rows that were not sent stay so; \`mypos-customers reconcile ${run.name}\` settles what is in doubt.`,
    cause,
  });
}
