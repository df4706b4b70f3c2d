import type { Database, SqlValue } from '#src/sqlite/open-database.js';

/** What happened in one stretch of a run; a run that was resumed has stretches of several processes. */
export interface RunSample {
  /** Its end, epoch milliseconds. */
  readonly atMs: number;
  readonly durationMs: number;
  /** Rows that ended in it. */
  readonly rows: number;
  readonly requests: number;
  readonly retries: number;
  readonly rateLimited: number;
  /** Absent when nothing was answered. */
  readonly medianMs?: number;
  readonly slowMs?: number;
}

export interface RunSamples {
  add(run: number, sample: RunSample): void;
  /** In order of time. */
  of(run: number): readonly RunSample[];
}

export function sampleTable(database: Database): RunSamples {
  const insert = database.prepare(`INSERT OR REPLACE INTO run_samples
    (run, at, duration, rows, requests, retries, rate_limited, median, slow) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const select = database.prepare('SELECT * FROM run_samples WHERE run = ? ORDER BY at');
  return {
    add(run, { atMs, durationMs, rows, requests, retries, rateLimited, medianMs, slowMs }) {
      insert.run(run, atMs, durationMs, rows, requests, retries, rateLimited, medianMs ?? null, slowMs ?? null);
    },
    of: (run) => select.all(run).map(toSample),
  };
}

function toSample(row: Record<string, SqlValue>): RunSample {
  const { at, duration, rows, requests, retries, rate_limited: rateLimited, median, slow } = row;
  return {
    atMs: Number(at),
    durationMs: Number(duration),
    rows: Number(rows),
    requests: Number(requests),
    retries: Number(retries),
    rateLimited: Number(rateLimited),
    ...(median == null || slow == null ? {} : { medianMs: Number(median), slowMs: Number(slow) }),
  };
}
