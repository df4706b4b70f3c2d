import { codes } from '#pipelines/codes.js';
import { formatCount } from '#pipelines/format-count.js';
import { showLine } from '#pipelines/visible-text.js';
import type { RunObserver } from '#src/app/run-summary.js';
import { exitCodes } from '#src/errors.js';
import type { ClaimRecord } from '#src/inbox/claim-records.js';
import type { Stranger } from '#src/inbox/claims.js';
import { claimNoteFile } from '#src/inbox/folder-layout.js';
import type { Tenant } from '#src/ledger/open-ledger.js';
import {
  buildUntouchedReport,
  type FileOutcome,
  type FileReason,
  type FileReport,
  type WaitingCount,
} from './summary.js';

/** The events that a sweep or an export job logs. The names are stable, so that logs can be searched for them. */
export type SweepEvent =
  | 'sweep-started'
  | 'sweep-ended'
  | 'folder-unusable'
  | 'file-ignored'
  | 'file-waits'
  | 'file-claimed'
  | 'file-resumed'
  | 'run-started'
  | 'notice'
  | 'file-done'
  | 'file-failed'
  | 'file-duplicate'
  | 'file-kept'
  | 'file-returned'
  | 'claim-elsewhere'
  | 'export-started'
  | 'export-done'
  | 'export-failed'
  | 'export-busy'
  | 'notify-failed'
  | 'metrics-failed'
  | 'pruned';

/** One entry of the log. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: SweepEvent;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Receives the entries of the log in order. */
export type Log = (entry: LogEntry) => void;

/** Logs what happens to the files of a sweep. */
export interface SweepLogger {
  readonly log: Log;
  ignored(name: string, why: string): void;
  claimed(record: ClaimRecord): void;
  resumed(record: ClaimRecord): void;
  waits(report: FileReport): void;
  /** @returns the same report */
  report(report: FileReport): FileReport;
  /**
   * For what is in `processing/` and is not a claim of this instance.
   *
   * @param silentMs - how long a claim of another instance has given no sign of life
   * @returns a report when that is too long, or when it is no claim at all
   */
  stranger(stranger: Stranger, silentMs: number): FileReport | undefined;
  /** For those that are too many to be reported one by one. */
  moreStrangers(count: number): FileReport;
  notifyFailed(file: string, why: string): void;
  /** Once for each reason: a service tries again in every pass. */
  alertFailed(about: string, why: string): void;
}

/** Many heartbeats of a live process. */
const maxSilenceMs = 5 * 60_000;

/** Creates the logger of a sweep. What stays the same from pass to pass is logged once. */
export function createSweepLogger(log: Log): SweepLogger {
  const lastMessages = new Map<string, string>();
  const logOnce = (name: string, entry: LogEntry) => {
    if (lastMessages.get(name) === entry.message) return;
    lastMessages.set(name, entry.message);
    log(entry);
  };
  const reportStranger = (name: string, reason: FileReason) => {
    const path = `processing/${name}`;
    const report = { ...buildUntouchedReport(path, null, 'kept', reason), exitCode: exitCodes.unreadableInput };
    const message = describeReason(reason);
    logOnce(path, { level: 'error', event: 'claim-elsewhere', message, facts: selectFacts(report) });
    return report;
  };
  return {
    log,
    ignored: (file, why) =>
      logOnce(file, {
        level: 'info',
        event: 'file-ignored',
        message: `${showLine(file)} is ignored: ${why}.`,
        facts: { file },
      }),
    claimed({ file, job }) {
      lastMessages.delete(file);
      const message = `${showLine(file)} is claimed by the job ${job}.`;
      log({ level: 'info', event: 'file-claimed', message, facts: { file, job } });
    },
    resumed({ file, job, attempts }) {
      const message = `${showLine(file)} was left by an earlier process; continuing with it (attempt ${attempts}).`;
      log({ level: 'warn', event: 'file-resumed', message, facts: { file, job, attempts } });
    },
    waits(report) {
      const { file, reason, exitCode } = report;
      const level = exitCode === exitCodes.done ? 'info' : 'error';
      const message = `${showLine(file)} is waiting: ${describeReason(reason)}`;
      logOnce(file, { level, event: 'file-waits', message, facts: selectFacts(report) });
    },
    report(report) {
      const event = outcomeEvents[report.outcome];
      log({ level: chooseLevel(report), event, message: describeReport(report), facts: selectFacts(report) });
      return report;
    },
    stranger({ name, found }, silentMs) {
      if ('heartbeatMs' in found && silentMs < maxSilenceMs) return undefined;
      return reportStranger(
        name,
        'fact' in found ? buildOddClaimReason(name, found.fact) : buildSilentClaimReason(name),
      );
    },
    moreStrangers(count) {
      const message = `processing/ has ${formatCount(count, 'more entry', 'more entries')} that this program did not make.`;
      return reportStranger('', { code: 'CLAIM_UNKNOWN', message, nextStep: codes.CLAIM_UNKNOWN.nextStep });
    },
    notifyFailed: (file, why) =>
      log({ level: 'error', event: 'notify-failed', message: `${showLine(file)}: ${why}`, facts: { file } }),
    alertFailed: (about, why) =>
      logOnce(`${about} ${why}`, {
        level: 'error',
        event: 'notify-failed',
        message: `${about}: ${why}`,
        facts: { about },
      }),
  };
}

