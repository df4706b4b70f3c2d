import { resolve } from 'node:path';
import { countTaken } from '#pipelines/batches.js';
import type { Reconciled } from '#pipelines/import/reconcile.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import type { FailureLimit } from '#pipelines/run-control.js';
import { announceTarget, type Connection, isEmbeddedSandbox, openTenantLedger } from '#src/app/connect.js';
import { createCodeInput, createDeleteJob, type SavedDeleteOptions } from '#src/app/delete/delete-customers.js';
import { describeGap, reportGap } from '#src/app/describe-gap.js';
import type { ImportQuestions } from '#src/app/import/check-strangers.js';
import { createImportJob, type SavedImportOptions, saveScan } from '#src/app/import/import-job.js';
import { openReturnedFiles } from '#src/app/import/returned-file.js';
import { type Input, openInputAt } from '#src/app/input.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import { performRun, runOrStop, settleDoubts } from '#src/app/perform-run.js';
import { auditStart, defaultSettle, endRun, type RunContext, type RunJob, startResults } from '#src/app/run.js';
import { createRunControl, findRun, runOnTenant } from '#src/app/run-on-tenant.js';
import type { RunObserver, RunSummary } from '#src/app/run-summary.js';
import { scanInputAt } from '#src/app/scan-input.js';
import { createUndoJob, type SavedUndoOptions } from '#src/app/undo/undo-run.js';
import { findProfileOf } from '#src/config/config-file.js';
import type { Settings } from '#src/config/settings.js';
import { CustomersError, GuardError, InputError } from '#src/errors.js';
import type { Ledger, Tenant } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';

export type { Reconciled };

export interface ResumeOptions {
  /** @default the latest unfinished one of this tenant */
  readonly run?: string;
  /** As for an import. */
  readonly settleMs?: number;
  /** As for an import. */
  readonly patienceMs?: number;
  readonly failureLimit?: FailureLimit;
  /** Where to write a report. @default where the run had it */
  readonly report?: string;
  /** As for an import. */
  readonly confirmDetails?: (calls: number) => Promise<boolean>;
  /** Ends the run early; its reason is `SIGINT` or `SIGTERM`. */
  readonly signal?: AbortSignal;
}

export interface ReconcileOptions extends ResumeOptions {
  /** A person has checked: what is still unclear about these rows (line or row numbers) counts as never created. @default none */
  readonly absent?: 'all' | ReadonlySet<number>;
}

/**
 * Finishes an interrupted run: rows in doubt are settled first, then the open ones are sent; settled rows cost nothing.
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

/** Unfinished runs that belong to another account or login of this state folder. */
export interface RunsElsewhere {
  readonly tenant: Tenant;
  readonly runs: number;
  readonly isSandbox: boolean;
  /** The profile of the configuration file that names this account and login, if one does. */
  readonly profile: string | undefined;
}

/** Finds runs that `resume` would continue if it was about another account: the login may just be the wrong one. */
export function findRunsElsewhere(settings: Settings, config: string | undefined): readonly RunsElsewhere[] {
  const ledger = openTenantLedger(settings);
  try {
    return ledger.countUnfinishedElsewhere().map(({ tenant, runs }) => ({
      ...{ tenant, runs, isSandbox: isEmbeddedSandbox(tenant) },
      profile: findProfileOf(config, tenant.baseUrl, tenant.login),
    }));
  } finally {
    ledger.close();
  }
}

type Questions = Omit<ImportQuestions, 'onlyPlans'>;

type RunFilter = (run: RunRecord, ledger: Ledger) => boolean;

