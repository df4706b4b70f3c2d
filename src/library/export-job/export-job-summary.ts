import { BusyError, CustomersError, type ExitCode, exitCodes } from '#src/errors.js';
import type { ExportFilters, ExportOutput, ExportSummary } from '#src/library/export-customers.js';
import { type ApiSummary, noTraffic } from '#src/library/run-summary.js';
import { type FileReason, reasonOf } from '#src/library/sweep/sweep-summary.js';

/** What became of an export. */
export const exportOutcomes = [
  'done',
  /** There is no file. */
  'failed',
  /** By a signal; there is no file. */
  'stopped',
  /** Another process has what it needs; there is no file, and nothing is wrong. */
  'busy',
] as const;

export type ExportOutcome = (typeof exportOutcomes)[number];

/** What an export job has done; the `--json` document of `run`. */
export interface ExportJobSummary {
  readonly command: 'run';
  readonly job: string;
  readonly outcome: ExportOutcome;
  readonly exitCode: ExitCode;
  /** ISO time, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** `null` when there is no file. */
  readonly output: ExportOutput | null;
  /** `null` when it ended before it was known what to ask for. */
  readonly filters: ExportFilters | null;
  readonly api: ApiSummary;
  readonly reason: FileReason | null;
}

export function summaryOfExport(job: string, summary: ExportSummary): ExportJobSummary {
  const { exitCode, startedAt, endedAt, output, filters, api, stopped } = summary;
  return {
    ...{ command: 'run', job, outcome: outcomeOf(exitCode), exitCode, startedAt, endedAt, output, filters, api },
    reason: stopped === null ? null : { ...stopped, nextStep: stopped.nextStep ?? null },
  };
}

function outcomeOf(exitCode: ExitCode): ExportOutcome {
  if (exitCode === exitCodes.done) return 'done';
  return exitCode === exitCodes.sigint || exitCode === exitCodes.sigterm ? 'stopped' : 'failed';
}

/** Of one that could not begin, or that a bug has ended. */
export function summaryOfFailure(job: string, startedAt: Date, error: unknown): ExportJobSummary {
  const reason = reasonOf(error);
  return {
    command: 'run',
    job,
    outcome: error instanceof BusyError ? 'busy' : 'failed',
    exitCode: error instanceof CustomersError ? error.exitCode : exitCodes.bug,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    output: null,
    filters: null,
    api: noTraffic,
    reason: { ...reason, nextStep: adviceForJobs[reason.code] ?? reason.nextStep },
  };
}

/** The export's own advice names options, and a job has keys. */
const adviceForJobs: Readonly<Record<string, string>> = {
  FILE_EXISTS:
    'Nothing was overwritten. Take the file away, write {date} or {time} into the job’s "output", or let the job say "force": true.',
  FORMAT_UNKNOWN: 'Let the job’s "output" end in .csv, .xlsx or .ndjson, or add "format" to the job.',
  FIELD_NEEDS_FULL: 'Add "full": true to the job, which asks for every customer once more, or leave the field out.',
  FIELD_UNKNOWN: 'Correct "fields" of the job; for fields that only details have, add "full": true.',
};
