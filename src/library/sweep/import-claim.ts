import { basename } from 'node:path';
import type { RowCounts } from '#pipelines/outcome.js';
import { CustomersError, type ExitCode, exitCodes, InputError } from '#src/errors.js';
import { hashFile } from '#src/files/hash-file.js';
import { findInputFile } from '#src/files/input-file.js';
import type { Claim } from '#src/inbox/hold-claim.js';
import { identityOf } from '#src/inbox/look.js';
import { meansCut } from '#src/inbox/why-incomplete.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { tenantOf } from '#src/library/connect.js';
import { resumeRun } from '#src/library/continue-run.js';
import { importFile } from '#src/library/import-file.js';
import type { RunObserver } from '#src/library/observer.js';
import { type ApiSummary, noTraffic, type RunSummary } from '#src/library/run-summary.js';
import type { SetUp, SweepJob } from './sweep-jobs.js';
import { type FileOutcome, type FileReason, reasonOf } from './sweep-summary.js';

/** What an import of a claimed file came to, and so what is to become of the file. */
export interface Verdict {
  readonly outcome: Exclude<FileOutcome, 'waits' | 'ready'>;
  readonly exitCode: ExitCode;
  readonly run: string | null;
  readonly counts: RowCounts | null;
  readonly api: ApiSummary;
  readonly reason: FileReason | null;
  /** Names of what was written beside the file. */
  readonly products: { readonly results?: string; readonly rejects?: string };
  /** Nothing is wrong with the file: others of the same login would fare alike. */
  readonly isTenantTrouble: boolean;
}

export interface ClaimTools {
  readonly job: SweepJob;
  readonly setUp: SetUp;
  readonly observer: RunObserver;
  readonly signal: AbortSignal | undefined;
  /** Whether the drop folder is still there. @throws InputError */
  readonly assertThere: () => Promise<void>;
  /** How long to wait before a lost add counts as never made. @default as for an import */
  readonly settleMs: number | undefined;
  readonly nowMs: number;
}

/** Imports a claimed file, or goes on with the run that an earlier process began for it. */
export async function importClaim(claim: Claim, tools: ClaimTools): Promise<Verdict> {
  let verdict: Verdict;
  try {
    verdict = await imported(claim, tools);
  } catch (error) {
    verdict = judgeError(error, claim, tools);
  }
  return reconsider({ ...verdict, reason: asDropped(verdict.reason, claim) }, claim, tools);
}

/** Nobody knows a file by the name of its claim. */
function asDropped(reason: FileReason | null, { path, record }: Claim): FileReason | null {
  if (reason === null) return null;
  return { ...reason, message: reason.message.replaceAll(path, record.file) };
}

async function imported(claim: Claim, tools: ClaimTools): Promise<Verdict> {
  const { setUp, job, observer, signal, settleMs } = tools;
  const before = await lookUp(claim, tools);
  if (before.kind === 'verdict') return before.verdict;
  const common = {
    ...(setUp.failureLimit === undefined ? {} : { failureLimit: setUp.failureLimit }),
    ...(signal === undefined ? {} : { signal }),
    ...(settleMs === undefined ? {} : { settleMs }),
  };
  if (before.kind === 'unfinished')
    return judge(await resumeRun(setUp.settings, { ...common, run: before.run.name }, observer), claim, tools);
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
  return judge(summary, claim, tools);
}

type Before =
  | { readonly kind: 'new' }
  | { readonly kind: 'unfinished'; readonly run: RunRecord }
  | { readonly kind: 'verdict'; readonly verdict: Verdict };

/** What the ledger knows of the file: the path of a claim is never used twice, so it names the run. */
async function lookUp(claim: Claim, { setUp, job }: ClaimTools): Promise<Before> {
  const sha256 = await hashOf(claim);
  const ledger = openLedger(setUp.settings.stateDir.value, tenantOf(setUp.settings));
  try {
    const own = ledger.runs.readFrom(claim.path);
    if (own !== undefined) {
      const counts = countsOf(ledger, own);
      const isOver = own.state === 'completed' && counts.failed + counts.in_doubt === 0;
      return isOver ? { kind: 'verdict', verdict: overBefore(own, counts) } : { kind: 'unfinished', run: own };
    }
    if (job.job.sameContent === 'import' || sha256 === undefined) return { kind: 'new' };
    const twin = ledger.runs.importsOf(sha256).find((run) => isTwin(run, setUp) && !isUndone(ledger, run));
    return twin === undefined ? { kind: 'new' } : { kind: 'verdict', verdict: duplicateOf(twin) };
  } finally {
    ledger.close();
  }
}