/** How a run is continued: resume and reconcile differ in these. */
interface Continuation<S extends RunSummary> {
  readonly name: string;
  /** Which runs are meant when none is named: the latest that the first filter selects, else that the next one selects. */
  readonly filters: readonly RunFilter[];
  readonly openJob: (
    settings: Settings,
    run: RunRecord,
    connection: Connection,
    observer: RunObserver,
    questions: Questions,
  ) => Promise<RunJob>;
  readonly perform: (context: RunContext) => Promise<S>;
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
  { name, filters, openJob, perform }: Continuation<S>,
): Promise<S | undefined> {
  const control = createRunControl(options.failureLimit, options.signal);
  announceTarget(settings, observer);
  const waiting = { patienceMs: options.patienceMs, notice: observer.notice };
  return runOnTenant(settings, control, `${name} ${options.run ?? ''}`.trim(), waiting, async (connection) => {
    const { ledger } = connection;
    if (options.run !== undefined && ledger.runs.find(options.run) === undefined) refuseGap(ledger);
    const named = options.run === undefined ? undefined : findRun(ledger, options.run);
    if (named !== undefined && !filters.some((filter) => filter(named, ledger))) return undefined;
    const questions = { confirmDetails: options.confirmDetails, stopping: control.stopping };
    const reopen = (run: RunRecord) => openJob(settings, run, connection, observer, questions);
    const found =
      named === undefined
        ? await reopenFirst(findWaitingRuns(ledger, filters), reopen, observer)
        : { run: named, job: await reopen(named) };
    if (found === undefined) {
      refuseGap(ledger);
      return undefined;
    }
    const { run } = found;
    const job = withReport(options.report, found.job);
    control.failureLimit = options.failureLimit ?? savedLimit(run) ?? control.failureLimit;
    await connection.client.login();
    reportGap(ledger, observer);
    ledger.runs.reopen(run.number);
    const { settleMs, patienceMs, absent } = { ...defaultSettle, ...options };
    const settle = { settleMs, patienceMs, absent };
    return perform({
      connection,
      run,
      ledger: connection.openRows(run.number),
      job,
      control,
      observer,
      settle,
      by: name,
    });
  });
}

/** A ledger that has lost commits may lack the very run that is to be continued. */
function refuseGap({ age }: Ledger): void {
  const gap = age.gap();
  if (gap === undefined) return;
  throw new GuardError(`${describeGap(gap)} The run to continue may be one that it has lost. Nothing was sent.`, {
    code: 'LEDGER_NOT_NEWEST',
  });
}

/** Only settles the rows in doubt of a run; one that was not finished stays so. */
async function reconcileOnly(context: RunContext): Promise<RunSummary & { readonly reconciled: Reconciled | null }> {
  auditStart(context);
  let reconciled: Reconciled | null = null;
  await runOrStop(context, async () => {
    reconciled = await settleDoubts(context);
  });
  return { ...(await endRun(context, startResults(context), hasReachedAllRows(context))), reconciled };
}

function hasReachedAllRows({ connection, run, job }: RunContext): boolean {
  const reached = Object.values(connection.ledger.runs.countRows(run.number)).reduce((sum, count) => sum + count, 0);
  return reached >= countTaken(job.rows, job.first);
}

function withReport(report: string | undefined, job: RunJob): RunJob {
  return report === undefined ? job : { ...job, paths: { ...job.paths, report: resolve(report) } };
}

/**
 * Reopens the first run that can be continued. A run whose file is gone is reported and does not block the others.
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
          message: `${message} ${nextStep} Continuing run ${run.name} instead.`,
        });
      return { run, job };
    } catch (error) {
      if (!(error instanceof GuardError)) throw error;
      refusals.push(error);
    }
  if (refusals[0] !== undefined) throw refusals[0];
  return undefined;
}

/** The runs that can be continued: by filter, and for each filter the latest first. */
function* findWaitingRuns(ledger: Ledger, filters: readonly RunFilter[]): Iterable<RunRecord> {
  for (const filter of filters)
    for (const run of ledger.runs.all()) {
      // What a finished undo did not apply was skipped on purpose.
      if (run.command === 'undo' && filter === hasFailed) continue;
      if (ledger.isSuperseded(run.number)) continue;
      if (filter(run, ledger)) yield run;
    }
}

/** The limit that the run was started with. */
function savedLimit(run: RunRecord): FailureLimit | undefined {
  return (run.options as { readonly failureLimit?: FailureLimit }).failureLimit;
}

