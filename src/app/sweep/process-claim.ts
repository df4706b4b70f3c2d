import { publishMilestone } from '#pipelines/milestones.js';
import { resolveTenant } from '#src/app/connect.js';
import { explainFailure } from '#src/app/explain-failure.js';
import { CustomersError, exitCodes, InputError } from '#src/errors.js';
import { type ArchiveRequest, executePlan, planArchive } from '#src/inbox/archive.js';
import type { Claim, ClaimRecord, Product } from '#src/inbox/claims.js';
import type { Destination } from '#src/inbox/folder-layout.js';
import { notify } from '#src/inbox/notify.js';
import type { Inbox } from '#src/inbox/open-inbox.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import { defaultResultPaths } from '#src/results/write-results.js';
import { createClaimObserver, type SweepLogger } from './event-log.js';
import { type ClaimResult, importClaim } from './import-claim.js';
import { buildUntouchedReport, explainError, type FileReason, type FileReport } from './summary.js';
import type { JobSetup, SweepJob } from './sweep-jobs.js';

export interface ClaimQueue {
  readonly inbox: Inbox;
  readonly jobs: readonly SweepJob[];
  readonly logger: SweepLogger;
  readonly signal: AbortSignal;
  readonly settleMs?: number;
  /** Logins that are in trouble, by {@link buildTenantKey}: it would be no use to try them with every file. */
  readonly failedTenants: Map<string, ClaimResult>;
}

const archiveAdvice = 'Make room, or mend the disk; the next sweep goes on, and nothing is sent again.';

/** Whatever goes wrong with a claim, it stays ours to finish. */
export async function processClaim(tools: ClaimQueue, claim: Claim): Promise<FileReport> {
  try {
    return await importAndArchive(tools, claim);
  } catch (error) {
    claim.release();
    await tools.inbox.assertAvailable();
    const { file, job, attempts } = claim.record;
    const explained = explainFailure(error, 'It cannot be put where it belongs', archiveAdvice);
    const exitCode = explained instanceof CustomersError ? explained.exitCode : exitCodes.bug;
    const report: FileReport = { ...buildUntouchedReport(file, job, 'kept', explainError(explained)), exitCode };
    const of = findJob(tools.jobs, claim.record);
    if (attempts === 1 && of !== undefined) await notifyJob(tools, of, report);
    return tools.logger.report(report);
  }
}

async function importAndArchive(tools: ClaimQueue, claim: Claim): Promise<FileReport> {
  const { logger: told } = tools;
  const { record } = claim;
  const job = findJob(tools.jobs, record);
  if (record.attempts > 1) told.resumed(record);
  if (job === undefined || job.setup instanceof CustomersError) {
    claim.release();
    return told.report(buildMissingJobReport(record, job));
  }
  const setUp = job.setup;
  const trouble = tools.signal.aborted ? stopping : tools.failedTenants.get(buildTenantKey(job));
  if (trouble !== undefined) {
    claim.release();
    return told.report({
      ...buildUntouchedReport(record.file, record.job, 'kept', trouble.reason),
      exitCode: trouble.exitCode,
    });
  }
  if (record.plan !== undefined) return resumeArchiving(tools, claim, job, setUp);
  const verdict = await withLinkedSignal(tools.signal, (signal) =>
    importClaim(claim, {
      ...{ job, setup: setUp, signal, settleMs: tools.settleMs, nowMs: Date.now() },
      observer: createClaimObserver(told, record),
      assertAvailable: () => tools.inbox.assertAvailable(),
    }),
  );
  if (verdict.isTenantFailure) tools.failedTenants.set(buildTenantKey(job), verdict);
  return settleClaim(tools, claim, job, setUp, verdict);
}

