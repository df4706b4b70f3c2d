import { basename } from 'node:path';
import type { RowCounts } from '#pipelines/model.js';
import { openTenantLedger } from '#src/app/connect.js';
import { importFile } from '#src/app/import/import-file.js';
import { AccountUnknownError } from '#src/app/import/refusals.js';
import { countOutcomes } from '#src/app/not-reached.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import { type ApiSummary, noTraffic, type RunObserver, type RunSummary } from '#src/app/run-summary.js';
import { CustomersError, type ExitCode, exitCodes, InputError } from '#src/errors.js';
import { hashFile } from '#src/files/input-file.js';
import { NoDataRowsError } from '#src/files/table/no-data-rows.js';
import { isTruncation } from '#src/inbox/check-complete.js';
import type { Claim } from '#src/inbox/claims.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { explainError, type FileOutcome, type FileReason, noneWaiting, type WaitingCount } from './summary.js';
import type { JobSetup, SweepJob } from './sweep-jobs.js';

/** The result of importing a claimed file, and what is to be done with the file. */
export interface ClaimResult {
  readonly outcome: Exclude<FileOutcome, 'waits' | 'ready'>;
  readonly exitCode: ExitCode;
  readonly run: string | null;
  readonly counts: RowCounts | null;
  readonly api: ApiSummary;
  readonly reason: FileReason | null;
  /** Names of the files that were written beside the input. */
  readonly products: { readonly results?: string; readonly rejects?: string; readonly review?: string };
  readonly waiting: WaitingCount;
  /** Whether the reason has nothing to do with the file, so that other files of the same login would fail alike. */
  readonly isTenantFailure: boolean;
}

export interface ImportClaimOptions {
  readonly job: SweepJob;
  readonly setup: JobSetup;
  readonly observer: RunObserver;
  readonly signal: AbortSignal | undefined;
  /** Checks that the drop folder is still available. @throws InputError */
  readonly assertAvailable: () => Promise<void>;
  /** How long to wait before a lost add counts as never made. @default as for an import */
  readonly settleMs: number | undefined;
  readonly settlePatienceMs: number | undefined;
  readonly nowMs: number;
}

/** Imports a claimed file, or continues the run that an earlier process started for it. */
export async function importClaim(claim: Claim, options: ImportClaimOptions): Promise<ClaimResult> {
  let result: ClaimResult;
  try {
    result = await importOrResume(claim, options);
  } catch (error) {
    result = buildErrorResult(error, claim, options);
  }
  return recheckFile({ ...result, reason: withDroppedName(result.reason, claim) }, claim, options);
}

/** Replaces the path inside the claim, which means nothing to people, by the name of the dropped file. */
function withDroppedName(reason: FileReason | null, { path, record }: Claim): FileReason | null {
  if (reason === null) return null;
  return { ...reason, message: reason.message.replaceAll(path, record.file) };
}

async function importOrResume(claim: Claim, options: ImportClaimOptions): Promise<ClaimResult> {
  await claim.copyFile();
  const { setup, job, observer, signal, settleMs, settlePatienceMs: patienceMs } = options;
  const earlier = await findEarlierWork(claim, options);
  if (earlier.kind === 'finished') return earlier.result;
  const common = {
    ...(setup.failureLimit === undefined ? {} : { failureLimit: setup.failureLimit }),
    ...(signal === undefined ? {} : { signal }),
    ...(settleMs === undefined ? {} : { settleMs }),
    ...(patienceMs === undefined ? {} : { patienceMs }),
  };
  if (earlier.kind === 'unfinished')
    return buildResult(await resumeRun(setup.settings, { ...common, run: earlier.run.name }, observer), claim, options);
  const { maxRows, verify } = job.job;
  const summary = await importFile(
    setup.settings,
    {
      ...common,
      file: claim.path,
      mode: setup.mode,
      ...(maxRows === undefined ? {} : { maxRows }),
      ...(verify === undefined ? {} : { verify }),
    },
    observer,
  );
  return buildResult(summary, claim, options);
}

