import { countTaken } from '#pipelines/batches.js';
import type { Code } from '#pipelines/codes.js';
import { type Reconciled, type ReconcilePorts, reconcile } from '#pipelines/import/reconcile.js';
import type { RunLedger } from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import { sleep } from '#src/api/sleep.js';
import { GuardError } from '#src/errors.js';
import type { ResultsInPassing } from '#src/results/results-in-passing.js';
import type { Connection } from './connect.js';
import { explainFailure } from './explain-failure.js';
import { auditStart, endRun, type RunContext, startResults } from './run.js';
import type { RunSummary } from './run-summary.js';

/** A sample covers a second, or a hundredth of the run so far: a long run has not many more samples than a short one. */
const minIntervalMs = 1000;
const shareOfRun = 100;

/**
 * Saves samples of how fast the run goes and how fast the API answers in the ledger, for its report.
 *
 * @returns a function that takes the last sample and ends the sampling
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
      // After a reconciliation, rows are counted again from the first.
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

/** A sample that cannot be saved is no reason to end the run: where rows cannot be saved either, the ledger throws. */
function trySample(sample: () => void): void {
  try {
    sample();
  } catch {
    // Only a point of a chart is lost.
  }
}

const maxPatienceAtStartMs = 10_000;

/** An answer that is lost three times is not worth a fourth round. */
const maxRounds = 3;

/**
 * Brings every row of a run to its end: settles what an earlier process left in doubt, works through the open rows,
 * settles what became doubtful now and sends again what was proved lost; then writes the result file and closes the
 * run, also when it was stopped or failed: what is settled is settled.
 */
export async function performRun(context: RunContext): Promise<RunSummary> {
  const { connection, run, job, control, observer } = context;
  connection.ledger.runs.saveInputRows(run.number, job.rows);
  observer.started?.(run.name, () => ({
    done: Object.values(control.counts).reduce((sum, count) => sum + count, 0),
    total: countTaken(job.rows, job.first),
    counts: control.counts,
    requests: connection.client.traffic.requests,
    ratePerSecond: connection.client.rateLimiter.ratePerSecond,
    pausedUntilMs: connection.client.rateLimiter.pausedUntil(),
  }));
  connection.ledger.runs.saveSettings(run.number, connection.settings);
  auditStart(context);
  const results = startResults(context);
  const endSampling = sampleRun(context);
  await runOrStop(control, () => workThroughRows(context, results));
  endSampling();
  observer.ended?.();
  const refusal = findRefusal(context);
  if (refusal !== undefined) {
    await results?.discard();
    connection.ledger.runs.discard(run.number);
    connection.ledger.audit.add({ command: run.command, what: 'refused', run: run.name });
    throw refusal;
  }
  return endRun(context, results, true);
}

/** Why a new run was refused before it sent anything; such a run leaves no trace, so that the file can be imported once the reason is gone. */
function findRefusal({ control, isNew = false }: RunContext): GuardError | undefined {
  const { reason } = control;
  if (!isNew || reason?.kind !== 'error' || !(reason.error instanceof GuardError)) return undefined;
  return refusalCodes.has(reason.error.code) ? reason.error : undefined;
}

/** Given before the first request only. */
const refusalCodes: ReadonlySet<Code> = new Set(['ACCOUNT_UNKNOWN', 'STAMPS_UNKNOWN']);

async function workThroughRows(context: RunContext, results: ResultsInPassing | undefined): Promise<void> {
  const { connection, run, ledger, job, control } = context;
  const source = job.source && results && { ...job.source, batches: () => results.batches() };
  // What an earlier process left is settled first, if that takes only seconds: then the file is read once for all rows.
  // For the rest there is time at the end.
  const patienceMs = Math.min(context.settle.patienceMs, maxPatienceAtStartMs);
  await settleDoubts({ ...context, settle: { ...context.settle, patienceMs } });
  for (let round = 1; round <= maxRounds; round += 1) {
    control.restart();
    await job.work({
      api: connection.client,
      ledger,
      control,
      connection,
      run: run.name,
      record: run,
      ...(source === undefined ? {} : { source }),
    });
    if (control.stopping.aborted) return;
    const { adopted, absent } = await settleDoubts(context);
    // When a customer was found, rows that have waited for it can be sent.
    if (absent === 0 && (adopted === 0 || control.counts.failed === 0)) return;
  }
}

/** What settling rows in doubt needs of the outside. */
export function createReconcilePorts({ client }: Connection, ledger: RunLedger, control: RunControl): ReconcilePorts {
  const clockDifferenceMs = () => client.traffic.clockDifferenceMs;
  return { api: client, ledger, control, now: Date.now, sleep, clockDifferenceMs };
}

/** Asks the API for the outcomes of the rows in doubt. */
export async function settleDoubts({
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
      message: `${doubtful === 1 ? '1 row is' : `${doubtful} rows are`} in doubt (run ${run.name}); asking the API whether ${doubtful === 1 ? 'it' : 'they'} arrived.`,
    });
  const ports = {
    ...createReconcilePorts(connection, ledger, control),
    waiting: (rows: number, untilMs: number) =>
      observer.notice?.({
        severity: 'info',
        code: 'WAITING_TO_SETTLE',
        message: `Waiting until ${new Date(untilMs).toISOString()}: only then is it certain whether ${rows === 1 ? '1 row' : `${rows} rows`} of run ${run.name} arrived. To stop waiting, press Ctrl-C; \`mypos-customers resume ${run.name}\` settles them later.`,
      }),
  };
  const { stamp, verify } = job;
  return reconcile(ports, {
    run: run.name,
    ...settle,
    ...(stamp === undefined ? {} : { stamp }),
    ...(verify === undefined ? {} : { verify }),
  });
}

/** An error stops the run; it is reported when the run ends. */
export async function runOrStop(control: RunControl, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const explained = explainFailure(error, 'The ledger cannot be written');
    control.stop({ kind: 'error', error: explained });
  }
}