/** How each command reopens a run of its own, from what the ledger kept. */
const reopeners: Readonly<
  Record<
    string,
    (
      settings: Settings,
      run: RunRecord,
      connection: Connection,
      observer: RunObserver,
      questions: Questions,
    ) => Promise<RunJob>
  >
> = {
  import: reopenImport,
  delete: reopenDelete,
  undo: (settings, run, connection) =>
    Promise.resolve(createUndoJob(settings, connection.ledger, run.options as unknown as SavedUndoOptions)),
};

function openJob(
  settings: Settings,
  run: RunRecord,
  connection: Connection,
  observer: RunObserver,
  questions: Questions,
): Promise<RunJob> {
  const reopen = reopeners[run.command];
  if (reopen === undefined) throw new Error(`The ledger has a run with an unknown command: ${run.command}`);
  return reopen(settings, run, connection, observer, questions);
}

/** Doubts are settled by what the ledger kept of them, so the input may have changed. */
async function openJobForDoubts(
  settings: Settings,
  run: RunRecord,
  connection: Connection,
  observer: RunObserver,
  questions: Questions,
): Promise<RunJob> {
  try {
    return await openJob(settings, run, connection, observer, questions);
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    observer.notice?.({
      severity: 'warning',
      code: 'RESULTS_NOT_WRITTEN',
      message: `The result file was not written again: ${error.message}`,
    });
    const { stamp, first } = run.options as Pick<SavedImportOptions, 'stamp' | 'first'>;
    const rows =
      run.input?.rows ?? Object.values(connection.ledger.runs.countRows(run.number)).reduce((a, b) => a + b, 0);
    return { rows, first, paths: {}, work: () => Promise.resolve(), ...(stamp === undefined ? {} : { stamp }) };
  }
}

async function reopenImport(
  settings: Settings,
  run: RunRecord,
  connection: Connection,
  observer: RunObserver,
  questions: Questions,
): Promise<RunJob> {
  const saved = run.options as unknown as SavedImportOptions;
  const mappingFile = readMappingFile(saved.mapping, saved.read, settings);
  if (mappingFile.sha256 !== run.mappingSha256) throw changedSinceRun(run, `The mapping ${saved.mapping}`);
  const cache = connection.ledger.inputScans.load(run.number);
  const returned = openReturnedFiles(settings, mappingFile, {
    allowsRepeats: saved.repeats === 'in-order',
    ledger: connection.ledger,
  });
  const input = await explainGone(run, ({ path, file, sha256 }) =>
    scanInputAt(path, file, saved.read, mappingFile, {
      earlier: {
        ...{ cache, sha256 },
        createChangedError: () => changedSinceRun(run, `The input ${path}`),
      },
      returned,
    }),
  );
  const job = await createImportJob(settings, saved, mappingFile, input, observer, questions);
  saveScan(connection, run, job);
  return job;
}

async function reopenDelete(settings: Settings, run: RunRecord): Promise<RunJob> {
  const saved = run.options as unknown as SavedDeleteOptions;
  const input = saved.codes.length > 0 ? createCodeInput(saved.codes) : await reopenInput(run, saved.read);
  return createDeleteJob(settings, saved, input);
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
  if (input === undefined) throw new Error(`The ledger has no input for run ${run.name}.`);
  try {
    return await open(input);
  } catch (error) {
    throw error instanceof InputError ? inputGone(run, input.path, error) : error;
  }
}

function changedSinceRun(run: RunRecord, what: string): GuardError {
  return new GuardError(`${what} has changed since run ${run.name} started, so its rows are no longer the same.`, {
    code: 'CHANGED_SINCE_RUN',
    nextStep: `Restore it and resume. Or settle the rows in doubt with \`mypos-customers reconcile ${run.name}\` and import the file again with --force: finished rows with a key are not sent again.`,
  });
}

function inputGone(run: RunRecord, path: string, cause: InputError): GuardError {
  return new GuardError(`The input of run ${run.name} can no longer be read: ${cause.message}`, {
    code: 'INPUT_GONE',
    nextStep: `Put the file back at ${path} and resume. Without it, the remaining rows cannot be sent; \`mypos-customers reconcile ${run.name}\` settles the rows in doubt.`,
    cause,
  });
}
