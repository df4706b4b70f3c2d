import { type Reconciled, reconcile } from '#pipelines/import/reconcile.js';
import type { Issue } from '#pipelines/issue.js';
import type { RowCounts, RowOutcome } from '#pipelines/model.js';
import type { RunControl } from '#pipelines/run-control.js';
import { sleep } from '#src/api/sleep.js';
import { CustomersError } from '#src/errors.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { ResultsInPassing } from '#src/results/results-in-passing.js';
import type { ResultsWritten } from '#src/results/write-results.js';
import { explainFailure } from './explain-failure.js';
import type { RunContext, RunJob } from './run-job.js';
import { chooseExitCode, describeStop, type RunSummary, summariseApi } from './run-summary.js';
import { collectProblems, writeRunReport } from './runs/write-run-report.js';

/** A stretch is a second, or a hundredth of the run so far: a long run has not many more of them than a short one. */
const minIntervalMs = 1000;
const shareOfRun = 100;

/**
 * Keeps in the ledger how fast the run goes and how fast the API answers, a stretch at a time, for its report.
 *
 * @returns ends the sampling, the last stretch included
 */
function sampleRun({ connection, run, control }: RunContext): () => void {
  const { client, ledger } = connection;
  const startedAt = Date.now();
  const read = () => ({
    at: Date.now(),
    rows: Object.values(control.counts).reduce((sum, count) => sum + count, 0),
    ...client.traffic,
  });
  let last = read();
  const sample = () => {
    const now = read();
    const latency = client.traffic.latency.take();
    ledger.samples.add(run.number, {
      atMs: now.at,
      durationMs: now.at - last.at,
      // Rows are gone through again after a reconciliation: what was counted stays counted.
      rows: Math.max(0, now.rows - last.rows),
      requests: now.requests - last.requests,
      retries: now.retries - last.retries,
      rateLimited: now.rateLimited - last.rateLimited,
      ...(latency === undefined ? {} : { medianMs: latency.medianMs, p95Ms: latency.p95Ms }),
    });
    last = now;
  };
  const isDue = () => Date.now() - last.at >= Math.max(minIntervalMs, (Date.now() - startedAt) / shareOfRun);
  const timer = setInterval(() => isDue() && trySample(sample), minIntervalMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    trySample(sample);
  };
}

/** A report without a stretch is no reason to end a run: the ledger complains itself when rows cannot be kept. */
function trySample(sample: () => void): void {
  try {
    sample();
  } catch {
    // Nothing is lost but a point of a chart.
  }
}

/**
 * Writes the result file from the ledger, closes the run there, and sums it up.
 *
 * @param wentThrough - whether the run came to all of its rows, unless the control says that it was stopped
 */
async function endRun(
  tools: RunContext,
  writing: ResultsInPassing | undefined,
  wentThrough: boolean,
): Promise<RunSummary> {
  const { connection, run, control, job } = tools;
  const { results = null, rejects = null } = await finishResultsOrStop(tools, writing, wentThrough);
  const counts = countRows(tools);
  const status = chooseState(control, wentThrough);
  const problems = collectProblems(connection.ledger, run.number);
  const hasDoubtsElsewhere = problems.some(({ code }) => code === 'IN_DOUBT_ELSEWHERE');
  const exitCode = chooseExitCode(control.reason, counts, { wentThrough, hasDoubtsElsewhere });
  const stopped = describeStop(control.reason, run.name) ?? (wentThrough ? null : describeUnfinished(run));
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
  const differing = connection.ledger.runs.countDiffering(run.number);
  return {
    run: run.name,
    command: run.command,
    mode: run.mode ?? null,
    status,
    exitCode,
    startedAt: new Date(run.startedAtMs).toISOString(),
    endedAt: new Date().toISOString(),
    input: describeInput(run, job),
    findings: job.findings ?? [],
    counts,
    problems,
    ...(differing === 0 ? {} : { differing }),
    api: summariseApi(connection.client),
    files: { results, rejects, report },
    stopped,
  };
}

/** After everything else, because it tells of it; the run does not depend on it. */
async function writeReport({ connection, run, job, observer }: RunContext): Promise<string | null> {
  const { report } = job.paths;
  const ended = connection.ledger.runs.find(run.name);
  if (report === undefined || ended === undefined) return null;
  try {
    await writeRunReport(connection.ledger, ended, report);
    return report;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const again = `mypos-customers runs show ${run.name} --report <file>`;
    observer.notice?.({
      severity: 'warning',
      code: 'REPORT_NOT_WRITTEN',
      message: `The report was not written: ${why} Try: ${again}`,
    });
    return null;
  }
}

function describeInput({ input }: RunRecord, { source, rows }: RunJob): RunSummary['input'] {
  const file = input?.file ?? source?.file;
  const sha256 = input?.sha256 ?? source?.fingerprint.sha256;
  if (file === undefined || sha256 === undefined) return null;
  return { file, sha256, rows, detected: source?.detected ?? null, notices: source?.notices ?? [] };
}

function describeUnfinished(run: RunRecord): NonNullable<RunSummary['stopped']> {
  return {
    code: 'NOT_FINISHED',
    message: `Run ${run.name} is not finished: ${run.stopReason ?? 'it was killed.'}`,
    nextStep: `To go on: mypos-customers resume ${run.name}`,
  };
}

/** By the ledger, whatever this process has seen; rows without an end there were left out on purpose. */
function countRows({ connection, run, job }: RunContext): RowCounts {
  const counts = { ...connection.ledger.runs.countRows(run.number) };
  counts.skipped += job.rows - Object.values(counts).reduce((sum, count) => sum + count, 0);
  return counts;
}

