import type { RowCounts, RowOutcome } from '../../pipelines/outcome.js';
import type { RunControl } from '../../pipelines/run-control.js';
import { CustomersError } from '../errors.js';
import type { RunRecord } from '../ledger/runs.js';
import { type ResultsWritten, writeResults } from '../results/write-results.js';
import { explainFailure } from './explain-failure.js';
import type { RunTools } from './run-job.js';
import { apiSummary, describeStop, exitCodeOf, type RunSummary } from './run-summary.js';

/** Writes the result file from the ledger, closes the run there, and sums it up. */
export async function endRun(tools: RunTools): Promise<RunSummary> {
  const { connection, run, control, job } = tools;
  const { results = null, rejects = null } = await writeResultsOrStop(tools);
  const counts = countRows(tools);
  const status = control.reason === undefined ? 'completed' : 'stopped';
  const exitCode = exitCodeOf(control.reason, counts);
  const stopped = describeStop(control.reason, run.name);
  connection.ledger.runs.end(run.number, {
    state: status,
    exitCode,
    files: { ...(results === null ? {} : { results }), ...(rejects === null ? {} : { rejects }) },
    ...(stopped === null ? {} : { stopReason: stopped.message }),
  });
  if (control.reason?.kind === 'error' && !(control.reason.error instanceof CustomersError)) throw control.reason.error;
  const { file, detected, fingerprint } = job.source;
  return {
    run: run.name,
    command: run.command,
    mode: run.mode ?? null,
    status,
    exitCode,
    startedAt: new Date(run.startedAtMs).toISOString(),
    endedAt: new Date().toISOString(),
    input: { file: run.input?.file ?? file, sha256: fingerprint.sha256, rows: job.rows, detected },
    counts,
    api: apiSummary(connection.client),
    files: { results, rejects, report: null },
    stopped,
  };
}

/** By the ledger, whatever this process has seen; rows without an end there were left out on purpose. */
function countRows({ connection, run, job }: RunTools): RowCounts {
  const counts = { ...connection.ledger.runs.counts(run.number) };
  counts.skipped += job.rows - Object.values(counts).reduce((sum, count) => sum + count, 0);
  return counts;
}

async function writeResultsOrStop({ control, ledger, job, run }: RunTools): Promise<Partial<ResultsWritten>> {
  try {
    return await writeResults(job.source, ledger, run.name, job.paths, notReached(run.name, stateOf(control)));
  } catch (error) {
    const again = `What became of the rows is safe in the ledger. Make room, then: mypos-customers runs show ${run.name} --results <file>`;
    control.stop({ kind: 'error', error: explainFailure(error, 'The result file cannot be written', again) });
    return {};
  }
}

function stateOf(control: RunControl): RunRecord['state'] {
  return control.reason === undefined ? 'completed' : 'stopped';
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
