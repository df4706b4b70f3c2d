import { sleep } from '#src/api/sleep.js';
import { CustomersError, exitCodes } from '#src/errors.js';
import { findClaims } from '#src/inbox/find-claims.js';
import type { Claim } from '#src/inbox/hold-claim.js';
import type { Inbox } from '#src/inbox/open-inbox.js';
import { systemCode } from '#src/inbox/system-code.js';
import { takeFile } from '#src/inbox/take-file.js';
import { explainFailure } from '#src/library/explain-failure.js';
import {
  type Candidate,
  type FoundFiles,
  look,
  mayBecomeQuiet,
  orphanReason,
  waits,
  waitsForName,
  whyNot,
} from './find-files.js';
import { keepMemory } from './keep-memory.js';
import type { SweepJob } from './sweep-jobs.js';
import { type FileReport, reasonOf, untouched } from './sweep-summary.js';
import type { Told } from './told.js';
import { tell, tenantKey, type WorkTools, workOnClaim } from './work-on-claim.js';

export interface Pass {
  readonly inbox: Inbox;
  readonly jobs: readonly SweepJob[];
  /** Only files of this job; which job a file belongs to is decided among all. */
  readonly only?: string;
  readonly told: Told;
  /** Look several times until files are quiet; else once. */
  readonly patienceMs: number;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly settleMs?: number;
}

/** A process that dies of a file again and again shall not keep others waiting. */
const deadlyAttempts = 3;

/**
 * Goes through the folder once. One bad file never blocks the next.
 *
 * @param reports - gets a report a file, also when the folder goes away in the middle
 * @throws InputError when it does
 */
export async function makePass(pass: Pass, reports: FileReport[]): Promise<void> {
  const { inbox, told } = pass;
  await inbox.assertThere();
  const claims = pass.dryRun ? [] : await leftClaims(pass, reports);
  const found = ofJob(pass.only, await lookUntilQuiet(pass));
  if (!pass.dryRun) await keepMemory(inbox);
  for (const { name, why } of found.ignored) told.ignored(name, why);
  for (const file of found.misnamed) reports.push(waitsForName(file));
  for (const orphan of found.orphans) reports.push(waits(orphan, orphanReason(), Date.now()));
  const tools: WorkTools = { ...pass, troubled: new Map() };
  const first = claims.filter(({ record }) => record.attempts <= deadlyAttempts);
  const last = claims.filter(({ record }) => record.attempts > deadlyAttempts);
  for (const claim of first) reports.push(await workOnClaim(tools, claim));
  for (const candidate of inOrder(found.candidates)) {
    const report = await takeUp(pass, candidate, tools);
    if (report !== undefined) reports.push(report);
  }
  for (const claim of last) reports.push(await workOnClaim(tools, claim));
  for (const report of reports) if (report.outcome === 'waits') await tellOfWait(tools, report, pass.dryRun);
}

function ofJob(only: string | undefined, found: FoundFiles): FoundFiles {
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
function inOrder(candidates: readonly Candidate[]): readonly Candidate[] {
  const byName = new Intl.Collator('en', { numeric: true });
  return [...candidates].sort(
    (one, other) =>
      one.watched.firstSeenMs - other.watched.firstSeenMs || byName.compare(one.seen.name, other.seen.name),
  );
}

async function lookUntilQuiet({ inbox, jobs, patienceMs, signal }: Pass) {
  const endMs = Date.now() + patienceMs;
  for (;;) {
    const nowMs = Date.now();
    const found = await look(inbox, jobs, nowMs);
    const pending = found.candidates.filter((one) => mayBecomeQuiet(one, nowMs, patienceMs));
    const shortest = Math.min(...pending.map(({ job }) => job.quietMs));
    if (pending.length === 0 || nowMs + shortest / 2 > endMs) return found;
    await sleep(Math.max(shortest / 2, 20), signal).catch(() => undefined);
    if (signal.aborted) return found;
  }
}

/** Takes up what dead processes of this machine have left, and tells of what others hold. */
async function leftClaims(pass: Pass, reports: FileReport[]): Promise<readonly Claim[]> {
  const { inbox, told } = pass;
  const ours: Claim[] = [];
  const others: typeof inbox.memory.others = {};
  for (const found of await findClaims(inbox)) {
    if (found.kind === 'ours') ours.push(found.claim);
    if (found.kind !== 'foreign') continue;
    const { id, record, beat } = found;
    const known = inbox.memory.others[id];
    const since = known?.beat === beat ? known : { beat, sinceMs: Date.now() };
    others[id] = since;
    const report = told.elsewhere(id, record, Date.now() - since.sinceMs);
    if (report !== undefined) reports.push(report);
  }
  inbox.memory.others = others;
  return ours;
}

/** @returns `undefined` when somebody else has taken the file meanwhile */
async function takeUp(pass: Pass, candidate: Candidate, tools: WorkTools): Promise<FileReport | undefined> {
  const { seen, job } = candidate;
  if (pass.signal.aborted) return waits(candidate, stopping, Date.now());
  try {
    const reason = await whyNot(candidate, pass.inbox, Date.now());
    if (reason !== undefined) return waits(candidate, reason, Date.now());
    return await takeReady(pass, candidate, tools);
  } catch (error) {
    // Of this file only, unless the folder has gone altogether.
    await pass.inbox.assertThere();
    if (systemCode(error) === 'ENOENT') return undefined;
    const explained = explainFailure(
      error,
      'It cannot be claimed',
      'Make room, or mend the disk: it waits until then.',
    );
    const exitCode = explained instanceof CustomersError ? explained.exitCode : exitCodes.unreadableInput;
    return { ...untouched(seen.name, job.job.name, 'waits', reasonOf(explained)), exitCode };
  }
}

const stopping = { code: 'STOPPING', message: 'the sweep was asked to stop', nextStep: null };

async function takeReady(pass: Pass, candidate: Candidate, tools: WorkTools): Promise<FileReport | undefined> {
  const { inbox, told } = pass;
  const { seen, job, watched, doneFile } = candidate;
  const name = job.job.name;
  const trouble = tools.troubled.get(tenantKey(job));
  if (trouble !== undefined)
    return { ...untouched(seen.name, name, 'waits', trouble.reason), exitCode: trouble.exitCode };
  if (pass.dryRun) return untouched(seen.name, name, 'ready', null);
  const facts = { job: name, firstSeenMs: watched.firstSeenMs };
  const taken = await takeFile(inbox, seen, doneFile === undefined ? facts : { ...facts, doneFile: doneFile.name });
  switch (taken.kind) {
    case 'gone':
      await inbox.assertThere();
      return undefined;
    case 'not-yet':
      return waits(candidate, { code: 'NOT_YET', message: taken.why, nextStep: null }, Date.now());
    case 'taken':
      told.claimed(taken.claim.record);
      return workOnClaim(tools, taken.claim);
  }
}

/** Logs why a file waits; once it has waited too long, the job's people hear of it, once. */
async function tellOfWait(tools: WorkTools, report: FileReport, isDryRun: boolean): Promise<void> {
  const { memory } = tools.inbox;
  const known = memory.watched[report.file];
  tools.told.waits(report);
  if (report.exitCode === exitCodes.done || known === undefined || known.told === true || isDryRun) return;
  const job = tools.jobs.find((one) => one.job.name === report.job);
  if (job === undefined) return;
  memory.watched[report.file] = { ...known, told: true };
  await tell(tools, job, report);
}
