import { join } from 'node:path';
import { sleep } from '#src/api/sleep.js';
import { explainFailure } from '#src/app/explain-failure.js';
import { CustomersError, exitCodes } from '#src/errors.js';
import { findIncompleteness } from '#src/inbox/check-complete.js';
import { type Claim, findClaims, takeFile } from '#src/inbox/claims.js';
import type { Inbox } from '#src/inbox/open-inbox.js';
import { systemCode } from '#src/inbox/place-file.js';
import {
  type FileStat,
  type FolderScan,
  isStable,
  type ObservedFile,
  observe,
  scanFolder,
} from '#src/inbox/scan-folder.js';
import type { SweepLogger } from './event-log.js';
import { buildTenantKey, type ClaimQueue, notifyJob, processClaim } from './process-claim.js';
import { buildUntouchedReport, explainError, type FileReason, type FileReport } from './summary.js';
import type { SweepJob } from './sweep-jobs.js';

export interface Pass {
  readonly inbox: Inbox;
  readonly jobs: readonly SweepJob[];
  /** Only files of this job; which job a file belongs to is decided among all. */
  readonly only?: string;
  readonly logger: SweepLogger;
  /** Look several times until files are quiet; else once. */
  readonly patienceMs: number;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly settleMs?: number;
}

/** A process that dies of a file again and again shall not keep others waiting. */
const maxEarlyAttempts = 3;

/**
 * Goes through the folder once. One bad file never blocks the next.
 *
 * @param reports - gets a report a file, also when the folder goes away in the middle
 * @throws InputError when it does
 */
export async function runPass(pass: Pass, reports: FileReport[]): Promise<void> {
  const { inbox, logger: told } = pass;
  await inbox.assertAvailable();
  const claims = pass.dryRun ? [] : await adoptLeftClaims(pass, reports);
  const found = filterByJob(pass.only, await scanUntilStable(pass));
  if (!pass.dryRun) await saveInboxMemory(inbox);
  for (const { name, why } of found.ignored) told.ignored(name, why);
  for (const file of found.misnamed) reports.push(buildNameReport(file));
  for (const orphan of found.orphans) reports.push(buildWaitReport(orphan, buildOrphanReason(), Date.now()));
  const tools: ClaimQueue = { ...pass, failedTenants: new Map() };
  const first = claims.filter(({ record }) => record.attempts <= maxEarlyAttempts);
  const last = claims.filter(({ record }) => record.attempts > maxEarlyAttempts);
  for (const claim of first) reports.push(await processClaim(tools, claim));
  for (const candidate of sortCandidates(found.candidates)) {
    const report = await processCandidate(pass, candidate, tools);
    if (report !== undefined) reports.push(report);
  }
  for (const claim of last) reports.push(await processClaim(tools, claim));
  for (const report of reports) if (report.outcome === 'waits') await reportWait(tools, report, pass.dryRun);
}

function filterByJob(only: string | undefined, found: FoundFiles): FoundFiles {
  if (only === undefined) return found;
  const isOwn = ({ job }: Pick<Candidate, 'job'>) => job.job.name === only;
  const { candidates, orphans, misnamed } = found;
  return {
    ...found,
    candidates: candidates.filter(isOwn),
    orphans: orphans.filter(isOwn),
    misnamed: misnamed.filter(isOwn),
  };
}

/** In the order in which they came; files of one moment by name, as people number them. */
function sortCandidates(candidates: readonly Candidate[]): readonly Candidate[] {
  const byName = new Intl.Collator('en', { numeric: true });
  return [...candidates].sort(
    (one, other) =>
      one.observed.firstSeenMs - other.observed.firstSeenMs || byName.compare(one.stat.name, other.stat.name),
  );
}

async function scanUntilStable({ inbox, jobs, patienceMs, signal }: Pass) {
  const endMs = Date.now() + patienceMs;
  for (;;) {
    const nowMs = Date.now();
    const found = await findFiles(inbox, jobs, nowMs);
    const pending = found.candidates.filter((one) => mayBecomeStable(one, nowMs, patienceMs));
    const shortest = Math.min(...pending.map(({ job }) => job.quietMs));
    if (pending.length === 0 || nowMs + shortest / 2 > endMs) return found;
    await sleep(Math.max(shortest / 2, 20), signal).catch(() => undefined);
    if (signal.aborted) return found;
  }
}

/** Takes up what dead processes of this machine have left, and tells of what others hold. */
async function adoptLeftClaims(pass: Pass, reports: FileReport[]): Promise<readonly Claim[]> {
  const { inbox, logger: told } = pass;
  const ours: Claim[] = [];
  const others: typeof inbox.memory.others = {};
  for (const found of await findClaims(inbox)) {
    if (found.kind === 'ours') ours.push(found.claim);
    if (found.kind !== 'foreign') continue;
    const { id, record, beat } = found;
    const known = inbox.memory.others[id];
    const since = known?.beat === beat ? known : { beat, sinceMs: Date.now() };
    others[id] = since;
    const report = told.foreignClaim(id, record, Date.now() - since.sinceMs);
    if (report !== undefined) reports.push(report);
  }
  inbox.memory.others = others;
  return ours;
}

