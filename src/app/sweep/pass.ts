import type { Code } from '#pipelines/codes.js';
import { sleep } from '#src/api/sleep.js';
import { explainFailure } from '#src/app/explain-failure.js';
import { CustomersError, exitCodes, readSystemCode } from '#src/errors.js';
import { findIncompleteness } from '#src/inbox/check-complete.js';
import { type Claim, findClaims, takeFile } from '#src/inbox/claims.js';
import { withDroppedFile } from '#src/inbox/held-folder.js';
import type { Inbox } from '#src/inbox/open-inbox.js';
import {
  type FileStat,
  type FolderScan,
  isStable,
  type ObservedFile,
  observe,
  scanFolder,
} from '#src/inbox/scan-folder.js';
import type { SweepLogger } from './event-log.js';
import type { JobAlerts } from './job-alerts.js';
import { buildTenantKey, type ClaimContext, notifyJob, processClaim } from './process-claim.js';
import { buildUntouchedReport, explainError, type FileReason, type FileReport } from './summary.js';
import type { SweepJob } from './sweep-jobs.js';

/** One pass over a drop folder. */
export interface Pass {
  readonly inbox: Inbox;
  readonly jobs: readonly SweepJob[];
  /** Process only the files of this job. Which job a file belongs to is still decided among all jobs. */
  readonly only?: string;
  readonly logger: SweepLogger;
  readonly alerts: JobAlerts;
  /** How long to keep scanning for files that become stable; 0 for a single scan. */
  readonly patienceMs: number;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly settleMs?: number;
  readonly settlePatienceMs?: number;
}

/** Claims with more attempts come last, so that a file that keeps crashing the process does not hold up the others. */
const maxEarlyAttempts = 3;
const minScanIntervalMs = 20;

/**
 * Processes all files in the folder that are ready. A bad file never blocks the next one.
 *
 * @param reports - receives a report for each file, even when the folder becomes unavailable in the middle
 * @throws InputError when the folder is or becomes unavailable
 */
export async function runPass(pass: Pass, reports: FileReport[]): Promise<void> {
  const { inbox, logger, dryRun } = pass;
  await inbox.assertAvailable();
  const claims = dryRun ? [] : await adoptLeftClaims(pass, reports);
  const found = filterByJob(pass.only, await scanUntilStable(pass));
  if (!dryRun) await saveInboxMemory(inbox);
  for (const { name, why } of found.ignored) logger.ignored(name, why);
  for (const file of found.misnamed) reports.push(buildNameReport(file));
  for (const orphan of found.orphans) reports.push(buildWaitReport(orphan, orphanReason, Date.now()));
  const context: ClaimContext = { ...pass, failedTenants: new Map() };
  const early = claims.filter(({ record }) => record.attempts <= maxEarlyAttempts);
  const late = claims.filter(({ record }) => record.attempts > maxEarlyAttempts);
  for (const claim of early) reports.push(await processClaim(context, claim));
  for (const candidate of sortCandidates(found.candidates)) {
    const report = await processCandidate(pass, candidate, context);
    if (report !== undefined) reports.push(report);
  }
  for (const claim of late) reports.push(await processClaim(context, claim));
  for (const report of reports) if (report.outcome === 'waits') await reportWait(context, report, dryRun);
}

/** More of them are reported together. */
const maxReportedStrangers = 20;

/** Adopts the claims that dead processes of this instance left, and reports what else is in `processing/`. */
async function adoptLeftClaims({ inbox, logger }: Pass, reports: FileReport[]): Promise<readonly Claim[]> {
  const { ours, strangers, more } = await findClaims(inbox);
  const others: typeof inbox.memory.others = {};
  // Other instances first: they are few, and their files wait for somebody.
  const sorted = [...strangers].sort((a, b) => Number('fact' in a.found) - Number('fact' in b.found));
  for (const stranger of sorted.slice(0, maxReportedStrangers)) {
    const heartbeatMs = 'heartbeatMs' in stranger.found ? stranger.found.heartbeatMs : 0;
    const known = inbox.memory.others[stranger.name];
    const seen = known?.heartbeatMs === heartbeatMs ? known : { heartbeatMs, sinceMs: Date.now() };
    others[stranger.name] = seen;
    const report = logger.stranger(stranger, Date.now() - seen.sinceMs);
    if (report !== undefined) reports.push(report);
  }
  const unreported = Math.max(0, sorted.length - maxReportedStrangers) + more;
  if (unreported > 0) reports.push(logger.moreStrangers(unreported));
  inbox.memory.others = others;
  return ours;
}

