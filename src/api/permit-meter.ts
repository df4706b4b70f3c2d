import { sleepUntil } from './sleep.js';

/** The right to send one request. */
export interface Permit {
  /**
   * Resolves when the request may leave, which it then must: what the disk held up does not meet what is sent in the second
   * after. Mostly that is at once. Rejects with the signal's reason when the run is stopping.
   */
  leave(stopping: AbortSignal): Promise<void>;
  /** To be called where the request has certainly arrived only now, since a first connection held it up. */
  arrived(): void;
}

/** Where nobody counts, or others do. */
export const uncounted: Permit = { leave: () => Promise.resolve(), arrived: () => undefined };

/** So much may requests that left one after the other come closer together on their way, and before they are seen. */
const squeezedMs = 14;

/** Evenly spaced permits take that much longer than they must, so that no burst comes again every second after it. */
const evenedOutMs = 1;

/** A moment in which nobody sold is made up for, when it was no longer than that: more would come as a burst. */
const madeUpForMs = 10;

/** Says when permits are due, and when what they were sold for may leave. */
export interface PermitMeter {
  /** Between a permit and the next. */
  readonly spacingMs: number;
  /** How long until one more may be sold; not above 0 when it may be now. */
  dueInMs(): number;
  sell(): Permit;
}

/**
 * Meters permits twice: they are sold at an even spacing; and since what they are for may be held up, by the disk most
 * of all, no more of them leave in a second than the rate says, as the server sees that second.
 */
export function createPermitMeter(ratePerSecond: number): PermitMeter {
  // A clock that is set while the run goes on must neither hold it up nor let it rush.
  const now = () => performance.now();
  const permits = Math.max(1, Math.floor(ratePerSecond));
  const windowMs = (permits * 1000) / ratePerSecond + squeezedMs;
  const spacingMs = (windowMs + evenedOutMs) / permits;
  /** When the last ones left, or will. */
  const leaveAt = new Float64Array(permits).fill(Number.NEGATIVE_INFINITY);
  let left = 0;
  let dueAt = now();

  function sell(): Permit {
    const soldAt = now();
    dueAt = Math.max(dueAt, soldAt - madeUpForMs) + spacingMs;
    let place = 0;
    const leftNow = () => {
      // So long after, its place is another's.
      if (left - place <= permits) leaveAt[place % permits] = now();
    };
    return {
      async leave(stopping) {
        place = left;
        left += 1;
        // What is held up leaves together, a burst by itself: then there is so much less to make up for.
        dueAt = Math.max(dueAt, now() - Math.max(0, madeUpForMs - (now() - soldAt)));
        const mayLeaveAt = Math.max(now(), (leaveAt[place % permits] ?? 0) + windowMs);
        leaveAt[place % permits] = mayLeaveAt;
        if (mayLeaveAt > now()) await sleepUntil(() => mayLeaveAt, now, stopping);
        leftNow();
      },
      arrived: leftNow,
    };
  }

  return { spacingMs, dueInMs: () => dueAt - now(), sell };
}