/** @returns `undefined` when somebody else has taken the file meanwhile */
async function processCandidate(pass: Pass, candidate: Candidate, tools: ClaimQueue): Promise<FileReport | undefined> {
  const { stat: seen, job } = candidate;
  if (pass.signal.aborted) return buildWaitReport(candidate, stoppingReason, Date.now());
  try {
    const reason = await findWaitReason(candidate, pass.inbox, Date.now());
    if (reason !== undefined) return buildWaitReport(candidate, reason, Date.now());
    return await claimAndProcess(pass, candidate, tools);
  } catch (error) {
    // Of this file only, unless the folder has gone altogether.
    await pass.inbox.assertAvailable();
    if (systemCode(error) === 'ENOENT') return undefined;
    const explained = explainFailure(
      error,
      'It cannot be claimed',
      'Make room, or mend the disk: it waits until then.',
    );
    const exitCode = explained instanceof CustomersError ? explained.exitCode : exitCodes.unreadableInput;
    return { ...buildUntouchedReport(seen.name, job.job.name, 'waits', explainError(explained)), exitCode };
  }
}

const stoppingReason = { code: 'STOPPING', message: 'the sweep was asked to stop', nextStep: null };

async function claimAndProcess(pass: Pass, candidate: Candidate, tools: ClaimQueue): Promise<FileReport | undefined> {
  const { inbox, logger: told } = pass;
  const { stat: seen, job, observed: watched, doneFile } = candidate;
  const name = job.job.name;
  const trouble = tools.failedTenants.get(buildTenantKey(job));
  if (trouble !== undefined)
    return { ...buildUntouchedReport(seen.name, name, 'waits', trouble.reason), exitCode: trouble.exitCode };
  if (pass.dryRun) return buildUntouchedReport(seen.name, name, 'ready', null);
  const facts = { job: name, firstSeenMs: watched.firstSeenMs };
  const taken = await takeFile(inbox, seen, doneFile === undefined ? facts : { ...facts, doneFile: doneFile.name });
  switch (taken.kind) {
    case 'gone':
      await inbox.assertAvailable();
      return undefined;
    case 'not-yet':
      return buildWaitReport(candidate, { code: 'NOT_YET', message: taken.why, nextStep: null }, Date.now());
    case 'taken':
      told.claimed(taken.claim.record);
      return processClaim(tools, taken.claim);
  }
}

/** Logs why a file waits; once it has waited too long, the job's people hear of it, once. */
async function reportWait(tools: ClaimQueue, report: FileReport, isDryRun: boolean): Promise<void> {
  const { memory } = tools.inbox;
  const known = memory.observed[report.file];
  tools.logger.waits(report);
  if (report.exitCode === exitCodes.done || known === undefined || known.isReported === true || isDryRun) return;
  const job = tools.jobs.find((one) => one.job.name === report.job);
  if (job === undefined) return;
  memory.observed[report.file] = { ...known, isReported: true };
  await notifyJob(tools, job, report);
}

/** A file that a job takes, as the latest look saw it. */
interface Candidate {
  readonly stat: FileStat;
  readonly job: SweepJob;
  readonly observed: ObservedFile;
  /** Its done-file, when there is one. */
  readonly doneFile?: FileStat;
}

interface Misnamed {
  readonly name: string;
  readonly why: string;
  readonly job: SweepJob;
}

interface FoundFiles {
  readonly candidates: readonly Candidate[];
  readonly misnamed: readonly Misnamed[];
  readonly ignored: FolderScan['ignored'];
  /** Done-files whose data is not there. */
  readonly orphans: readonly Candidate[];
}

/** Looks once, and keeps in memory what was seen. */
async function findFiles(inbox: Inbox, jobs: readonly SweepJob[], nowMs: number): Promise<FoundFiles> {
  const { files, ignored, misnamed } = await scanFolder(inbox.folder);
  const byName = new Map(files.map((file) => [file.name, file]));
  const others: { name: string; why: string }[] = [];
  const candidates: Candidate[] = [];
  const orphans: Candidate[] = [];
  const watched: Record<string, ObservedFile> = {};
  const vouching = new Set<string>();
  for (const seen of files) {
    const job = jobs.find((one) => one.takes(seen.name) && !one.isDoneFile(seen.name));
    if (job === undefined) continue;
    const doneFile = byName.get(job.nameDoneFile(seen.name));
    if (doneFile !== undefined) vouching.add(doneFile.name);
    const known = observe(inbox.memory.observed[seen.name], seen, nowMs);
    watched[seen.name] = known;
    candidates.push({ stat: seen, job, observed: known, ...(doneFile === undefined ? {} : { doneFile }) });
  }
  for (const seen of files) {
    if (watched[seen.name] !== undefined || vouching.has(seen.name)) continue;
    const job = jobs.find((one) => one.isDoneFile(seen.name));
    if (job === undefined) {
      others.push({ name: seen.name, why: 'no job takes files of this name' });
      continue;
    }
    const known = observe(inbox.memory.observed[seen.name], seen, nowMs);
    watched[seen.name] = known;
    orphans.push({ stat: seen, job, observed: known });
  }
  const refused = misnamed.flatMap((file) => {
    const job = jobs.find((one) => one.takes(file.name));
    return job === undefined ? [] : [{ ...file, job }];
  });
  for (const { name } of refused)
    watched[name] = inbox.memory.observed[name] ?? {
      identity: '',
      firstSeenMs: nowMs,
      unchangedSinceMs: nowMs,
      scans: 1,
    };
  inbox.memory.observed = watched;
  return { candidates, ignored: [...ignored, ...others], orphans, misnamed: refused };
}

