import type { FailureLimit } from '../../pipelines/run-control.js';
import type { Settings } from '../config/settings.js';
import { GuardError, InputError } from '../errors.js';
import type { Ledger } from '../ledger/open-ledger.js';
import type { RunRecord } from '../ledger/runs.js';
import type { Connection } from './connect.js';
import { deleteJob, inputOfCodes, type KeptDeleteOptions } from './delete-customers.js';
import { findRun } from './find-run.js';
import { importJob, type KeptImportOptions } from './import-job.js';
import { type Input, openInputAt, type ReadOptions } from './input.js';
import { readMappingFile } from './mapping-file.js';
import type { RunObserver } from './observer.js';
import { performRun, reconcileOnly } from './perform-run.js';
import { defaultSettle, type RunJob, type RunTools } from './run-job.js';
import { controlFor, runOnTenant } from './run-on-tenant.js';
import type { RunSummary } from './run-summary.js';
import { type KeptUndoOptions, undoJob } from './undo-job.js';

export interface ResumeOptions {
  /** @default the latest unfinished one of this tenant */
  readonly run?: string;
  /** How long to wait before a lost add counts as never made. @default 10000 */
  readonly settleMs?: number;
  readonly failureLimit?: FailureLimit;
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
  return continueRun(settings, options, observer, isUnfinished, performRun);
}

/**
 * Settles the rows in doubt of a run, without sending anything.
 *
 * @returns `undefined` when no run has rows in doubt
 * @throws as {@link resumeRun}
 */
export function reconcileRun(settings: Settings, options: ReconcileOptions, observer: RunObserver = {}) {
  return continueRun(settings, options, observer, hasDoubts, reconcileOnly);
}

type Wanted = (run: RunRecord, ledger: Ledger) => boolean;

function isUnfinished(run: RunRecord, ledger: Ledger): boolean {
  const { failed, in_doubt } = ledger.runs.counts(run.number);
  return run.state !== 'completed' || failed + in_doubt > 0;
}

function hasDoubts(run: RunRecord, ledger: Ledger): boolean {
  return ledger.runs.counts(run.number).in_doubt > 0;
}

async function continueRun(
  settings: Settings,
  options: ReconcileOptions,
  observer: RunObserver,
  wanted: Wanted,
  perform: (tools: RunTools) => Promise<RunSummary>,
): Promise<RunSummary | undefined> {
  const control = controlFor(options.failureLimit, options.signal);
  return runOnTenant(settings, control, `resume ${options.run ?? ''}`.trim(), async (connection) => {
    const { ledger } = connection;
    const run = options.run === undefined ? latest(ledger, wanted) : findRun(ledger, options.run);
    if (run === undefined || !wanted(run, ledger)) return undefined;
    const job = await jobOf(settings, run, connection, observer);
    await connection.client.login();
    ledger.runs.reopen(run.number);
    const { settleMs = defaultSettle.settleMs, assumeAbsent = false } = options;
    const settle = { settleMs, assumeAbsent };
    return perform({ connection, run, ledger: ledger.rowsOf(run.number), job, control, observer, settle });
  });
}

function latest(ledger: Ledger, wanted: Wanted): RunRecord | undefined {
  for (const run of ledger.runs.all()) if (wanted(run, ledger)) return run;
  return undefined;
}

/** Each command's way to take up a run of its own; the ledger kept what it needs. */
const reopeners: Readonly<
  Record<string, (settings: Settings, run: RunRecord, connection: Connection, observer: RunObserver) => Promise<RunJob>>
> = {
  import: reopenImport,
  delete: reopenDelete,
  undo: (settings, run, connection) =>
    Promise.resolve(undoJob(settings, connection.ledger, run.options as unknown as KeptUndoOptions)),
};

function jobOf(settings: Settings, run: RunRecord, connection: Connection, observer: RunObserver): Promise<RunJob> {
  const reopen = reopeners[run.command];
  if (reopen === undefined) throw new Error(`The ledger has a run of an unknown command: ${run.command}`);
  return reopen(settings, run, connection, observer);
}

async function reopenImport(settings: Settings, run: RunRecord, _: Connection, observer: RunObserver): Promise<RunJob> {
  const kept = run.options as unknown as KeptImportOptions;
  const mappingFile = readMappingFile(kept.mapping);
  if (mappingFile.sha256 !== run.mappingSha256) throw changed(run, `The mapping ${kept.mapping}`);
  const input = await reopenInput(run, kept.read, mappingFile.mapping);
  return importJob(settings, kept, mappingFile, input, observer);
}

async function reopenDelete(settings: Settings, run: RunRecord): Promise<RunJob> {
  const kept = run.options as unknown as KeptDeleteOptions;
  const input = kept.codes.length > 0 ? inputOfCodes(kept.codes) : await reopenInput(run, kept.read);
  return deleteJob(settings, kept, input);
}

async function reopenInput(
  run: RunRecord,
  read: ReadOptions,
  mapping?: Parameters<typeof openInputAt>[3],
): Promise<Input> {
  if (run.input === undefined) throw new Error(`The ledger knows no input of run ${run.name}.`);
  const { path, file, sha256 } = run.input;
  const input = await openInputAt(path, file, read, mapping).catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error;
    throw gone(run, path, error);
  });
  if (input.source.fingerprint.sha256 !== sha256) throw changed(run, `The input ${path}`);
  return input;
}

function changed(run: RunRecord, what: string): GuardError {
  return new GuardError(`${what} has changed since run ${run.name} began, so its rows are not the same any more.`, {
    code: 'CHANGED_SINCE_RUN',
    nextStep: `Put it back as it was and resume. Or settle what is in doubt with \`mypos-customers reconcile ${run.name}\` and import the file anew with --force: rows with a key that are done are not sent again.`,
  });
}

function gone(run: RunRecord, path: string, cause: InputError): GuardError {
  return new GuardError(`The input of run ${run.name} cannot be read any more: ${cause.message}`, {
    code: 'INPUT_GONE',
    nextStep: `Put the file back at ${path} and resume.`,
    cause,
  });
}