type EarlierWork =
  | { readonly kind: 'none' }
  | { readonly kind: 'unfinished'; readonly run: RunRecord }
  | { readonly kind: 'finished'; readonly result: ClaimResult };

/** Finds runs of this file in the ledger. A claim's path is never used twice, so it identifies the run. */
async function findEarlierWork(claim: Claim, { setup, job }: ImportClaimOptions): Promise<EarlierWork> {
  const sha256 = await hashClaim(claim);
  const ledger = openTenantLedger(setup.settings);
  try {
    const run = ledger.runs.findLatestOfPath(claim.path);
    if (run !== undefined) {
      const counts = countOutcomes(ledger, run);
      const isFinished = run.state === 'completed' && counts.failed + counts.in_doubt === 0;
      if (!isFinished) return { kind: 'unfinished', run };
      const { waiting: rows, fresh } = ledger.decisions.countWaiting(run.number);
      return { kind: 'finished', result: { ...buildFinishedResult(run, counts), waiting: { rows, fresh } } };
    }
    if (job.job.sameContent === 'import' || sha256 === undefined) return { kind: 'none' };
    const earlierImport = ledger.runs
      .findCompletedImports(sha256)
      .find((candidate) => isSameImport(candidate, setup) && !isUndone(ledger, candidate));
    if (earlierImport === undefined) return { kind: 'none' };
    return { kind: 'finished', result: buildDuplicateResult(earlierImport) };
  } finally {
    ledger.close();
  }
}

