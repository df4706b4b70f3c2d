import { basename } from 'node:path';
import type { RowCounts } from '#pipelines/model.js';
import { resolveTenant } from '#src/app/connect.js';
import { importFile } from '#src/app/import/import-file.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import { type ApiSummary, noTraffic, type RunObserver, type RunSummary } from '#src/app/run-summary.js';
import { CustomersError, type ExitCode, exitCodes, InputError } from '#src/errors.js';
import { findInputFile } from '#src/files/input-file.js';
import { hashFile } from '#src/files/open-row-source.js';
import { isTruncation } from '#src/inbox/check-complete.js';
import type { Claim } from '#src/inbox/claims.js';
import { readFileIdentity } from '#src/inbox/scan-folder.js';
import { type Ledger, openLedger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { explainError, type FileOutcome, type FileReason } from './summary.js';
import type { JobSetup, SweepJob } from './sweep-jobs.js';

/** What an import of a claimed file came to, and so what is to become of the file. */
export interface ClaimResult {
  readonly outcome: Exclude<FileOutcome, 'waits' | 'ready'>;
  readonly exitCode: ExitCode;
  readonly run: string | null;
  readonly counts: RowCounts | null;
  readonly api: ApiSummary;
  readonly reason: FileReason | null;
  /** Names of what was written beside the file. */
  readonly products: { readonly results?: string; readonly rejects?: string };
  /** Nothing is wrong with the file: others of the same login would fare alike. */
  readonly isTenantFailure: boolean;
}

export interface ClaimContext {
  readonly job: SweepJob;
  readonly setup: JobSetup;
  readonly observer: RunObserver;
  readonly signal: AbortSignal | undefined;
  /** Whether the drop folder is still there. @throws InputError */
  readonly assertAvailable: () => Promise<void>;
  /** How long to wait before a lost add counts as never made. @default as for an import */
  readonly settleMs: number | undefined;
  readonly nowMs: number;
}

/** Imports a claimed file, or goes on with the run that an earlier process began for it. */
export async function importClaim(claim: Claim, tools: ClaimContext): Promise<ClaimResult> {
  let verdict: ClaimResult;
  try {
    verdict = await runImport(claim, tools);
  } catch (error) {
    verdict = buildErrorResult(error, claim, tools);
  }
  return recheckFile({ ...verdict, reason: withDroppedName(verdict.reason, claim) }, claim, tools);
}

/** Nobody knows a file by the name of its claim. */
function withDroppedName(reason: FileReason | null, { path, record }: Claim): FileReason | null {
  if (reason === null) return null;
  return { ...reason, message: reason.message.replaceAll(path, record.file) };
}

async function runImport(claim: Claim, tools: ClaimContext): Promise<ClaimResult> {
  const { setup: setUp, job, observer, signal, settleMs } = tools;
  const before = await findEarlierWork(claim, tools);
  if (before.kind === 'verdict') return before.verdict;
  const common = {
    ...(setUp.failureLimit === undefined ? {} : { failureLimit: setUp.failureLimit }),
    ...(signal === undefined ? {} : { signal }),
    ...(settleMs === undefined ? {} : { settleMs }),
  };
  if (before.kind === 'unfinished')
    return buildResult(await resumeRun(setUp.settings, { ...common, run: before.run.name }, observer), claim, tools);
  const { maxRows, verify } = job.job;
  const summary = await importFile(
    setUp.settings,
    {
      ...common,
      file: claim.path,
      mode: setUp.mode,
      ...(maxRows === undefined ? {} : { maxRows }),
      ...(verify === undefined ? {} : { verify }),
    },
    observer,
  );
  return buildResult(summary, claim, tools);
}

type EarlierWork =
  | { readonly kind: 'new' }
  | { readonly kind: 'unfinished'; readonly run: RunRecord }
  | { readonly kind: 'verdict'; readonly verdict: ClaimResult };

/** What the ledger knows of the file: the path of a claim is never used twice, so it names the run. */
async function findEarlierWork(claim: Claim, { setup: setUp, job }: ClaimContext): Promise<EarlierWork> {
  const sha256 = await hashClaim(claim);
  const ledger = openLedger(setUp.settings.stateDir.value, resolveTenant(setUp.settings));
  try {
    const own = ledger.runs.findLatestOfPath(claim.path);
    if (own !== undefined) {
      const counts = countRows(ledger, own);
      const isOver = own.state === 'completed' && counts.failed + counts.in_doubt === 0;
      return isOver ? { kind: 'verdict', verdict: buildFinishedResult(own, counts) } : { kind: 'unfinished', run: own };
    }
    if (job.job.sameContent === 'import' || sha256 === undefined) return { kind: 'new' };
    const twin = ledger.runs
      .findCompletedImports(sha256)
      .find((run) => isSameImport(run, setUp) && !isUndone(ledger, run));
    return twin === undefined ? { kind: 'new' } : { kind: 'verdict', verdict: buildDuplicateResult(twin) };
  } finally {
    ledger.close();
  }
}

/** What cannot be read is for the import to complain of. */
async function hashClaim(claim: Claim): Promise<string | undefined> {
  try {
    return (await hashFile(await findInputFile(claim.path))).sha256;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** The whole file, by the same rules: with another mapping or mode, the same content is another matter. */
function isSameImport(run: RunRecord, setUp: JobSetup): boolean {
  return run.mode === setUp.mode && run.mappingSha256 === setUp.mappingSha256 && run.options.first === undefined;
}

function isUndone(ledger: Ledger, run: RunRecord): boolean {
  for (const later of ledger.runs.all()) {
    if (later.number <= run.number) return false;
    if (later.command === 'undo' && later.options.undoes === run.name) return true;
  }
  return false;
}

function buildDuplicateResult(run: RunRecord): ClaimResult {
  const at = new Date(run.startedAtMs).toISOString();
  const message = `This very content was imported before: run ${run.name}, ${at}, from ${run.input?.file ?? 'a file'}.`;
  const nextStep =
    'Rows to mend are in the rejects file of that run. To import the same content again, give the job "sameContent": "import".';
  return { ...emptyResult, outcome: 'duplicate', run: run.name, reason: { code: 'SAME_CONTENT', message, nextStep } };
}

const emptyResult = {
  exitCode: exitCodes.done,
  run: null,
  counts: null,
  api: noTraffic,
  reason: null,
  products: {},
  isTenantFailure: false,
} as const satisfies Omit<ClaimResult, 'outcome'>;

/** The process died after the run was over and before the file was put away. */
function buildFinishedResult(run: RunRecord, counts: RowCounts): ClaimResult {
  const exitCode = (run.exitCode ?? exitCodes.done) as ExitCode;
  return { ...emptyResult, outcome: 'done', exitCode, run: run.name, counts, products: nameProducts(run.files) };
}

function countRows(ledger: Ledger, run: RunRecord): RowCounts {
  const counts = { ...ledger.runs.countRows(run.number) };
  const known = Object.values(counts).reduce((sum, count) => sum + count, 0);
  counts.skipped += Math.max(0, (run.input?.rows ?? known) - known);
  return counts;
}

function buildResult(summary: RunSummary | undefined, claim: Claim, tools: ClaimContext): ClaimResult {
  if (summary === undefined) throw new Error(`The run of ${claim.path} was over although it was not.`);
  const { run, counts, api, exitCode, stopped } = summary;
  const told = { ...emptyResult, exitCode, run, counts, api, products: nameProducts(summary.files) };
  if (stopped === null) {
    // The next sweep settles doubts; after a while it is for a person to do, and the file out of the way.
    const mayWait = counts.in_doubt > 0 && !isLate(claim, tools);
    const reason = exitCode === exitCodes.inDoubt ? explainDoubt(run, counts) : null;
    return { ...told, outcome: mayWait ? 'kept' : 'done', reason };
  }
  return { ...told, ...chooseOutcome(exitCode, stopped.code), reason: stopped };
}

function explainDoubt(run: string | null, counts: RowCounts): FileReason {
  if (counts.in_doubt === 0)
    return {
      code: 'DOUBTS_ELSEWHERE',
      message: 'Rows were skipped, because an earlier run left them in doubt; the result file names it.',
      nextStep: 'Settle that run with mypos-customers reconcile, then drop the skipped rows again.',
    };
  const nextStep = `The next sweep asks again. By hand: mypos-customers reconcile ${run ?? ''}`;
  return { code: 'IN_DOUBT', message: 'It is not known whether some rows arrived.', nextStep };
}

function buildErrorResult(error: unknown, claim: Claim, tools: ClaimContext): ClaimResult {
  const exitCode = error instanceof CustomersError ? error.exitCode : exitCodes.bug;
  const reason = explainError(error);
  if (error instanceof InputError && isTruncation(error) && !isLate(claim, tools))
    return { ...emptyResult, outcome: 'returned', reason };
  return { ...emptyResult, exitCode, ...chooseOutcome(exitCode, reason.code), reason };
}

/** Exit codes after which the file is as good as before, and its run can go on. */
const keepingExitCodes: ReadonlySet<ExitCode> = new Set([
  exitCodes.stoppedEarly,
  exitCodes.login,
  exitCodes.busy,
  exitCodes.sigint,
  exitCodes.sigterm,
]);

function chooseOutcome(exitCode: ExitCode, code: string): Pick<ClaimResult, 'outcome' | 'isTenantFailure'> {
  // To go on by itself would only meet more of the same; a person must look.
  if (code === 'MAX_FAILURES') return { outcome: 'failed', isTenantFailure: false };
  const isKept = keepingExitCodes.has(exitCode);
  return { outcome: isKept ? 'kept' : 'failed', isTenantFailure: isKept };
}

function isLate(claim: Claim, { job, nowMs }: ClaimContext): boolean {
  return nowMs - claim.record.firstSeenMs > job.maxWaitMs;
}

/** Looks whether the folder has gone, or somebody has written to the file: then the verdict says nothing of the file. */
async function recheckFile(verdict: ClaimResult, claim: Claim, tools: ClaimContext): Promise<ClaimResult> {
  try {
    await tools.assertAvailable();
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return {
      ...verdict,
      outcome: 'kept',
      exitCode: error.exitCode,
      reason: explainError(error),
      isTenantFailure: false,
    };
  }
  if (verdict.outcome === 'kept' || verdict.outcome === 'returned') return verdict;
  const identity = await readFileIdentity(claim.path);
  if (identity === undefined || identity === claim.record.identity) return verdict;
  const message = 'Somebody went on writing to the file while it was imported; it is looked at anew.';
  const nextStep = 'Rows that are done are not sent again. A done-file spares this: see docs/nightly-folder.md.';
  return { ...verdict, outcome: 'returned', exitCode: exitCodes.done, reason: { code: 'GREW', message, nextStep } };
}

function nameProducts(files: {
  readonly results?: string | null;
  readonly rejects?: string | null;
}): ClaimResult['products'] {
  return {
    ...(typeof files.results === 'string' ? { results: basename(files.results) } : {}),
    ...(typeof files.rejects === 'string' ? { rejects: basename(files.rejects) } : {}),
  };
}
