import { exitCodes } from '#src/errors.js';
import type { ClaimRecord } from '#src/inbox/claim-record.js';
import type { RunObserver } from '#src/library/observer.js';
import type { Log, LogEntry, SweepEvent } from './sweep-log.js';
import { type FileOutcome, type FileReport, untouched } from './sweep-summary.js';

/** What a sweep tells while it goes on. */
export interface Told {
  readonly log: Log;
  ignored(name: string, why: string): void;
  claimed(record: ClaimRecord): void;
  resumed(record: ClaimRecord): void;
  waits(report: FileReport): void;
  /** @returns the report as it came, for whoever collects them */
  report(report: FileReport): FileReport;
  /** A claim of another machine. @returns a report when that machine has been silent for too long */
  elsewhere(id: string, record: ClaimRecord, silentMs: number): FileReport | undefined;
  notifyFailed(file: string, problem: string): void;
}

/** Many heartbeats of a machine that works. */
const silentTooLongMs = 5 * 60_000;

/** Turns what happens to files into log lines; what stays the same from pass to pass is said once. */
export function tellTo(log: Log): Told {
  const said = new Map<string, string>();
  const sayOnce = (name: string, entry: LogEntry) => {
    if (said.get(name) === entry.message) return;
    said.set(name, entry.message);
    log(entry);
  };
  return {
    log,
    ignored: (file, why) =>
      sayOnce(file, {
        level: 'info',
        event: 'file-ignored',
        message: `${plain(file)} is left alone: ${why}.`,
        facts: { file },
      }),
    claimed({ file, job }) {
      said.delete(file);
      log({
        level: 'info',
        event: 'file-claimed',
        message: `${plain(file)} is taken by the job ${job}.`,
        facts: { file, job },
      });
    },
    resumed: ({ file, job, attempts }) =>
      log({
        level: 'warn',
        event: 'file-resumed',
        message: `${plain(file)} was left by an earlier process; going on with it (attempt ${attempts}).`,
        facts: { file, job, attempts },
      }),
    waits(report) {
      const { file, reason, exitCode } = report;
      const isError = exitCode !== exitCodes.done;
      const message = `${plain(file)} waits: ${textOf(reason)}`;
      sayOnce(file, { level: isError ? 'error' : 'info', event: 'file-waits', message, facts: factsOf(report) });
    },
    report(report) {
      log({
        level: levelOf(report),
        event: eventOf[report.outcome],
        message: sentence(report),
        facts: factsOf(report),
      });
      return report;
    },
    elsewhere(id, record, silentMs) {
      if (silentMs < silentTooLongMs) return undefined;
      const { file, job, host, pid } = record;
      const reason = {
        code: 'CLAIM_ELSEWHERE',
        message: `${plain(file)} was taken by process ${pid} on ${host}, which shows no sign of life.`,
        nextStep: `Sweep the folder on ${host}: only its ledger knows what was sent. If that machine is gone for good, compare the customers at the API, then move the file out of processing/${id} and remove that folder.`,
      };
      const report: FileReport = { ...untouched(file, job, 'kept', reason), exitCode: exitCodes.unreadableInput };
      sayOnce(id, {
        level: 'error',
        event: 'claim-elsewhere',
        message: textOf(reason),
        facts: factsOf(report),
      });
      return report;
    },
    notifyFailed: (file, problem) =>
      log({ level: 'warn', event: 'notify-failed', message: `${plain(file)}: ${problem}`, facts: { file } }),
  };
}

/** A name as it may stand in a line: one with a line end in it must not look like two entries of a log. */
function plain(name: string): string {
  return name.replaceAll(/\p{Cc}/gu, (sign) => `\\x${(sign.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
}

const eventOf = {
  done: 'file-done',
  failed: 'file-failed',
  duplicate: 'file-duplicate',
  kept: 'file-kept',
  returned: 'file-returned',
  waits: 'file-waits',
  ready: 'file-waits',
} as const satisfies Readonly<Record<FileOutcome, SweepEvent>>;

function levelOf({ outcome, exitCode }: FileReport): LogEntry['level'] {
  if (exitCode === exitCodes.done) return 'info';
  return outcome === 'done' || exitCode === exitCodes.busy ? 'warn' : 'error';
}

const words: Readonly<Record<FileOutcome, string>> = {
  done: 'is done',
  failed: 'has failed',
  duplicate: 'is put aside',
  kept: 'stays in processing and is taken up by the next sweep',
  returned: 'was put back',
  waits: 'waits',
  ready: 'would be taken',
};

function sentence({ file, outcome, counts, reason, files, run }: FileReport): string {
  const rows = Object.entries(counts ?? {}).flatMap(([status, count]) => (count > 0 ? [`${count} ${status}`] : []));
  return [
    `${plain(file)} ${words[outcome]}${run === null ? '' : ` (run ${run})`}${rows.length === 0 ? '.' : `: ${rows.join(', ')}.`}`,
    ...(reason === null ? [] : [textOf(reason)]),
    ...(files.input === null ? [] : [`Now ${plain(files.input)}.`]),
  ].join(' ');
}

function textOf(reason: FileReport['reason']): string {
  if (reason === null) return '';
  const end = /[.!?]$/.test(reason.message) ? '' : '.';
  return `${reason.message}${end}${reason.nextStep === null ? '' : ` ${reason.nextStep}`}`;
}

function factsOf({ file, job, outcome, exitCode, run, counts, api, files, reason }: FileReport): LogEntry['facts'] {
  return { file, job, outcome, exitCode, run, counts, api, files, reason };
}

/** Tells of a run of a claimed file. */
export function claimObserver({ log }: Told, { file, job }: ClaimRecord): RunObserver {
  return {
    started: (run) =>
      log({ level: 'info', event: 'run-started', message: `${plain(file)}: run ${run}`, facts: { file, job, run } }),
    notice: ({ code, message }) =>
      log({ level: 'warn', event: 'notice', message: `${plain(file)}: ${message}`, facts: { file, job, code } }),
  };
}