/** `undefined` for a file that cannot be read; the import reports that. */
async function hashClaim(claim: Claim): Promise<string | undefined> {
  try {
    return await hashFile(claim.path);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Whether a run imported the whole file with the same mapping and mode; with others, the result would differ. */
function isSameImport(run: RunRecord, setup: JobSetup): boolean {
  return run.mode === setup.mode && run.mappingSha256 === setup.mappingSha256 && run.options.first === undefined;
}

function isUndone(ledger: Ledger, run: RunRecord): boolean {
  for (const later of ledger.runs.all()) {
    if (later.number <= run.number) return false;
    if (later.command === 'undo' && later.options.undoes === run.name) return true;
  }
  return false;
}

const emptyResult = {
  exitCode: exitCodes.done,
  run: null,
  counts: null,
  api: noTraffic,
  reason: null,
  products: {},
  waiting: noneWaiting,
  isTenantFailure: false,
} as const satisfies Omit<ClaimResult, 'outcome'>;

function buildDuplicateResult(run: RunRecord): ClaimResult {
  const startedAt = new Date(run.startedAtMs).toISOString();
  const source = run.input?.file ?? 'a file';
  const message = `The same content was imported before: run ${run.name}, ${startedAt}, from ${source}.`;
  const nextStep =
    'Rows to fix are in the rejects file of that run. To import the same content again, set "sameContent": "import" for the job.';
  return { ...emptyResult, outcome: 'duplicate', run: run.name, reason: { code: 'SAME_CONTENT', message, nextStep } };
}

/** The result of a run whose process died before the file was archived. */
function buildFinishedResult(run: RunRecord, counts: RowCounts): ClaimResult {
  const exitCode = (run.exitCode ?? exitCodes.done) as ExitCode;
  return { ...emptyResult, outcome: 'done', exitCode, run: run.name, counts, products: nameProducts(run.files) };
}

function buildResult(summary: RunSummary | undefined, claim: Claim, options: ImportClaimOptions): ClaimResult {
  if (summary === undefined) throw new Error(`The unfinished run of ${claim.path} had nothing to resume.`);
  const { run, counts, api, exitCode, stopped, waiting: rows, newlyWaiting: fresh = 0 } = summary;
  const waiting = { rows, fresh };
  const result = { ...emptyResult, exitCode, run, counts, api, waiting, products: nameProducts(summary.files) };
  if (stopped !== null) return { ...result, ...chooseOutcome(exitCode, stopped.code), reason: stopped };
  // The next sweep settles rows in doubt. After the waiting time that is left to a person, and the file is archived.
  const mayWait = counts.in_doubt > 0 && !isOverdue(claim, options);
  const reason = exitCode === exitCodes.inDoubt ? explainDoubt(run, counts) : null;
  return { ...result, outcome: mayWait ? 'kept' : 'done', reason };
}

function explainDoubt(run: string | null, counts: RowCounts): FileReason {
  if (counts.in_doubt === 0)
    return {
      code: 'DOUBTS_ELSEWHERE',
      message: 'Rows were skipped because an earlier run left them in doubt; the result file names that run.',
      nextStep: 'Settle that run with mypos-customers reconcile, then put the skipped rows into the drop folder again.',
    };
  const nextStep = `The next sweep asks the API again. To do it now: mypos-customers reconcile ${run ?? ''}`;
  return { code: 'IN_DOUBT', message: 'It is not known whether some rows reached the API.', nextStep };
}

function buildErrorResult(error: unknown, claim: Claim, options: ImportClaimOptions): ClaimResult {
  const exitCode = error instanceof CustomersError ? error.exitCode : exitCodes.bug;
  const reason = explainError(error instanceof AccountUnknownError ? error.forDroppedFile(claim.record.file) : error);
  // With the header of the mapping, the file says that there is nothing to do; any other text may be a failed export.
  if (error instanceof NoDataRowsError && error.hasExpectedHeader && options.job.job.empty === 'done')
    return { ...emptyResult, outcome: 'done', reason: { ...reason, nextStep: null } };
  if (error instanceof InputError && isTruncation(error) && !isOverdue(claim, options))
    return { ...emptyResult, outcome: 'returned', reason };
  return { ...emptyResult, exitCode, ...chooseOutcome(exitCode, reason.code), reason };
}

/** Exit codes that say nothing about the file; its run can be continued. */
const keepingExitCodes: ReadonlySet<ExitCode> = new Set([
  exitCodes.stoppedEarly,
  exitCodes.login,
  exitCodes.busy,
  exitCodes.sigint,
  exitCodes.sigterm,
]);

function chooseOutcome(exitCode: ExitCode, code: string): Pick<ClaimResult, 'outcome' | 'isTenantFailure'> {
  // Continuing automatically would only produce more failures; a person must decide.
  if (code === 'MAX_FAILURES') return { outcome: 'failed', isTenantFailure: false };
  const isKept = keepingExitCodes.has(exitCode);
  return { outcome: isKept ? 'kept' : 'failed', isTenantFailure: isKept };
}

function isOverdue(claim: Claim, { job, nowMs }: ImportClaimOptions): boolean {
  return nowMs - claim.record.firstSeenMs > job.maxWaitMs;
}

/** If the folder has become unavailable, or the file has changed meanwhile, the result says nothing about the file. */
async function recheckFile(result: ClaimResult, claim: Claim, options: ImportClaimOptions): Promise<ClaimResult> {
  try {
    await options.assertAvailable();
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    const { exitCode } = error;
    return { ...result, outcome: 'kept', exitCode, reason: explainError(error), isTenantFailure: false };
  }
  if (result.outcome === 'kept' || result.outcome === 'returned') return result;
  if (!(await claim.hasGrown())) return result;
  const message = 'The file was still being written while it was imported, so it is checked again.';
  const nextStep = 'Finished rows are not sent again. A done-file prevents this: see docs/nightly-folder.md.';
  return { ...result, outcome: 'returned', exitCode: exitCodes.done, reason: { code: 'GREW', message, nextStep } };
}

function nameProducts(files: {
  readonly results?: string | null;
  readonly rejects?: string | null;
  readonly review?: string | null;
}): ClaimResult['products'] {
  return {
    ...(typeof files.results === 'string' ? { results: basename(files.results) } : {}),
    ...(typeof files.rejects === 'string' ? { rejects: basename(files.rejects) } : {}),
    ...(typeof files.review === 'string' ? { review: basename(files.review) } : {}),
  };
}