/** Each import gets a signal of its own, since it never stops listening, and a service lives through thousands. */
async function withLinkedSignal<T>(signal: AbortSignal, work: (own: AbortSignal) => Promise<T>): Promise<T> {
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
async function settleClaim(
  tools: ClaimQueue,
  claim: Claim,
  job: SweepJob,
  setUp: JobSetup,
  verdict: ClaimResult,
): Promise<FileReport> {
  const { inbox } = tools;
  const { outcome, exitCode, run, counts, api, reason } = verdict;
  const { file, identity } = claim.record;
  const report: FileReport = {
    ...buildUntouchedReport(file, job.job.name, outcome, reason),
    ...{ exitCode, run, counts, api },
  };
  if (outcome === 'kept') {
    claim.release();
    if (claim.record.attempts === 1 && exitCode !== exitCodes.busy) await notifyJob(tools, job, report);
    return tools.logger.report(report);
  }
  if (outcome === 'returned') {
    const known = { identity, firstSeenMs: claim.record.firstSeenMs, unchangedSinceMs: Date.now(), scans: 1 };
    inbox.memory.observed[file] = reason === null ? known : { ...known, incompleteReason: reason.message };
    await claim.returnFile();
    return tools.logger.report(report);
  }
  const places = await archiveClaim(claim, inbox.folder, { ...verdict, outcome }, job, setUp);
  return completeClaim(tools, claim, job, { ...report, files: listFiles(places) });
}

async function resumeArchiving(tools: ClaimQueue, claim: Claim, job: SweepJob, setUp: JobSetup): Promise<FileReport> {
  const shelf = claim.record.plan?.shelf ?? 'done';
  const places = await finishArchiving(claim, setUp);
  const { file } = claim.record;
  return completeClaim(tools, claim, job, {
    ...buildUntouchedReport(file, job.job.name, shelf, null),
    files: listFiles(places),
  });
}

/** Tells of a file that was put away, and forgets it: in this order, so that a crash tells twice rather than never. */
async function completeClaim(tools: ClaimQueue, claim: Claim, job: SweepJob, report: FileReport): Promise<FileReport> {
  await notifyJob(tools, job, report);
  await claim.finish();
  return tools.logger.report(report);
}

export async function notifyJob(tools: ClaimQueue, { job }: SweepJob, report: FileReport): Promise<void> {
  const { file, outcome, exitCode, run, counts, files, reason } = report;
  const { folder } = tools.inbox;
  const facts = { event: 'file', folder, job: job.name, file, outcome, exitCode, run, counts, files, reason };
  for (const problem of await notify(job, exitCode === exitCodes.done, facts)) tools.logger.notifyFailed(file, problem);
}

function findJob(jobs: readonly SweepJob[], record: ClaimRecord): SweepJob | undefined {
  return jobs.find((one) => one.job.name === record.job) ?? jobs.find((one) => one.takes(record.file));
}

function buildMissingJobReport(record: ClaimRecord, job: SweepJob | undefined): FileReport {
  const error =
    job?.setup instanceof CustomersError
      ? job.setup
      : new InputError(`No job takes ${record.file} any more.`, {
          code: 'JOB_GONE',
          nextStep: `Put the job ${record.job} back into the configuration file.`,
        });
  return { ...buildUntouchedReport(record.file, record.job, 'kept', explainError(error)), exitCode: error.exitCode };
}

export function buildTenantKey({ setup: setUp }: SweepJob): string {
  if (setUp instanceof CustomersError) return '';
  const { baseUrl, username, sandbox } = setUp.settings;
  return `${baseUrl.value}\n${username.value ?? ''}\n${sandbox.value}`;
}

function listFiles(places: Readonly<Partial<Record<Product, string>>>): FileReport['files'] {
  return { input: places.input ?? null, results: places.results ?? null, rejects: places.rejects ?? null };
}

type ArchivedPaths = Readonly<Partial<Record<Product, string>>>;

/** Moves an imported file and what belongs to it to where the job wants it, and tells the ledger. */
async function archiveClaim(
  claim: Claim,
  folder: string,
  verdict: Pick<ClaimResult, 'reason' | 'products'> & { readonly outcome: Destination },
  { job }: SweepJob,
  setUp: JobSetup,
): Promise<ArchivedPaths> {
  const { outcome, reason, products } = verdict;
  const wish: ArchiveRequest = {
    folder,
    destination: outcome,
    products,
    ...(outcome === 'done' || reason === null ? {} : { note: buildNote(outcome, reason) }),
    ...(job.results === undefined ? {} : { resultsFolder: job.results }),
    ...(job.rejects === undefined ? {} : { rejectsFolder: job.rejects }),
  };
  publishMilestone('before-archive');
  await planArchive(claim, wish);
  return finishArchiving(claim, setUp);
}

/** Goes on where a plan was written down, perhaps by an earlier process. */
async function finishArchiving(claim: Claim, setUp: JobSetup): Promise<ArchivedPaths> {
  const places = await executePlan(claim);
  recordMovedFiles(claim, setUp, places);
  publishMilestone('after-archive');
  return places;
}

const noteEndings = { failed: '.error.txt', duplicate: '.note.txt' } as const;

function buildNote(
  shelf: keyof typeof noteEndings,
  { code, message, nextStep }: FileReason,
): NonNullable<ArchiveRequest['note']> {
  const text = [`${message} [${code}]`, ...(nextStep === null ? [] : [nextStep]), new Date().toISOString()];
  return { ending: noteEndings[shelf], text: `${text.join('\n')}\n` };
}

/** A run reads its input again when it is resumed, reconciled or shown, so it must know where that went. */
function recordMovedFiles(claim: Claim, { settings }: JobSetup, places: ArchivedPaths): void {
  const { input, results, rejects } = places;
  const ledger = openLedger(settings.stateDir.value, resolveTenant(settings));
  try {
    const run = ledger.runs.findLatestOfPath(claim.path);
    if (run === undefined || input === undefined) return;
    const beside = defaultResultPaths(input);
    ledger.runs.moveFiles(run.number, {
      input,
      files: { ...(results === undefined ? {} : { results }), ...(rejects === undefined ? {} : { rejects }) },
      options: {
        ...run.options,
        paths: { results: results ?? beside.results, rejects: rejects ?? beside.rejects },
      },
    });
  } finally {
    ledger.close();
  }
}