function buildSilentClaimReason(name: string): FileReason {
  return {
    code: 'CLAIM_ELSEWHERE',
    message: `processing/${showLine(name)} was claimed by another machine, which has stopped responding.`,
    nextStep: `The note ${claimNoteFile} in that folder says which machine. Sweep the folder there: only its ledger knows what was sent. If that machine is gone for good, compare the file with the customers in the API, then move it out of processing/${showLine(name)} and remove that folder.`,
  };
}

function buildOddClaimReason(name: string, fact: string): FileReason {
  const message = `processing/${showLine(name)} is not a claim of this program: ${fact}. Nothing in it is read.`;
  return { code: 'CLAIM_UNKNOWN', message, nextStep: codes.CLAIM_UNKNOWN.nextStep };
}

const outcomeEvents = {
  done: 'file-done',
  failed: 'file-failed',
  duplicate: 'file-duplicate',
  kept: 'file-kept',
  returned: 'file-returned',
  waits: 'file-waits',
  ready: 'file-waits',
} as const satisfies Readonly<Record<FileOutcome, SweepEvent>>;

function chooseLevel({ outcome, exitCode }: FileReport): LogEntry['level'] {
  if (exitCode === exitCodes.done) return 'info';
  return outcome === 'done' || exitCode === exitCodes.busy ? 'warn' : 'error';
}

const outcomePhrases: Readonly<Record<FileOutcome, string>> = {
  done: 'is done',
  failed: 'has failed',
  duplicate: 'was imported before and was moved to duplicate/',
  kept: 'stays in processing; the next sweep continues with it',
  returned: 'was put back',
  waits: 'is waiting',
  ready: 'would be imported',
};

/** What became of a file, in sentences. */
export function describeReport({ file, outcome, counts, waiting, reason, files, run }: FileReport): string {
  const rows = Object.entries(counts ?? {}).flatMap(([status, count]) => (count > 0 ? [`${count} ${status}`] : []));
  const subject = `${showLine(file)} ${outcomePhrases[outcome]}${run === null ? '' : ` (run ${run})`}`;
  return [
    rows.length === 0 ? `${subject}.` : `${subject}: ${rows.join(', ')}.`,
    ...(waiting.rows === 0 ? [] : [describeWaiting(waiting, files.review)]),
    ...(reason === null ? [] : [describeReason(reason)]),
    ...(files.input === null ? [] : [`It is now ${showLine(files.input)}.`]),
  ].join(' ');
}

function describeWaiting({ rows, fresh }: WaitingCount, review: string | null): string {
  const where = review === null ? '' : ` in ${showLine(review)}`;
  return `${formatCount(rows, 'row')} (${fresh} new) ${rows === 1 ? 'waits' : 'wait'} for a decision${where}.`;
}

/** A reason and its next step as sentences. */
export function describeReason(reason: FileReason | null): string {
  if (reason === null) return '';
  const end = /[.!?]$/.test(reason.message) ? '' : '.';
  return `${reason.message}${end}${reason.nextStep === null ? '' : ` ${reason.nextStep}`}`;
}

function selectFacts(report: FileReport): LogEntry['facts'] {
  const { file, job, outcome, exitCode, run, counts, waiting, api, files, reason } = report;
  return { file, job, outcome, exitCode, run, counts, waiting, api, files, reason };
}

/** Logs the start and the notices of the run of a claimed file. */
export function createClaimObserver({ log }: SweepLogger, { file, job }: ClaimRecord): RunObserver {
  const name = showLine(file);
  let account: Tenant | undefined;
  return {
    account: (found, isSandbox) => {
      account = isSandbox ? undefined : found;
    },
    started: (run) => {
      const target = account === undefined ? '' : `, as ${account.login} at ${account.baseUrl}`;
      const message = `${name}: run ${run}${target}`;
      log({ level: 'info', event: 'run-started', message, facts: { file, job, run, ...account } });
    },
    notice: ({ code, message }) =>
      log({ level: 'warn', event: 'notice', message: `${name}: ${showLine(message)}`, facts: { file, job, code } }),
  };
}
