import type { RowCounts, RowOutcome } from '#pipelines/outcome.js';
import type { RunControl } from '#pipelines/run-control.js';
import { CustomersError } from '#src/errors.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { type ResultsWritten, writeResults } from '#src/results/write-results.js';
import { explainFailure } from './explain-failure.js';
import { makeReport } from './make-report.js';
import { problemsOf } from './problems-of.js';
import type { RunJob, RunTools } from './run-job.js';
import { apiSummary, describeStop, exitCodeOf, type RunSummary } from './run-summary.js';

/**
 * Writes the result file from the ledger, closes the run there, and sums it up.
 *
 * @param wentThrough - whether the run came to all of its rows, unless the control says that it was stopped
 */
export async function endRun(tools: RunTools, wentThrough: boolean): Promise<RunSummary> {
  const { connection, run, control, job } = tools;
  const { results = null, rejects = null } = await writeResultsOrStop(tools, wentThrough);
  const counts = countRows(tools);
  const status = stateOf(control, wentThrough);
  const problems = problemsOf(connection.ledger, run.number);
  const hasDoubtsElsewhere = problems.some(({ code }) => code === 'IN_DOUBT_ELSEWHERE');
  const exitCode = exitCodeOf(control.reason, counts, { wentThrough, hasDoubtsElsewhere });
  const stopped = describeStop(control.reason, run.name) ?? (wentThrough ? null : stillUnfinished(run));
  connection.ledger.runs.end(run.number, {
    state: status,
    exitCode,
    files: {
      ...(results === null ? {} : { results }),
      ...(rejects === null ? {} : { rejects }),
      ...(job.paths.report === undefined ? {} : { report: job.paths.report }),
    },
    // One that was not finished before is so still, for the reason that it had.
    ...(stopped === null ? {} : { stopReason: control.reason === undefined ? run.stopReason : stopped.message }),
  });
  if (control.reason?.kind === 'error' && !(control.reason.error instanceof CustomersError)) throw control.reason.error;
  const report = await writeReport(tools);
  const differing = connection.ledger.runs.differing(run.number);
  return {
    run: run.name,
    command: run.command,
    mode: run.mode ?? null,
    status,
    exitCode,
    startedAt: new Date(run.startedAtMs).toISOString(),
    endedAt: new Date().toISOString(),
    input: inputOf(run, job),
    findings: job.findings ?? [],
    counts,
    problems,
    ...(differing === 0 ? {} : { differing }),
    api: apiSummary(connection.client),
    files: { results, rejects, report },
    stopped,
  };
}

/** After everything else, because it tells of it; the run does not depend on it. */
async function writeReport({ connection, run, job, observer }: RunTools): Promise<string | null> {
  const { report } = job.paths;
  const ended = connection.ledger.runs.find(run.name);
  if (report === undefined || ended === undefined) return null;
  try {
    await makeReport(connection.ledger, ended, report);
    return report;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const again = `mypos-customers runs show ${run.name} --report <file>`;
    observer.notice?.({ code: 'REPORT_NOT_WRITTEN', message: `The report was not written: ${why} Try: ${again}` });
    return null;
  }
}

function inputOf({ input }: RunRecord, { source, rows }: RunJob): RunSummary['input'] {
  const file = input?.file ?? source?.file;
  const sha256 = input?.sha256 ?? source?.fingerprint.sha256;
  if (file === undefined || sha256 === undefined) return null;
  return { file, sha256, rows, detected: source?.detected ?? null, notices: source?.notices ?? [] };
}

function stillUnfinished(run: RunRecord): NonNullable<RunSummary['stopped']> {
  return {
    code: 'NOT_FINISHED',
    message: `Run ${run.name} is not finished: ${run.stopReason ?? 'it was killed.'}`,
    nextStep: `To go on: mypos-customers resume ${run.name}`,
  };
}

/** By the ledger, whatever this process has seen; rows without an end there were left out on purpose. */
function countRows({ connection, run, job }: RunTools): RowCounts {
  const counts = { ...connection.ledger.runs.counts(run.number) };
  counts.skipped += job.rows - Object.values(counts).reduce((sum, count) => sum + count, 0);
  return counts;
}

async function writeResultsOrStop(
  { control, ledger, job, run }: RunTools,
  wentThrough: boolean,
): Promise<Partial<ResultsWritten>> {
  if (job.source === undefined) return {};
  try {
    const rest = notReached(run.name, stateOf(control, wentThrough));
    return await writeResults(job.source, ledger, run.name, job.paths, rest, job.allowed);
  } catch (error) {
    const again = `What became of the rows is safe in the ledger. Make room, then: mypos-customers runs show ${run.name} --results <file>`;
    control.stop({ kind: 'error', error: explainFailure(error, 'The result file cannot be written', again) });
    return {};
  }
}

function stateOf(control: RunControl, wentThrough: boolean): RunSummary['status'] {
  return control.reason === undefined && wentThrough ? 'completed' : 'stopped';
}

/** What the result file says of rows that a run did not come to. */
export function notReached(run: string, state: RunRecord['state']): RowOutcome {
  const reason =
    state === 'completed'
      ? { code: 'NOT_IN_PILOT', message: 'Not part of this pilot (--first). Import the file again without it.' }
      : {
          code: 'NOT_REACHED',
          message: `Not sent: the run ended before this row. To go on: mypos-customers resume ${run}`,
        };
  return { status: 'skipped', reason, attempts: 0 };
}
