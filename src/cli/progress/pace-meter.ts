import type { ProgressNow } from '#src/library/observer.js';

/** How fast a run goes, and how long it will still take. */
export interface PaceReading {
  /** Over the last while; retries, reads and logins count too. */
  readonly requestsPerSecond: number | undefined;
  /** Includes a pause that the API asked for. `undefined` while nobody can know. */
  readonly secondsLeft: number | undefined;
}

/** Rows: long enough to average out short pauses. Requests: short enough to show that the pace is kept. */
const rowsOverMs = 60_000;
const requestsOverMs = 10_000;
/** A rate of less than this says nothing yet. */
const leastMs = 2000;

interface Sample {
  readonly at: number;
  readonly done: number;
  readonly requests: number;
}

/** Makes a meter; to be read at even intervals, since every reading is also a measurement. */
export function paceMeter(now: () => number): (state: ProgressNow) => PaceReading {
  const samples: Sample[] = [];
  return (state) => {
    const at = now();
    const pauseMs = Math.max(0, state.pausedUntilMs - at);
    // During a pause the measured rate stands still: it is what will go on afterwards.
    if (pauseMs === 0 || samples.length === 0) samples.push({ at, done: state.done, requests: state.requests });
    while ((samples[1]?.at ?? at) < at - rowsOverMs) samples.shift();
    // From the last reading before that time on: readings may be further apart than it is long.
    const recent = samples.slice(
      Math.max(
        0,
        samples.findLastIndex((sample) => sample.at <= at - requestsOverMs),
      ),
    );
    const requestsPerSecond = pauseMs > 0 ? 0 : rateOf(recent, 'requests');
    const rowsPerSecond = expectedRows(samples, state);
    const secondsLeft =
      rowsPerSecond === undefined ? undefined : pauseMs / 1000 + (state.total - state.done) / rowsPerSecond;
    return { requestsPerSecond, secondsLeft };
  };
}

/**
 * Rows a second to expect: what was measured, but never more than the allowed rate lets through at the number of
 * requests that a row has needed so far. Before anything was measured, a request a row.
 */
function expectedRows(samples: readonly Sample[], state: ProgressNow): number | undefined {
  const { done, requests, ratePerSecond } = state;
  const allowed = done > 0 && requests > 0 ? (ratePerSecond * done) / requests : ratePerSecond;
  const expected = Math.min(rateOf(samples, 'done') ?? allowed, allowed);
  return Number.isFinite(expected) && expected > 0 ? expected : undefined;
}

function rateOf(samples: readonly Sample[], what: 'done' | 'requests'): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < leastMs) return undefined;
  return ((last[what] - first[what]) * 1000) / (last.at - first.at);
}
