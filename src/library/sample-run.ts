import type { RunTools } from './run-job.js';

/** A stretch is a second, or a hundredth of the run so far: a long run has not many more of them than a short one. */
const shortestMs = 1000;
const shareOfRun = 100;

/**
 * Keeps in the ledger how fast the run goes and how fast the API answers, a stretch at a time, for its report.
 *
 * @returns ends the sampling, the last stretch included
 */
export function sampleRun({ connection, run, control }: RunTools): () => void {
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
      ...(latency === undefined ? {} : { medianMs: latency.medianMs, slowMs: latency.slowMs }),
    });
    last = now;
  };
  const isDue = () => Date.now() - last.at >= Math.max(shortestMs, (Date.now() - startedAt) / shareOfRun);
  const timer = setInterval(() => isDue() && sampleOrLeave(sample), shortestMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    sampleOrLeave(sample);
  };
}

/** A report without a stretch is no reason to end a run: the ledger complains itself when rows cannot be kept. */
function sampleOrLeave(sample: () => void): void {
  try {
    sample();
  } catch {
    // Nothing is lost but a point of a chart.
  }
}
