import type { RunObserver } from '#src/app/run-summary.js';
import { exitCodes } from '#src/errors.js';
import type { ClaimRecord } from '#src/inbox/claims.js';
import { buildUntouchedReport, type FileOutcome, type FileReport } from './summary.js';

/** What a sweep or an export job can have to say; the names are stable, for whoever searches logs. */
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

/** One line of the log. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: SweepEvent;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export type Log = (entry: LogEntry) => void;

/** What a sweep tells while it goes on. */
export interface SweepLogger {
  readonly log: Log;
  ignored(name: string, why: string): void;
  claimed(record: ClaimRecord): void;
  resumed(record: ClaimRecord): void;
  waits(report: FileReport): void;
  /** @returns the report as it came, for whoever collects them */
  report(report: FileReport): FileReport;
  /** A claim of another machine. @returns a report when that machine has been silent for too long */
  foreignClaim(id: string, record: ClaimRecord, silentMs: number): FileReport | undefined;
  notifyFailed(file: string, problem: string): void;
}

/** Many heartbeats of a machine that works. */
const maxSilenceMs = 5 * 60_000;

/** Turns what happens to files into log lines; what stays the same from pass to pass is said once. */
export function createSweepLogger(log: Log): SweepLogger {
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
        message: `${escapeControls(file)} is left alone: ${why}.`,
        facts: { file },
      }),
    claimed({ file, job }) {
      said.delete(file);
      log({
        level: 'info',
        event: 'file-claimed',
        message: `${escapeControls(file)} is taken by the job ${job}.`,
        facts: { file, job },
      });
    },
    resumed: ({ file, job, attempts }) =>
      log({
        level: 'warn',
        event: 'file-resumed',
        message: `${escapeControls(file)} was left by an earlier process; going on with it (attempt ${attempts}).`,
        facts: { file, job, attempts },
      }),
    waits(report) {
      const { file, reason, exitCode } = report;
      const isError = exitCode !== exitCodes.done;
      const message = `${escapeControls(file)} waits: ${describeReason(reason)}`;
      sayOnce(file, { level: isError ? 'error' : 'info', event: 'file-waits', message, facts: buildFacts(report) });
    },
    report(report) {
      log({
        level: chooseLevel(report),
        event: outcomeEvents[report.outcome],
        message: describeReport(report),
        facts: buildFacts(report),
      });
      return report;
    },
    foreignClaim(id, record, silentMs) {
      if (silentMs < maxSilenceMs) return undefined;
      const { file, job, host, pid } = record;
      const reason = {
        code: 'CLAIM_ELSEWHERE',
        message: `${escapeControls(file)} was taken by process ${pid} on ${host}, which shows no sign of life.`,
        nextStep: `Sweep the folder on ${host}: only its ledger knows what was sent. If that machine is gone for good, compare the customers at the API, then move the file out of processing/${id} and remove that folder.`,
      };
      const report: FileReport = {
        ...buildUntouchedReport(file, job, 'kept', reason),
        exitCode: exitCodes.unreadableInput,
      };
      sayOnce(id, {
        level: 'error',
        event: 'claim-elsewhere',
        message: describeReason(reason),
        facts: buildFacts(report),
      });
      return report;
    },
    notifyFailed: (file, problem) =>
      log({ level: 'warn', event: 'notify-failed', message: `${escapeControls(file)}: ${problem}`, facts: { file } }),
  };
}

/** A name as it may stand in a line: one with a line end in it must not look like two entries of a log. */
function escapeControls(name: string): string {
  return name.replaceAll(/\p{Cc}/gu, (sign) => `\\x${(sign.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
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
  duplicate: 'is put aside',
  kept: 'stays in processing and is taken up by the next sweep',
  returned: 'was put back',
  waits: 'waits',
  ready: 'would be taken',
};

function describeReport({ file, outcome, counts, reason, files, run }: FileReport): string {
  const rows = Object.entries(counts ?? {}).flatMap(([status, count]) => (count > 0 ? [`${count} ${status}`] : []));
  return [
    `${escapeControls(file)} ${outcomePhrases[outcome]}${run === null ? '' : ` (run ${run})`}${rows.length === 0 ? '.' : `: ${rows.join(', ')}.`}`,
    ...(reason === null ? [] : [describeReason(reason)]),
    ...(files.input === null ? [] : [`Now ${escapeControls(files.input)}.`]),
  ].join(' ');
}

function describeReason(reason: FileReport['reason']): string {
  if (reason === null) return '';
  const end = /[.!?]$/.test(reason.message) ? '' : '.';
  return `${reason.message}${end}${reason.nextStep === null ? '' : ` ${reason.nextStep}`}`;
}

function buildFacts({ file, job, outcome, exitCode, run, counts, api, files, reason }: FileReport): LogEntry['facts'] {
  return { file, job, outcome, exitCode, run, counts, api, files, reason };
}

/** Tells of a run of a claimed file. */
export function createClaimObserver({ log }: SweepLogger, { file, job }: ClaimRecord): RunObserver {
  return {
    started: (run) =>
      log({
        level: 'info',
        event: 'run-started',
        message: `${escapeControls(file)}: run ${run}`,
        facts: { file, job, run },
      }),
    notice: ({ code, message }) =>
      log({
        level: 'warn',
        event: 'notice',
        message: `${escapeControls(file)}: ${message}`,
        facts: { file, job, code },
      }),
  };
}