async function scanUntilStable({ inbox, jobs, patienceMs, signal }: Pass): Promise<FoundFiles> {
  const endMs = Date.now() + patienceMs;
  for (;;) {
    const nowMs = Date.now();
    const found = await findFiles(inbox, jobs, nowMs);
    const unstable = found.candidates.filter(
      ({ observed, job: { quietMs } }) => quietMs <= patienceMs && !isStable(observed, quietMs, nowMs),
    );
    const intervalMs = Math.min(...unstable.map(({ job }) => job.quietMs)) / 2;
    if (unstable.length === 0 || nowMs + intervalMs > endMs) return found;
    await sleep(Math.max(intervalMs, minScanIntervalMs), signal).catch(() => undefined);
    if (signal.aborted) return found;
  }
}

/** A file that a job takes, as the latest scan saw it. */
interface Candidate {
  readonly stat: FileStat;
  readonly job: SweepJob;
  readonly observed: ObservedFile;
  /** Its done-file, if there is one. */
  readonly doneFile?: FileStat;
}

interface MisnamedFile {
  readonly name: string;
  readonly why: string;
  readonly job: SweepJob;
}

interface FoundFiles {
  readonly candidates: readonly Candidate[];
  readonly misnamed: readonly MisnamedFile[];
  readonly ignored: FolderScan['ignored'];
  /** Done-files without their data file. */
  readonly orphans: readonly Candidate[];
}

/** Scans the folder once, assigns each file to a job, and remembers what was seen. */
async function findFiles({ folder, memory }: Inbox, jobs: readonly SweepJob[], nowMs: number): Promise<FoundFiles> {
  const scan = await scanFolder(folder);
  const byName = new Map(scan.files.map((stat) => [stat.name, stat]));
  const observed: Record<string, ObservedFile> = {};
  const observeFile = (stat: FileStat) => {
    const file = observe(memory.observed[stat.name], stat, nowMs);
    observed[stat.name] = file;
    return file;
  };
  const candidates: Candidate[] = [];
  const doneFiles = new Set<string>();
  for (const stat of scan.files) {
    const job = jobs.find(({ takes, isDoneFile }) => takes(stat.name) && !isDoneFile(stat.name));
    if (job === undefined) continue;
    const doneFile = byName.get(job.nameDoneFile(stat.name));
    if (doneFile !== undefined) doneFiles.add(doneFile.name);
    candidates.push({ stat, job, observed: observeFile(stat), ...(doneFile === undefined ? {} : { doneFile }) });
  }
  const orphans: Candidate[] = [];
  const ignored = [...scan.ignored];
  for (const stat of scan.files) {
    if (observed[stat.name] !== undefined || doneFiles.has(stat.name)) continue;
    const job = jobs.find(({ isDoneFile }) => isDoneFile(stat.name));
    if (job === undefined) ignored.push({ name: stat.name, why: 'no job matches this file name' });
    else orphans.push({ stat, job, observed: observeFile(stat) });
  }
  const misnamed = scan.misnamed.flatMap((file) => {
    const job = jobs.find(({ takes }) => takes(file.name));
    return job === undefined ? [] : [{ ...file, job }];
  });
  for (const { name } of misnamed)
    observed[name] = memory.observed[name] ?? {
      identity: '',
      firstSeenMs: nowMs,
      unchangedSinceMs: nowMs,
      scans: 1,
    };
  memory.observed = observed;
  return { candidates, ignored, orphans, misnamed };
}

