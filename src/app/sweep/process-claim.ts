import { publishMilestone } from '#pipelines/milestones.js';
import { showLines } from '#pipelines/visible-text.js';
import { openTenantLedger } from '#src/app/connect.js';
import { explainFailure } from '#src/app/explain-failure.js';
import { CustomersError, exitCodes, InputError } from '#src/errors.js';
import {
  type ArchivedPaths,
  type ArchiveFolders,
  type ArchiveRequest,
  executePlan,
  planArchive,
} from '#src/inbox/archive.js';
import type { ClaimRecord } from '#src/inbox/claim-records.js';
import type { Claim } from '#src/inbox/claims.js';
import type { Destination } from '#src/inbox/folder-layout.js';
import { notify } from '#src/inbox/notify.js';
import type { Inbox } from '#src/inbox/open-inbox.js';
import { defaultResultPaths } from '#src/results/write-results.js';
import { createClaimObserver, type SweepLogger } from './event-log.js';
import { type ClaimResult, importClaim } from './import-claim.js';
import type { JobAlerts } from './job-alerts.js';
import { buildUntouchedReport, explainError, type FileReason, type FileReport, isKnownToWait } from './summary.js';
import { type JobSetup, nameDestinations, type SweepJob } from './sweep-jobs.js';

/** What processing the claims of one pass needs and shares. */
export interface ClaimContext {
  readonly inbox: Inbox;
  readonly jobs: readonly SweepJob[];
  readonly logger: SweepLogger;
  readonly alerts: Pick<JobAlerts, 'note'>;
  readonly signal: AbortSignal;
  readonly settleMs?: number;
  readonly settlePatienceMs?: number;
  /** Failures of a login, by {@link buildTenantKey}; its other files would fail alike and are not tried. */
  readonly failedTenants: Map<string, ClaimResult>;
}

/** Imports and archives a claimed file. Whatever goes wrong, the file stays claimed for the next sweep. */
export async function processClaim(context: ClaimContext, claim: Claim): Promise<FileReport> {
  try {
    return await importAndArchive(context, claim);
  } catch (error) {
    claim.release();
    await context.inbox.assertAvailable();
    const { file, job: jobName, attempts } = claim.record;
    const nextStep = 'The next sweep continues, and nothing is sent twice.';
    const explained = explainFailure(error, 'It cannot be archived', nextStep);
    const exitCode = explained instanceof CustomersError ? explained.exitCode : exitCodes.bug;
    const report: FileReport = { ...buildUntouchedReport(file, jobName, 'kept', explainError(explained)), exitCode };
    const job = findJob(context.jobs, claim.record);
    if (attempts === 1 && job !== undefined) await notifyJob(context, job, report);
    return context.logger.report(report);
  }
}

async function importAndArchive(context: ClaimContext, claim: Claim): Promise<FileReport> {
  const { inbox, logger, settleMs, settlePatienceMs } = context;
  const { record } = claim;
  const job = findJob(context.jobs, record);
  if (record.attempts > 1) logger.resumed(record);
  if (job === undefined || job.setup instanceof CustomersError) {
    claim.release();
    return logger.report(buildMissingJobReport(record, job));
  }
  const { setup } = job;
  const obstacle = context.signal.aborted ? stopping : context.failedTenants.get(buildTenantKey(job));
  if (obstacle !== undefined) {
    claim.release();
    const report = buildUntouchedReport(record.file, record.job, 'kept', obstacle.reason);
    return logger.report({ ...report, exitCode: obstacle.exitCode });
  }
  if (record.plan !== undefined) {
    const files = listFiles(await finishArchiving(claim, findArchiveFolders(inbox, job), setup));
    return completeClaim(context, claim, job, {
      ...buildUntouchedReport(record.file, job.job.name, record.plan.destination, null),
      files,
    });
  }
  const result = await withLinkedSignal(context.signal, (signal) =>
    importClaim(claim, {
      ...{ job, setup, signal, settleMs, settlePatienceMs, nowMs: Date.now() },
      observer: createClaimObserver(logger, record),
      assertAvailable: () => inbox.assertAvailable(),
    }),
  );
  if (result.isTenantFailure) context.failedTenants.set(buildTenantKey(job), result);
  return settleClaim(context, claim, job, setup, result);
}

const stopping = {
  reason: { code: 'STOPPING', message: 'The sweep was asked to stop.', nextStep: null },
  exitCode: exitCodes.done,
} as const;

