import { CustomersError, exitCodes, InputError } from '#src/errors.js';
import type { ClaimRecord, Product } from '#src/inbox/claim-record.js';
import type { Claim } from '#src/inbox/hold-claim.js';
import { notify } from '#src/inbox/notify.js';
import type { Inbox } from '#src/inbox/open-inbox.js';
import { explainFailure } from '#src/library/explain-failure.js';
import { importClaim, type Verdict } from './import-claim.js';
import { carryOutAndTell, putAway } from './put-away.js';
import type { SetUp, SweepJob } from './sweep-jobs.js';
import { type FileReport, reasonOf, untouched } from './sweep-summary.js';
import { claimObserver, type Told } from './told.js';

export interface WorkTools {
  readonly inbox: Inbox;
  readonly jobs: readonly SweepJob[];
  readonly told: Told;
  readonly signal: AbortSignal;
  readonly settleMs?: number;
  /** Logins that are in trouble, by {@link tenantKey}: it would be no use to try them with every file. */
  readonly troubled: Map<string, Verdict>;
}

const putAgain = 'Make room, or mend the disk; the next sweep goes on, and nothing is sent again.';

/** Whatever goes wrong with a claim, it stays ours to finish. */
export async function workOnClaim(tools: WorkTools, claim: Claim): Promise<FileReport> {
  try {
    return await finishClaim(tools, claim);
  } catch (error) {
    claim.release();
    await tools.inbox.assertThere();
    const { file, job, attempts } = claim.record;
    const explained = explainFailure(error, 'It cannot be put where it belongs', putAgain);
    const exitCode = explained instanceof CustomersError ? explained.exitCode : exitCodes.bug;
    const report: FileReport = { ...untouched(file, job, 'kept', reasonOf(explained)), exitCode };
    const of = jobOf(tools.jobs, claim.record);
    if (attempts === 1 && of !== undefined) await tell(tools, of, report);
    return tools.told.report(report);
  }
}

async function finishClaim(tools: WorkTools, claim: Claim): Promise<FileReport> {
  const { told } = tools;
  const { record } = claim;
  const job = jobOf(tools.jobs, record);
  if (record.attempts > 1) told.resumed(record);
  if (job === undefined || job.setUp instanceof CustomersError) {
    claim.release();
    return told.report(withoutJob(record, job));
  }
  const setUp = job.setUp;
  const trouble = tools.signal.aborted ? stopping : tools.troubled.get(tenantKey(job));
  if (trouble !== undefined) {
    claim.release();
    return told.report({ ...untouched(record.file, record.job, 'kept', trouble.reason), exitCode: trouble.exitCode });
  }
  if (record.plan !== undefined) return finishPlan(tools, claim, job, setUp);
  const verdict = await whileFollowing(tools.signal, (signal) =>
    importClaim(claim, {
      ...{ job, setUp, signal, settleMs: tools.settleMs, nowMs: Date.now() },
      observer: claimObserver(told, record),
      assertThere: () => tools.inbox.assertThere(),
    }),
  );
  if (verdict.isTenantTrouble) tools.troubled.set(tenantKey(job), verdict);
  return close(tools, claim, job, setUp, verdict);
}

/** Each import gets a signal of its own, since it never stops listening, and a service lives through thousands. */
async function whileFollowing<T>(signal: AbortSignal, work: (own: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  const follow = () => own.abort(signal.reason);
  if (signal.aborted) follow();
  signal.addEventListener('abort', follow, { once: true });
  try {
    return await work(own.signal);
  } finally {
    signal.removeEventListener('abort', follow);
  }
}

const stopping = {
  reason: { code: 'STOPPING', message: 'The sweep was asked to stop.', nextStep: null },
  exitCode: exitCodes.done,
};

/** Does with the file what the verdict says. */
async function close(
  tools: WorkTools,
  claim: Claim,
  job: SweepJob,
  setUp: SetUp,
  verdict: Verdict,
): Promise<FileReport> {
  const { inbox } = tools;
  const { outcome, exitCode, run, counts, api, reason } = verdict;
  const { file, identity } = claim.record;
  const report: FileReport = {
    ...untouched(file, job.job.name, outcome, reason),
    ...{ exitCode, run, counts, api },
  };
  if (outcome === 'kept') {
    claim.release();
    if (claim.record.attempts === 1 && exitCode !== exitCodes.busy) await tell(tools, job, report);
    return tools.told.report(report);
  }
  if (outcome === 'returned') {
    const known = { identity, firstSeenMs: claim.record.firstSeenMs, unchangedSinceMs: Date.now(), looks: 1 };
    inbox.memory.watched[file] = reason === null ? known : { ...known, cut: reason.message };
    await claim.giveBack();
    return tools.told.report(report);
  }
  const places = await putAway(claim, inbox.folder, { ...verdict, outcome }, job, setUp);
  return leave(tools, claim, job, { ...report, files: filesOf(places) });
}

async function finishPlan(tools: WorkTools, claim: Claim, job: SweepJob, setUp: SetUp): Promise<FileReport> {
  const shelf = claim.record.plan?.shelf ?? 'done';
  const places = await carryOutAndTell(claim, setUp);
  const { file } = claim.record;
  return leave(tools, claim, job, { ...untouched(file, job.job.name, shelf, null), files: filesOf(places) });
}

/** Tells of a file that was put away, and forgets it: in this order, so that a crash tells twice rather than never. */
async function leave(tools: WorkTools, claim: Claim, job: SweepJob, report: FileReport): Promise<FileReport> {
  await tell(tools, job, report);
  await claim.finish();
  return tools.told.report(report);
}

export async function tell(tools: WorkTools, { job }: SweepJob, report: FileReport): Promise<void> {
  const { file, outcome, exitCode, run, counts, files, reason } = report;
  const { folder } = tools.inbox;
  const facts = { event: 'file', folder, job: job.name, file, outcome, exitCode, run, counts, files, reason };
  for (const problem of await notify(job, exitCode === exitCodes.done, facts)) tools.told.notifyFailed(file, problem);
}

function jobOf(jobs: readonly SweepJob[], record: ClaimRecord): SweepJob | undefined {
  return jobs.find((one) => one.job.name === record.job) ?? jobs.find((one) => one.takes(record.file));
}

function withoutJob(record: ClaimRecord, job: SweepJob | undefined): FileReport {
  const error =
    job?.setUp instanceof CustomersError
      ? job.setUp
      : new InputError(`No job takes ${record.file} any more.`, {
          code: 'JOB_GONE',
          nextStep: `Put the job ${record.job} back into the configuration file.`,
        });
  return { ...untouched(record.file, record.job, 'kept', reasonOf(error)), exitCode: error.exitCode };
}

export function tenantKey({ setUp }: SweepJob): string {
  if (setUp instanceof CustomersError) return '';
  const { baseUrl, username, sandbox } = setUp.settings;
  return `${baseUrl.value}\n${username.value ?? ''}\n${sandbox.value}`;
}

function filesOf(places: Readonly<Partial<Record<Product, string>>>): FileReport['files'] {
  return { input: places.input ?? null, results: places.results ?? null, rejects: places.rejects ?? null };
}