function filterByJob(only: string | undefined, found: FoundFiles): FoundFiles {
  if (only === undefined) return found;
  const isOfJob = ({ job }: Pick<Candidate, 'job'>) => job.job.name === only;
  const { candidates, orphans, misnamed } = found;
  return {
    ...found,
    candidates: candidates.filter(isOfJob),
    orphans: orphans.filter(isOfJob),
    misnamed: misnamed.filter(isOfJob),
  };
}

/** In order of arrival. Files that arrived together are ordered by name, with numbers in their numeric order. */
function sortCandidates(candidates: readonly Candidate[]): readonly Candidate[] {
  const names = new Intl.Collator('en', { numeric: true });
  return [...candidates].sort(
    (a, b) => a.observed.firstSeenMs - b.observed.firstSeenMs || names.compare(a.stat.name, b.stat.name),
  );
}

/** @returns `undefined` when another process has claimed the file meanwhile */
async function processCandidate(
  pass: Pass,
  candidate: Candidate,
  context: ClaimContext,
): Promise<FileReport | undefined> {
  const { stat, job } = candidate;
  if (pass.signal.aborted) return buildWaitReport(candidate, stoppingReason, Date.now());
  try {
    const reason = await findWaitReason(candidate, pass.inbox, Date.now());
    if (reason !== undefined) return buildWaitReport(candidate, reason, Date.now());
    return await claimAndProcess(pass, candidate, context);
  } catch (error) {
    // The error concerns only this file, unless the whole folder is unavailable.
    await pass.inbox.assertAvailable();
    if (readSystemCode(error) === 'ENOENT') return undefined;
    const nextStep = 'The file waits until then.';
    const explained = explainFailure(error, 'It cannot be claimed', nextStep);
    const exitCode = explained instanceof CustomersError ? explained.exitCode : exitCodes.unreadableInput;
    return { ...buildUntouchedReport(stat.name, job.job.name, 'waits', explainError(explained)), exitCode };
  }
}

const stoppingReason: FileReason = { code: 'STOPPING', message: 'the sweep was asked to stop', nextStep: null };

async function claimAndProcess(
  { inbox, logger, dryRun }: Pass,
  candidate: Candidate,
  context: ClaimContext,
): Promise<FileReport | undefined> {
  const { stat, job, observed, doneFile } = candidate;
  const jobName = job.job.name;
  const failure = context.failedTenants.get(buildTenantKey(job));
  if (failure !== undefined)
    return { ...buildUntouchedReport(stat.name, jobName, 'waits', failure.reason), exitCode: failure.exitCode };
  if (dryRun) return buildUntouchedReport(stat.name, jobName, 'ready', null);
  const facts = { job: jobName, firstSeenMs: observed.firstSeenMs };
  const taken = await takeFile(inbox, stat, doneFile === undefined ? facts : { ...facts, doneFile: doneFile.name });
  switch (taken.kind) {
    case 'gone':
      await inbox.assertAvailable();
      return undefined;
    case 'not-yet':
      return buildWaitReport(candidate, { code: 'NOT_YET', message: taken.why, nextStep: null }, Date.now());
    case 'taken':
      logger.claimed(taken.claim.record);
      return processClaim(context, taken.claim);
  }
}

/** Why a file cannot be claimed yet; `undefined` when it can. */
async function findWaitReason(candidate: Candidate, inbox: Inbox, nowMs: number): Promise<FileReason | undefined> {
  const { stat, job, observed, doneFile } = candidate;
  if (job.setup instanceof CustomersError) return explainError(job.setup);
  if (!isStable(observed, job.quietMs, nowMs)) return buildWaitReason('NOT_QUIET', describeUnstable(observed));
  if (doneFile === undefined && job.job.doneFile !== undefined)
    return buildWaitReason('NO_DONE_FILE', `its done-file ${job.nameDoneFile(stat.name)} is missing`);
  const isLate = isOverdue(candidate, nowMs);
  // A late file is imported even though an earlier import found it incomplete, since the import's error says why.
  if (observed.incompleteReason !== undefined)
    return isLate ? undefined : buildWaitReason('INCOMPLETE', observed.incompleteReason);
  if (stat.links > 1 && !isLate)
    return buildWaitReason('INCOMPLETE', 'it has a second name (a hard link), under which it may still be written');
  const incomplete = await withDroppedFile(inbox.folder, stat.name, (path) =>
    findIncompleteness(path, {
      name: stat.name,
      // A done-file that is older than the data vouches for an earlier file.
      isDoneFilePresent: doneFile !== undefined && doneFile.modifiedMs >= stat.modifiedMs,
      lastLineEnd: job.job.lastLineEnd ?? 'required',
    }),
  );
  if (incomplete === 'replaced') return buildWaitReason('NOT_QUIET', 'something else has taken its place');
  if (incomplete === undefined || (isLate && incomplete.isSeenByImport)) return undefined;
  return buildWaitReason('INCOMPLETE', incomplete.why);
}