/** Imports never remove their listeners, so each gets a signal of its own: a service runs thousands of them. */
async function withLinkedSignal<T>(signal: AbortSignal, work: (linked: AbortSignal) => Promise<T>): Promise<T> {
  const linked = new AbortController();
  const abort = () => linked.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await work(linked.signal);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Keeps, returns or archives the file, depending on the result of its import. */
async function settleClaim(
  context: ClaimContext,
  claim: Claim,
  job: SweepJob,
  setup: JobSetup,
  result: ClaimResult,
): Promise<FileReport> {
  const { inbox, logger } = context;
  const { outcome, exitCode, run, counts, waiting, api, reason } = result;
  const { file, identity, firstSeenMs, attempts } = claim.record;
  const report: FileReport = {
    ...buildUntouchedReport(file, job.job.name, outcome, reason),
    ...{ exitCode, run, counts, waiting, api },
  };
  if (outcome === 'kept') {
    claim.release();
    if (attempts === 1 && exitCode !== exitCodes.busy) await notifyJob(context, job, report);
    return logger.report(report);
  }
  if (outcome === 'returned') {
    const observed = { identity, firstSeenMs, unchangedSinceMs: Date.now(), scans: 1 };
    inbox.memory.observed[file] = reason === null ? observed : { ...observed, incompleteReason: reason.message };
    await claim.returnFile();
    return logger.report(report);
  }
  const paths = await archiveClaim(claim, findArchiveFolders(inbox, job), { ...result, outcome }, setup);
  return completeClaim(context, claim, job, { ...report, files: listFiles(paths) });
}

/** Notifies before it removes the claim: after a crash, a second notification is better than none. */
async function completeClaim(
  context: ClaimContext,
  claim: Claim,
  job: SweepJob,
  report: FileReport,
): Promise<FileReport> {
  await context.alerts.note(job, report);
  await notifyJob(context, job, report);
  await claim.finish();
  return context.logger.report(report);
}

/** Notifies the targets of a job about a file. */
export async function notifyJob(context: ClaimContext, { job }: SweepJob, report: FileReport): Promise<void> {
  const { file, outcome, exitCode, run, counts, waiting, files, reason } = report;
  const { folder } = context.inbox;
  const facts = { event: 'file', folder, job: job.name, file, outcome, exitCode, run, counts, waiting, files, reason };
  const failures = await notify(job, exitCode === exitCodes.done || isKnownToWait(report), facts);
  for (const failure of failures) context.logger.notifyFailed(file, failure);
}

function findJob(jobs: readonly SweepJob[], { job: jobName, file }: ClaimRecord): SweepJob | undefined {
  return jobs.find(({ job: { name } }) => name === jobName) ?? jobs.find(({ takes }) => takes(file));
}

function buildMissingJobReport(record: ClaimRecord, job: SweepJob | undefined): FileReport {
  const error =
    job?.setup instanceof CustomersError
      ? job.setup
      : new InputError(`No job matches ${record.file} any more.`, {
          code: 'JOB_GONE',
          nextStep: `Put the job ${record.job} back into the configuration file.`,
        });
  return { ...buildUntouchedReport(record.file, record.job, 'kept', explainError(error)), exitCode: error.exitCode };
}

/** Identifies the account and login that a job sends to. */
export function buildTenantKey({ setup }: SweepJob): string {
  if (setup instanceof CustomersError) return '';
  const { baseUrl, username, sandbox } = setup.settings;
  return `${baseUrl.value}\n${username.value ?? ''}\n${sandbox.value}`;
}

function listFiles({ input, results, rejects, review }: ArchivedPaths): FileReport['files'] {
  return { input: input ?? null, results: results ?? null, rejects: rejects ?? null, review: review ?? null };
}

/** Moves an imported file and the files that belong to it to the folders of its job, and records that in the ledger. */
async function archiveClaim(
  claim: Claim,
  folders: ArchiveFolders,
  result: Pick<ClaimResult, 'reason' | 'products'> & { readonly outcome: Destination },
  setup: JobSetup,
): Promise<ArchivedPaths> {
  const { outcome, reason, products } = result;
  publishMilestone('before-archive');
  await planArchive(claim, folders, {
    destination: outcome,
    products,
    ...(outcome === 'done' || reason === null ? {} : { note: buildNote(outcome, reason) }),
  });
  return finishArchiving(claim, folders, setup);
}

function findArchiveFolders({ folder }: Inbox, { job, setup }: SweepJob): ArchiveFolders {
  return {
    folder,
    ...(setup instanceof CustomersError ? {} : { fileMode: setup.settings.fileMode.value }),
    named: nameDestinations(job),
    ...(job.results === undefined ? {} : { resultsFolder: job.results }),
    ...(job.rejects === undefined ? {} : { rejectsFolder: job.rejects }),
  };
}

/** Carries out the plan in the claim's record, which an earlier process may have written. */
async function finishArchiving(claim: Claim, folders: ArchiveFolders, setup: JobSetup): Promise<ArchivedPaths> {
  const paths = await executePlan(claim, folders);
  recordMovedFiles(claim, setup, paths);
  publishMilestone('after-archive');
  return paths;
}

const noteEndings = { failed: '.error.txt', duplicate: '.note.txt' } as const;

function buildNote(
  destination: keyof typeof noteEndings,
  { code, message, nextStep }: FileReason,
): NonNullable<ArchiveRequest['note']> {
  const lines = [
    showLines(`${message} [${code}]`),
    ...(nextStep === null ? [] : [showLines(nextStep)]),
    new Date().toISOString(),
  ];
  return { ending: noteEndings[destination], text: `${lines.join('\n')}\n` };
}

/** A run reads its input again when it is resumed, reconciled or shown, so the ledger must know the new path. */
function recordMovedFiles(claim: Claim, { settings }: JobSetup, paths: ArchivedPaths): void {
  const { input, results, rejects, review } = paths;
  const ledger = openTenantLedger(settings);
  try {
    const run = ledger.runs.findLatestOfPath(claim.path);
    if (run === undefined || input === undefined) return;
    const defaultPaths = defaultResultPaths(input);
    ledger.runs.moveFiles(run.number, {
      input,
      files: {
        ...(results === undefined ? {} : { results }),
        ...(rejects === undefined ? {} : { rejects }),
        ...(review === undefined ? {} : { review }),
      },
      options: {
        ...run.options,
        paths: {
          results: results ?? defaultPaths.results,
          rejects: rejects ?? defaultPaths.rejects,
          review: review ?? defaultPaths.review,
        },
      },
    });
  } finally {
    ledger.close();
  }
}