/** What cannot be read is for the import to complain of. */
async function hashOf(claim: Claim): Promise<string | undefined> {
  try {
    return (await hashFile(await findInputFile(claim.path))).sha256;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** The whole file, by the same rules: with another mapping or mode, the same content is another matter. */
function isTwin(run: RunRecord, setUp: SetUp): boolean {
  return run.mode === setUp.mode && run.mappingSha256 === setUp.mappingSha256 && run.options.first === undefined;
}

function isUndone(ledger: Ledger, run: RunRecord): boolean {
  for (const later of ledger.runs.all()) {
    if (later.number <= run.number) return false;
    if (later.command === 'undo' && later.options.undoes === run.name) return true;
  }
  return false;
}

function duplicateOf(run: RunRecord): Verdict {
  const at = new Date(run.startedAtMs).toISOString();
  const message = `This very content was imported before: run ${run.name}, ${at}, from ${run.input?.file ?? 'a file'}.`;
  const nextStep =
    'Rows to mend are in the rejects file of that run. To import the same content again, give the job "sameContent": "import".';
  return { ...nothing, outcome: 'duplicate', run: run.name, reason: { code: 'SAME_CONTENT', message, nextStep } };
}

const nothing = {
  exitCode: exitCodes.done,
  run: null,
  counts: null,
  api: noTraffic,
  reason: null,
  products: {},
  isTenantTrouble: false,
} as const satisfies Omit<Verdict, 'outcome'>;

/** The process died after the run was over and before the file was put away. */
function overBefore(run: RunRecord, counts: RowCounts): Verdict {
  const exitCode = (run.exitCode ?? exitCodes.done) as ExitCode;
  return { ...nothing, outcome: 'done', exitCode, run: run.name, counts, products: namesOf(run.files) };
}

function countsOf(ledger: Ledger, run: RunRecord): RowCounts {
  const counts = { ...ledger.runs.counts(run.number) };
  const known = Object.values(counts).reduce((sum, count) => sum + count, 0);
  counts.skipped += Math.max(0, (run.input?.rows ?? known) - known);
  return counts;
}

function judge(summary: RunSummary | undefined, claim: Claim, tools: ClaimTools): Verdict {
  if (summary === undefined) throw new Error(`The run of ${claim.path} was over although it was not.`);
  const { run, counts, api, exitCode, stopped } = summary;
  const told = { ...nothing, exitCode, run, counts, api, products: namesOf(summary.files) };
  if (stopped === null) {
    // The next sweep settles doubts; after a while it is for a person to do, and the file out of the way.
    const mayWait = counts.in_doubt > 0 && !isLate(claim, tools);
    const reason = exitCode === exitCodes.inDoubt ? inDoubt(run, counts) : null;
    return { ...told, outcome: mayWait ? 'kept' : 'done', reason };
  }
  return { ...told, ...fate(exitCode, stopped.code), reason: stopped };
}

function inDoubt(run: string | null, counts: RowCounts): FileReason {
  if (counts.in_doubt === 0)
    return {
      code: 'DOUBTS_ELSEWHERE',
      message: 'Rows were skipped, because an earlier run left them in doubt; the result file names it.',
      nextStep: 'Settle that run with mypos-customers reconcile, then drop the skipped rows again.',
    };
  const nextStep = `The next sweep asks again. By hand: mypos-customers reconcile ${run ?? ''}`;
  return { code: 'IN_DOUBT', message: 'It is not known whether some rows arrived.', nextStep };
}

function judgeError(error: unknown, claim: Claim, tools: ClaimTools): Verdict {
  const exitCode = error instanceof CustomersError ? error.exitCode : exitCodes.bug;
  const reason = reasonOf(error);
  if (error instanceof InputError && meansCut(error) && !isLate(claim, tools))
    return { ...nothing, outcome: 'returned', reason };
  return { ...nothing, exitCode, ...fate(exitCode, reason.code), reason };
}

/** Exit codes after which the file is as good as before, and its run can go on. */
const keeping: ReadonlySet<ExitCode> = new Set([
  exitCodes.stoppedEarly,
  exitCodes.login,
  exitCodes.busy,
  exitCodes.sigint,
  exitCodes.sigterm,
]);

function fate(exitCode: ExitCode, code: string): Pick<Verdict, 'outcome' | 'isTenantTrouble'> {
  // To go on by itself would only meet more of the same; a person must look.
  if (code === 'MAX_FAILURES') return { outcome: 'failed', isTenantTrouble: false };
  const isKept = keeping.has(exitCode);
  return { outcome: isKept ? 'kept' : 'failed', isTenantTrouble: isKept };
}

function isLate(claim: Claim, { job, nowMs }: ClaimTools): boolean {
  return nowMs - claim.record.firstSeenMs > job.maxWaitMs;
}

/** Looks whether the folder has gone, or somebody has written to the file: then the verdict says nothing of the file. */
async function reconsider(verdict: Verdict, claim: Claim, tools: ClaimTools): Promise<Verdict> {
  try {
    await tools.assertThere();
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return { ...verdict, outcome: 'kept', exitCode: error.exitCode, reason: reasonOf(error), isTenantTrouble: false };
  }
  if (verdict.outcome === 'kept' || verdict.outcome === 'returned') return verdict;
  const identity = await identityOf(claim.path);
  if (identity === undefined || identity === claim.record.identity) return verdict;
  const message = 'Somebody went on writing to the file while it was imported; it is looked at anew.';
  const nextStep = 'Rows that are done are not sent again. A done-file spares this: see docs/nightly-folder.md.';
  return { ...verdict, outcome: 'returned', exitCode: exitCodes.done, reason: { code: 'GREW', message, nextStep } };
}

function namesOf(files: { readonly results?: string | null; readonly rejects?: string | null }): Verdict['products'] {
  return {
    ...(typeof files.results === 'string' ? { results: basename(files.results) } : {}),
    ...(typeof files.rejects === 'string' ? { rejects: basename(files.rejects) } : {}),
  };
}