/** Whether another look within this sweep may make the file ready. */
function mayBecomeStable({ observed: watched, job }: Candidate, nowMs: number, patienceMs: number): boolean {
  return !isStable(watched, job.quietMs, nowMs) && job.quietMs <= patienceMs;
}

/** Why a file cannot be taken yet; `undefined` when it can. */
async function findWaitReason(candidate: Candidate, inbox: Inbox, nowMs: number): Promise<FileReason | undefined> {
  const { stat: seen, job, observed: watched, doneFile } = candidate;
  if (job.setup instanceof CustomersError) return explainError(job.setup);
  if (!isStable(watched, job.quietMs, nowMs))
    return buildWaitReason('NOT_QUIET', 'it was changed, or first seen, just now');
  if (doneFile === undefined && job.job.doneFile !== undefined)
    return buildWaitReason('NO_DONE_FILE', `its done-file ${job.nameDoneFile(seen.name)} is not there`);
  const late = isLate(candidate, nowMs);
  // Whether it is whole is for its readers to say now, and theirs is the better error.
  if (watched.incompleteReason !== undefined)
    return late ? undefined : buildWaitReason('INCOMPLETE', watched.incompleteReason);
  const incomplete = await findIncompleteness(join(inbox.folder, seen.name), {
    // One that is older than the data was written for something else.
    isDoneFilePresent: doneFile !== undefined && doneFile.modifiedMs >= seen.modifiedMs,
    lastLineEnd: job.job.lastLineEnd ?? 'required',
  });
  return incomplete === undefined || (late && incomplete.isSeenByImport)
    ? undefined
    : buildWaitReason('INCOMPLETE', incomplete.why);
}

function isLate({ observed: watched, job }: Candidate, nowMs: number): boolean {
  return nowMs - watched.firstSeenMs > job.maxWaitMs;
}

function buildWaitReason(code: string, message: string): FileReason {
  return { code, message, nextStep: null };
}

/** The report of a file that waits: an error once it has waited for too long, or when its job is not set up. */
function buildWaitReport(candidate: Candidate, reason: FileReason, nowMs: number): FileReport {
  const { stat: seen, job } = candidate;
  const report = buildUntouchedReport(seen.name, job.job.name, 'waits', reason);
  if (job.setup instanceof CustomersError) return { ...report, exitCode: job.setup.exitCode };
  if (!isLate(candidate, nowMs)) return report;
  const minutes = Math.round(job.maxWaitMs / 60_000);
  const message = `It has waited for more than ${minutes} minutes: ${reason.message}.`;
  const nextStep = nextSteps[reason.code] ?? 'Ask whoever writes the file, or take it away.';
  return { ...report, exitCode: exitCodes.unreadableInput, reason: { code: 'WAITS_TOO_LONG', message, nextStep } };
}

/** The report of a file that cannot be worked on under its name, however long it waits. */
function buildNameReport({ name, why, job }: Misnamed): FileReport {
  const reason = {
    code: 'NAME_UNUSABLE',
    message: `its name cannot be used: ${why}`,
    nextStep: 'Rename the file.',
  };
  return { ...buildUntouchedReport(name, job.job.name, 'waits', reason), exitCode: exitCodes.unreadableInput };
}

const nextSteps: Readonly<Record<string, string>> = {
  INCOMPLETE:
    'Copy the file again. If it is whole although its last line has no end, give its job "lastLineEnd": "optional", or add the done-file.',
  NO_DONE_FILE: 'Let its writer add the done-file, or add it by hand once you know that the file is whole.',
  NO_DATA: 'Drop the data file, or take the done-file away.',
};

/** A done-file that came alone. */
function buildOrphanReason(): FileReason {
  return buildWaitReason('NO_DATA', 'it is a done-file, and its data file is not there');
}

/** Keeps what was seen for the next sweep. @throws RunStoppedError when the disk of the state folder does not let it */
export async function saveInboxMemory(inbox: Inbox): Promise<void> {
  try {
    await inbox.saveMemory();
  } catch (error) {
    throw explainFailure(error, 'The state folder cannot be written', 'Make room for the state folder.');
  }
}
