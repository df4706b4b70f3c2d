import type { Reconciled } from '#pipelines/reconcile.js';
import { reconcile } from '#pipelines/reconcile.js';
import type { RunControl } from '#pipelines/run-control.js';
import { sleep } from '#src/api/sleep.js';
import { endRun } from './end-run.js';
import { explainFailure } from './explain-failure.js';
import type { RunTools } from './run-job.js';
import type { RunSummary } from './run-summary.js';
import { sampleRun } from './sample-run.js';

export type { Reconciled };

/** An answer that is lost again and again is not worth a fourth round. */
const mostRounds = 3;

/**
 * Brings every row of a run to its end: settles what an earlier process left in doubt, works through the open rows,
 * settles what became doubtful now and sends again what was proved lost; then writes the result file and closes the
 * run, also when it was stopped or failed: what is settled is settled.
 */
export async function performRun(tools: RunTools): Promise<RunSummary> {
  const { connection, run, job, control, observer } = tools;
  connection.ledger.runs.noteInputRows(run.number, job.rows);
  observer.started?.(run.name, () => ({
    done: Object.values(control.counts).reduce((sum, count) => sum + count, 0),
    total: Math.min(job.rows, job.first ?? job.rows),
    counts: control.counts,
    requests: connection.client.traffic.requests,
    ratePerSecond: connection.client.pace.ratePerSecond,
    pausedUntilMs: connection.client.pace.closedUntil(),
  }));
  connection.ledger.runs.noteSettings(run.number, connection.settings);
  const endSampling = sampleRun(tools);
  await orStop(control, () => work(tools));
  endSampling();
  observer.ended?.();
  return endRun(tools, true);
}

/** Only settles the rows in doubt of a run; one that was not finished stays so. */
export async function reconcileOnly(tools: RunTools): Promise<RunSummary & { readonly reconciled: Reconciled | null }> {
  let reconciled: Reconciled | null = null;
  await orStop(tools.control, async () => {
    reconciled = await settleDoubts(tools);
  });
  return { ...(await endRun(tools, cameToAllRows(tools))), reconciled };
}

function cameToAllRows({ connection, run, job }: RunTools): boolean {
  const { first = job.rows } = run.options as { readonly first?: number };
  const reached = Object.values(connection.ledger.runs.counts(run.number)).reduce((sum, count) => sum + count, 0);
  return reached >= Math.min(first, job.rows);
}

async function work(tools: RunTools): Promise<void> {
  const { connection, ledger, job, control } = tools;
  await settleDoubts(tools);
  for (let round = 1; round <= mostRounds; round += 1) {
    control.restart();
    await job.work({ api: connection.client, ledger, control, connection });
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
}: RunTools): Promise<Reconciled> {
  const doubtful = ledger.doubtful().length;
  if (doubtful > 0)
    observer.notice?.({
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

async function orStop(control: RunControl, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const explained = explainFailure(error, 'The ledger cannot be written', 'Make room for the state folder.');
    control.stop({ kind: 'error', error: explained });
  }
}
