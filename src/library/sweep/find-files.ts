import { join } from 'node:path';
import { CustomersError, exitCodes } from '#src/errors.js';
import { type Look, lookInto, type Sighting } from '#src/inbox/look.js';
import type { Inbox } from '#src/inbox/open-inbox.js';
import { isQuiet, type Watched, watch } from '#src/inbox/quiet.js';
import { whyIncomplete } from '#src/inbox/why-incomplete.js';
import type { SweepJob } from './sweep-jobs.js';
import { type FileReason, type FileReport, reasonOf, untouched } from './sweep-summary.js';

/** A file that a job takes, as the latest look saw it. */
export interface Candidate {
  readonly seen: Sighting;
  readonly job: SweepJob;
  readonly watched: Watched;
  /** Its done-file, when there is one. */
  readonly doneFile?: Sighting;
}

export interface Misnamed {
  readonly name: string;
  readonly why: string;
  readonly job: SweepJob;
}

export interface FoundFiles {
  readonly candidates: readonly Candidate[];
  readonly misnamed: readonly Misnamed[];
  readonly ignored: Look['ignored'];
  /** Done-files whose data is not there. */
  readonly orphans: readonly Candidate[];
}

/** Looks once, and keeps in memory what was seen. */
export async function look(inbox: Inbox, jobs: readonly SweepJob[], nowMs: number): Promise<FoundFiles> {
  const { files, ignored, misnamed } = await lookInto(inbox.folder);
  const byName = new Map(files.map((file) => [file.name, file]));
  const others: { name: string; why: string }[] = [];
  const candidates: Candidate[] = [];
  const orphans: Candidate[] = [];
  const watched: Record<string, Watched> = {};
  const vouching = new Set<string>();
  for (const seen of files) {
    const job = jobs.find((one) => one.takes(seen.name) && !one.isDoneFile(seen.name));
    if (job === undefined) continue;
    const doneFile = byName.get(job.doneFileOf(seen.name));
    if (doneFile !== undefined) vouching.add(doneFile.name);
    const known = watch(inbox.memory.watched[seen.name], seen, nowMs);
    watched[seen.name] = known;
    candidates.push({ seen, job, watched: known, ...(doneFile === undefined ? {} : { doneFile }) });
  }
  for (const seen of files) {
    if (watched[seen.name] !== undefined || vouching.has(seen.name)) continue;
    const job = jobs.find((one) => one.isDoneFile(seen.name));
    if (job === undefined) {
      others.push({ name: seen.name, why: 'no job takes files of this name' });
      continue;
    }
    const known = watch(inbox.memory.watched[seen.name], seen, nowMs);
    watched[seen.name] = known;
    orphans.push({ seen, job, watched: known });
  }
  const refused = misnamed.flatMap((file) => {
    const job = jobs.find((one) => one.takes(file.name));
    return job === undefined ? [] : [{ ...file, job }];
  });
  for (const { name } of refused)
    watched[name] = inbox.memory.watched[name] ?? {
      identity: '',
      firstSeenMs: nowMs,
      unchangedSinceMs: nowMs,
      looks: 1,
    };
  inbox.memory.watched = watched;
  return { candidates, ignored: [...ignored, ...others], orphans, misnamed: refused };
}

/** Whether another look within this sweep may make the file ready. */
export function mayBecomeQuiet({ watched, job }: Candidate, nowMs: number, patienceMs: number): boolean {
  return !isQuiet(watched, job.quietMs, nowMs) && job.quietMs <= patienceMs;
}

/** Why a file cannot be taken yet; `undefined` when it can. */
export async function whyNot(candidate: Candidate, inbox: Inbox, nowMs: number): Promise<FileReason | undefined> {
  const { seen, job, watched, doneFile } = candidate;
  if (job.setUp instanceof CustomersError) return reasonOf(job.setUp);
  if (!isQuiet(watched, job.quietMs, nowMs)) return waiting('NOT_QUIET', 'it was changed, or first seen, just now');
  if (doneFile === undefined && job.job.doneFile !== undefined)
    return waiting('NO_DONE_FILE', `its done-file ${job.doneFileOf(seen.name)} is not there`);
  const late = isLate(candidate, nowMs);
  // Whether it is whole is for its readers to say now, and theirs is the better error.
  if (watched.cut !== undefined) return late ? undefined : waiting('INCOMPLETE', watched.cut);
  const incomplete = await whyIncomplete(join(inbox.folder, seen.name), {
    // One that is older than the data was written for something else.
    vouchedFor: doneFile !== undefined && doneFile.modifiedMs >= seen.modifiedMs,
    lastLineEnd: job.job.lastLineEnd ?? 'required',
  });
  return incomplete === undefined || (late && incomplete.importSees)
    ? undefined
    : waiting('INCOMPLETE', incomplete.why);
}

function isLate({ watched, job }: Candidate, nowMs: number): boolean {
  return nowMs - watched.firstSeenMs > job.maxWaitMs;
}

function waiting(code: string, message: string): FileReason {
  return { code, message, nextStep: null };
}

/** The report of a file that waits: an error once it has waited for too long, or when its job is not set up. */
export function waits(candidate: Candidate, reason: FileReason, nowMs: number): FileReport {
  const { seen, job } = candidate;
  const report = untouched(seen.name, job.job.name, 'waits', reason);
  if (job.setUp instanceof CustomersError) return { ...report, exitCode: job.setUp.exitCode };
  if (!isLate(candidate, nowMs)) return report;
  const minutes = Math.round(job.maxWaitMs / 60_000);
  const message = `It has waited for more than ${minutes} minutes: ${reason.message}.`;
  const nextStep = nextSteps[reason.code] ?? 'Ask whoever writes the file, or take it away.';
  return { ...report, exitCode: exitCodes.unreadableInput, reason: { code: 'WAITS_TOO_LONG', message, nextStep } };
}

/** The report of a file that cannot be worked on under its name, however long it waits. */
export function waitsForName({ name, why, job }: Misnamed): FileReport {
  const reason = {
    code: 'NAME_UNUSABLE',
    message: `its name cannot be used: ${why}`,
    nextStep: 'Rename the file.',
  };
  return { ...untouched(name, job.job.name, 'waits', reason), exitCode: exitCodes.unreadableInput };
}

const nextSteps: Readonly<Record<string, string>> = {
  INCOMPLETE:
    'Copy the file again. If it is whole although its last line has no end, give its job "lastLineEnd": "optional", or add the done-file.',
  NO_DONE_FILE: 'Let its writer add the done-file, or add it by hand once you know that the file is whole.',
  NO_DATA: 'Drop the data file, or take the done-file away.',
};

/** A done-file that came alone. */
export function orphanReason(): FileReason {
  return waiting('NO_DATA', 'it is a done-file, and its data file is not there');
}