function startResults({ ledger, job, run }: RunContext): ResultsInPassing | undefined {
  if (job.source === undefined) return undefined;
  return new ResultsInPassing(job.source, ledger, run.name, job.paths, job.allowed);
}

async function finishResultsOrStop(
  { control, run }: RunContext,
  results: ResultsInPassing | undefined,
  wentThrough: boolean,
): Promise<Partial<ResultsWritten>> {
  try {
    return (await results?.finish(describeNotReached(run.name, chooseState(control, wentThrough)))) ?? {};
  } catch (error) {
    const again = `What became of the rows is safe in the ledger. Make room, then: mypos-customers runs show ${run.name} --results <file>`;
    control.stop({ kind: 'error', error: explainFailure(error, 'The result file cannot be written', again) });
    return {};
  }
}

function chooseState(control: RunControl, wentThrough: boolean): RunSummary['status'] {
  return control.reason === undefined && wentThrough ? 'completed' : 'stopped';
}

/** What the result file says of rows that a run did not come to. */
export function describeNotReached(run: string, state: RunRecord['state']): RowOutcome {
  const reason: Issue =
    state === 'completed'
      ? {
          severity: 'info',
          code: 'NOT_IN_PILOT',
          message: 'Not part of this pilot (--first). Import the file again without it.',
        }
      : {
          severity: 'info',
          code: 'NOT_REACHED',
          message: `Not sent: the run ended before this row. To go on: mypos-customers resume ${run}`,
        };
  return { status: 'skipped', reason, attempts: 0 };
}

export type { Reconciled };

/** An answer that is lost again and again is not worth a fourth round. */
const maxRounds = 3;

/**
 * Brings every row of a run to its end: settles what an earlier process left in doubt, works through the open rows,
 * settles what became doubtful now and sends again what was proved lost; then writes the result file and closes the
 * run, also when it was stopped or failed: what is settled is settled.
 */
export async function performRun(tools: RunContext): Promise<RunSummary> {
  const { connection, run, job, control, observer } = tools;
  connection.ledger.runs.saveInputRows(run.number, job.rows);
  observer.started?.(run.name, () => ({
    done: Object.values(control.counts).reduce((sum, count) => sum + count, 0),
    total: Math.min(job.rows, job.first ?? job.rows),
    counts: control.counts,
    requests: connection.client.traffic.requests,
    ratePerSecond: connection.client.rateLimiter.ratePerSecond,
    pausedUntilMs: connection.client.rateLimiter.pausedUntil(),
  }));
  connection.ledger.runs.saveSettings(run.number, connection.settings);
  const results = startResults(tools);
  const endSampling = sampleRun(tools);
  await runOrStop(control, () => workThroughRows(tools, results));
  endSampling();
  observer.ended?.();
  return endRun(tools, results, true);
}

/** Only settles the rows in doubt of a run; one that was not finished stays so. */
export async function reconcileOnly(
  tools: RunContext,
): Promise<RunSummary & { readonly reconciled: Reconciled | null }> {
  let reconciled: Reconciled | null = null;
  await runOrStop(tools.control, async () => {
    reconciled = await settleDoubts(tools);
  });
  return { ...(await endRun(tools, startResults(tools), reachedAllRows(tools))), reconciled };
}

function reachedAllRows({ connection, run, job }: RunContext): boolean {
  const { first = job.rows } = run.options as { readonly first?: number };
  const reached = Object.values(connection.ledger.runs.countRows(run.number)).reduce((sum, count) => sum + count, 0);
  return reached >= Math.min(first, job.rows);
}

async function workThroughRows(tools: RunContext, results: ResultsInPassing | undefined): Promise<void> {
  const { connection, ledger, job, control } = tools;
  const source = job.source && results && { ...job.source, batches: () => results.batches() };
  await settleDoubts(tools);
  for (let round = 1; round <= maxRounds; round += 1) {
    control.restart();
    await job.work({
      api: connection.client,
      ledger,
      control,
      connection,
      ...(source === undefined ? {} : { source }),
    });
    if (control.stopping.aborted) return;
    const { adopted, absent } = await settleDoubts(tools);
    // Also once a customer is found, rows may be there that have waited for it.
    if (absent === 0 && (adopted === 0 || control.counts.failed === 0)) return;
  }
}

async function settleDoubts({
  connection,
  run,
  ledger,
  job,
  control,
  observer,
  settle,
}: RunContext): Promise<Reconciled> {
  const doubtful = ledger.rowsInDoubt().length;
  if (doubtful > 0)
    observer.notice?.({
      severity: 'warning',
      code: 'RECONCILING',
      message: `${doubtful === 1 ? '1 row is' : `${doubtful} rows are`} in doubt (run ${run.name}); asking the API what became of ${doubtful === 1 ? 'it' : 'them'}.`,
    });
  const { client } = connection;
  const ports = {
    api: client,
    ledger,
    control,
    now: Date.now,
    sleep,
    clockDifferenceMs: () => client.traffic.clockDifferenceMs,
  };
  const { stamp, verify } = job;
  return reconcile(ports, {
    ...settle,
    ...(stamp === undefined ? {} : { stamp }),
    ...(verify === undefined ? {} : { verify }),
  });
}

async function runOrStop(control: RunControl, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const explained = explainFailure(error, 'The ledger cannot be written', 'Make room for the state folder.');
    control.stop({ kind: 'error', error: explained });
  }
}
