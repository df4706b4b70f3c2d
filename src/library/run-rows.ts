import type { RowOutcome } from '../../pipelines/outcome.js';
import type { RunLedger } from '../../pipelines/ports.js';
import { type FailureLimit, RunControl } from '../../pipelines/run-control.js';
import { CustomersError } from '../errors.js';
import type { InputSource } from '../files/input-source.js';
import type { RunRecord } from '../ledger/runs.js';
import { type ResultPaths, type ResultsWritten, writeResults } from '../results/write-results.js';
import type { Connection } from './connect.js';
import { explainFailure } from './explain-failure.js';
import type { RunObserver } from './observer.js';
import { apiSummary, describeStop, exitCodeOf, type RunSummary } from './run-summary.js';

/** Ends a run early; the reason names the signal. */
export type StopSignal = AbortSignal & { readonly reason: 'SIGINT' | 'SIGTERM' };

export interface RunTools {
  readonly connection: Connection;
  readonly run: RunRecord;
  readonly ledger: RunLedger;
  readonly source: InputSource;
  readonly rows: number;
  /** Where results and rejects go; nowhere when absent. */
  readonly paths: Partial<ResultPaths>;
  readonly control: RunControl;
  readonly observer: RunObserver;
}

/** A control that stops when the caller's signal fires. */
export function controlFor(limit: FailureLimit | undefined, signal: AbortSignal | undefined): RunControl {
  const control = new RunControl(limit);
  const stop = () => control.stop({ kind: 'signal', signal: signal?.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT' });
  if (signal?.aborted === true) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  return control;
}

/**
 * Runs `work` over the rows of a run, then writes the result file from the ledger and closes the run, also when the
 * work was stopped or failed: what is settled is settled.
 */
export async function runToItsEnd(tools: RunTools, work: () => Promise<void>): Promise<RunSummary> {
  const { connection, run, control, observer, rows } = tools;
  const { client, ledger } = connection;
  ledger.runs.noteInputRows(run.number, rows);
  const done = () => Object.values(control.counts).reduce((sum, count) => sum + count, 0);
  observer.started?.(run.name, () => ({
    done: done(),
    total: rows,
    counts: control.counts,
    pausedUntilMs: client.pace.closedUntil(),
  }));
  try {
    await work();
  } catch (error) {
    const explained = explainFailure(error, 'The ledger cannot be written', 'Make room for the state folder.');
    control.stop({ kind: 'error', error: explained });
  } finally {
    observer.ended?.();
  }
  return endRun(tools);
}

async function endRun(tools: RunTools): Promise<RunSummary> {
  const { connection, run, control, source, rows } = tools;
  const written = await writeResultsOrStop(tools);
  const counts = { ...connection.ledger.runs.counts(run.number) };
  counts.skipped += rows - Object.values(counts).reduce((sum, count) => sum + count, 0);
  const status = control.reason === undefined ? 'completed' : 'stopped';
  const exitCode = exitCodeOf(control.reason, counts);
  const stopped = describeStop(control.reason, run.name);
  const { results = null, rejects = null } = written;
  connection.ledger.runs.end(run.number, {
    state: status,
    exitCode,
    files: { ...(results === null ? {} : { results }), ...(rejects === null ? {} : { rejects }) },
    ...(stopped === null ? {} : { stopReason: stopped.message }),
  });
  if (control.reason?.kind === 'error' && !(control.reason.error instanceof CustomersError)) throw control.reason.error;
  return {
    run: run.name,
    command: run.command,
    mode: run.mode ?? null,
    status,
    exitCode,
    startedAt: new Date(run.startedAtMs).toISOString(),
    endedAt: new Date().toISOString(),
    input: {
      file: run.input?.file ?? source.file,
      sha256: source.fingerprint.sha256,
      rows,
      detected: source.detected,
    },
    counts,
    api: apiSummary(connection.client),
    files: { results, rejects, report: null },
    stopped,
  };
}

async function writeResultsOrStop(tools: RunTools): Promise<Partial<ResultsWritten>> {
  const { control, source, ledger, paths, run } = tools;
  try {
    const state = control.reason === undefined ? 'completed' : 'stopped';
    return await writeResults(source, ledger, run.name, paths, notReachedIn({ name: run.name, state }));
  } catch (error) {
    const again = `What became of the rows is safe in the ledger. Make room, then: mypos-customers runs show ${run.name} --results <file>`;
    control.stop({ kind: 'error', error: explainFailure(error, 'The result file cannot be written', again) });
    return {};
  }
}

/** What the result file says of rows that a run did not come to. */
export function notReachedIn(run: { readonly name: string; readonly state: RunRecord['state'] }): RowOutcome {
  const reason =
    run.state === 'completed'
      ? { code: 'NOT_IN_PILOT', message: 'Not part of this pilot (--first). Import the file again without it.' }
      : {
          code: 'NOT_REACHED',
          message: `Not sent: the run ended before this row. To go on: mypos-customers resume ${run.name}`,
        };
  return { status: 'skipped', reason, attempts: 0 };
}
