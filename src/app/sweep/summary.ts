import type { Code } from '#pipelines/codes.js';
import { type RowCounts, rowStatuses } from '#pipelines/model.js';
import { type ApiSummary, noTraffic } from '#src/app/run-summary.js';
import { CustomersError, type ExitCode, exitCodes } from '#src/errors.js';

/** What a sweep did with a dropped file. */
export const fileOutcomes = [
  /** Imported: every row has a result, good or bad. */
  'done',
  'failed',
  'duplicate',
  /** Still claimed; the next sweep continues with it. */
  'kept',
  /** Put back into the drop folder, because it was incomplete. */
  'returned',
  /** Not ready to be claimed. */
  'waits',
  /** In a dry run: it would be claimed. */
  'ready',
] as const;

export type FileOutcome = (typeof fileOutcomes)[number];

export interface FileReport {
  readonly file: string;
  readonly job: string | null;
  readonly outcome: FileOutcome;
  readonly exitCode: ExitCode;
  readonly run: string | null;
  readonly counts: RowCounts | null;
  readonly api: ApiSummary;
  /** Their current paths. */
  readonly files: {
    readonly input: string | null;
    readonly results: string | null;
    readonly rejects: string | null;
    readonly review: string | null;
  };
  readonly waiting: WaitingCount;
  readonly reason: FileReason | null;
}

/** Rows of a file that wait for a person to decide which customer they mean. */
export interface WaitingCount {
  readonly rows: number;
  /** How many of these no run before has asked about. */
  readonly fresh: number;
}

export const noneWaiting: WaitingCount = { rows: 0, fresh: 0 };

/** Whether nothing went wrong but that rows wait for a decision, of which earlier runs have told already. */
export function isKnownToWait({ exitCode, counts, waiting }: FileReport): boolean {
  if (exitCode !== exitCodes.someRowsFailed || counts === null || waiting.fresh > 0) return false;
  return counts.invalid + counts.rejected + counts.failed <= waiting.rows;
}

/** Why a file, or an export, ended as it did. */
export interface FileReason {
  readonly code: Code;
  readonly message: string;
  readonly nextStep: string | null;
}

/** The result of a sweep; the `--json` document. */
export interface SweepSummary {
  readonly command: 'sweep' | 'watch' | 'run';
  readonly folder: string;
  readonly dryRun: boolean;
  readonly exitCode: ExitCode;
  /** ISO time, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly files: readonly FileReport[];
  readonly outcomes: Readonly<Record<FileOutcome, number>>;
  readonly counts: RowCounts;
  readonly api: ApiSummary;
  /** Old files that were deleted from the archive. */
  readonly pruned: readonly string[];
}

/** The report of a file that nothing was done with. */
export function buildUntouchedReport(
  file: string,
  job: string | null,
  outcome: FileOutcome,
  reason: FileReason | null,
): FileReport {
  const files = { input: null, results: null, rejects: null, review: null };
  const nothing = { run: null, counts: null, waiting: noneWaiting, api: noTraffic };
  return { file, job, outcome, exitCode: exitCodes.done, ...nothing, files, reason };
}

/**
 * Exit codes by urgency, the most urgent first. A sweep ends with the most urgent one of its files; `busy` is reported
 * only if nothing else is.
 */
export const exitCodeOrder: readonly ExitCode[] = [
  exitCodes.bug,
  exitCodes.sigint,
  exitCodes.sigterm,
  exitCodes.login,
  exitCodes.stoppedEarly,
  exitCodes.inDoubt,
  exitCodes.guard,
  exitCodes.usage,
  exitCodes.unreadableInput,
  exitCodes.someRowsFailed,
  exitCodes.busy,
];

export function sumExitCodes(codes: readonly ExitCode[]): ExitCode {
  return exitCodeOrder.find((code) => codes.includes(code)) ?? exitCodes.done;
}

export function sumCounts(reports: readonly FileReport[]): RowCounts {
  const sum = (status: keyof RowCounts) => reports.reduce((total, { counts }) => total + (counts?.[status] ?? 0), 0);
  return Object.fromEntries(rowStatuses.map((status) => [status, sum(status)])) as RowCounts;
}

export function sumTraffic(reports: readonly FileReport[]): ApiSummary {
  const sum = (name: keyof ApiSummary) => reports.reduce((total, { api }) => total + api[name], 0);
  return {
    requests: sum('requests'),
    retries: sum('retries'),
    rateLimited: sum('rateLimited'),
    tokens: sum('tokens'),
  };
}

export function countOutcomes(reports: readonly FileReport[]): Readonly<Record<FileOutcome, number>> {
  const count = (outcome: FileOutcome) => reports.filter((report) => report.outcome === outcome).length;
  return Object.fromEntries(fileOutcomes.map((outcome) => [outcome, count(outcome)])) as Record<FileOutcome, number>;
}

/** The reason that a file's report gives for an error; a bug comes with its stack. */
export function explainError(error: unknown): FileReason {
  if (error instanceof CustomersError) return { code: error.code, message: error.message, nextStep: error.nextStep };
  return {
    code: 'BUG',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    nextStep: null,
  };
}