function describeUnstable({ firstSeenMs, unchangedSinceMs }: ObservedFile): string {
  return unchangedSinceMs > firstSeenMs ? 'it is still changing' : 'it has just been added';
}

function isOverdue({ observed, job }: Candidate, nowMs: number): boolean {
  return nowMs - observed.firstSeenMs > job.maxWaitMs;
}

function buildWaitReason(code: Code, message: string): FileReason {
  return { code, message, nextStep: null };
}

/** The report of a waiting file. It is an error once the file has waited too long, or if its job has no valid set-up. */
function buildWaitReport(candidate: Candidate, reason: FileReason, nowMs: number): FileReport {
  const { stat, job } = candidate;
  const report = buildUntouchedReport(stat.name, job.job.name, 'waits', reason);
  if (job.setup instanceof CustomersError) return { ...report, exitCode: job.setup.exitCode };
  if (!isOverdue(candidate, nowMs)) return report;
  const minutes = Math.round(job.maxWaitMs / 60_000);
  const message = `It has waited for more than ${minutes} minutes: ${reason.message}.`;
  const nextStep = nextStepsForWaiting[reason.code] ?? 'Ask whoever writes the file, or remove it.';
  return { ...report, exitCode: exitCodes.unreadableInput, reason: { code: 'WAITS_TOO_LONG', message, nextStep } };
}

const nextStepsForWaiting: Readonly<Partial<Record<Code, string>>> = {
  INCOMPLETE:
    'Copy the file again. If it is complete although its last line has no line end, set "lastLineEnd": "optional" for its job, or add the done-file.',
  NO_DONE_FILE:
    'Have the program that writes it add the done-file, or add it by hand once you know that the file is complete.',
  NO_DATA: 'Drop the data file, or remove the done-file.',
};

const orphanReason = buildWaitReason('NO_DATA', 'it is a done-file, and its data file is missing');

/** The report of a file that cannot be processed under its name, however long it waits. */
function buildNameReport({ name, why, job }: MisnamedFile): FileReport {
  const reason: FileReason = {
    code: 'NAME_UNUSABLE',
    message: `its name cannot be used: ${why}`,
    nextStep: 'Rename the file.',
  };
  return { ...buildUntouchedReport(name, job.job.name, 'waits', reason), exitCode: exitCodes.unreadableInput };
}

/** Logs why a file waits. Once it has waited too long, its job's targets are notified, once. */
async function reportWait(context: ClaimContext, report: FileReport, isDryRun: boolean): Promise<void> {
  const { memory } = context.inbox;
  const observed = memory.observed[report.file];
  context.logger.waits(report);
  if (report.exitCode === exitCodes.done || isDryRun || observed === undefined || observed.isReported === true) return;
  const job = context.jobs.find(({ job: { name } }) => name === report.job);
  if (job === undefined) return;
  memory.observed[report.file] = { ...observed, isReported: true };
  await notifyJob(context, job, report);
}

/** Saves what was seen for the next sweep. @throws RunStoppedError when the state folder cannot be written */
export async function saveInboxMemory(inbox: Inbox): Promise<void> {
  try {
    await inbox.saveMemory();
  } catch (error) {
    throw explainFailure(error, 'The state folder cannot be written');
  }
}
