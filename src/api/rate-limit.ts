import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import Bottleneck from 'bottleneck/light.js';
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
const maxCaughtUpMs = 10;

/** Says when permits are due, and when what they were sold for may leave. */
interface PermitMeter {
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
function createPermitMeter(ratePerSecond: number): PermitMeter {
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
    dueAt = Math.max(dueAt, soldAt - maxCaughtUpMs) + spacingMs;
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
        dueAt = Math.max(dueAt, now() - Math.max(0, maxCaughtUpMs - (now() - soldAt)));
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

/** Hands out permits to send, one per request, and closes for everybody when the server asks for a pause. */
export interface RateLimiter {
  /** Requests a second that are allowed; `Infinity` for no limit. */
  readonly ratePerSecond: number;
  /** Resolves when it is one request's turn. Rejects with the signal's reason when the run is stopping. */
  acquire(stopping: AbortSignal): Promise<Permit>;
  /** Nobody sends before `untilMs` (epoch milliseconds, our clock). An earlier moment than a known one is ignored. */
  pauseUntil(untilMs: number): void;
  /** When the gate opens again; 0 when it is open. Epoch milliseconds. */
  pausedUntil(): number;
}

/**
 * Bottleneck spends about 2.4 ms on a job whatever it does, so it never gets more than this many jobs a second;
 * above it one job buys a slot of permits for several requests.
 */
const jobsPerSecond = 100;

/**
 * Makes a pace of `ratePerSecond` requests, evenly spread.
 *
 * @param ratePerSecond - `Infinity` for no limit
 */
export function createRateLimiter(ratePerSecond: number, now: () => number = Date.now): RateLimiter {
  const buy = createTill(ratePerSecond);
  let openAt = 0;
  return {
    ratePerSecond,
    async acquire(stopping) {
      for (;;) {
        stopping.throwIfAborted();
        await sleepUntil(() => openAt, now, stopping);
        // It may have fired during that wait, and nobody is told twice.
        stopping.throwIfAborted();
        const permit = await buy(stopping);
        // The gate may have closed while this permit was waited for; then the permit is given up, never saved.
        if (now() >= openAt) return permit;
      }
    },
    pauseUntil: (untilMs) => {
      openAt = Math.max(openAt, untilMs);
    },
    pausedUntil: () => (now() < openAt ? openAt : 0),
  };
}

type Till = (stopping: AbortSignal) => Promise<Permit>;

/** Sells permits one by one, in the order in which they are asked for, buying the time for it from Bottleneck a slot at a time. */
function createTill(ratePerSecond: number): Till {
  if (!Number.isFinite(ratePerSecond)) return () => Promise.resolve(uncounted);
  const permitsPerSlot = Math.max(1, Math.ceil(ratePerSecond / jobsPerSecond));
  const meter = createPermitMeter(ratePerSecond);
  const limiter = new Bottleneck({ minTime: permitsPerSlot * meter.spacingMs, maxConcurrent: 1 });
  const waiting: { readonly serve: (permit: Permit) => void; readonly stopping: AbortSignal }[] = [];
  let slotsAsked = 0;

  async function openSlot(): Promise<void> {
    slotsAsked -= 1;
    for (let unsold = permitsPerSlot; waiting.length > 0; ) {
      const dueInMs = meter.dueInMs();
      // What was missed before, when nobody was awake to sell it, is sold with this slot.
      if (unsold <= 0 && dueInMs > 0) break;
      if (dueInMs > 0) {
        await setTimeoutPromise(dueInMs);
        continue;
      }
      const next = waiting.shift();
      if (next === undefined || next.stopping.aborted) continue;
      unsold -= 1;
      next.serve(meter.sell());
    }
  }

  function askForSlots(): void {
    if (slotsAsked * permitsPerSlot >= waiting.length) return;
    slotsAsked += 1;
    void limiter.schedule(openSlot).then(askForSlots);
  }

  return (stopping) => {
    if (waiting.length === 0 && meter.dueInMs() <= 0) return Promise.resolve(meter.sell());
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(stopping.reason);
      stopping.addEventListener('abort', giveUp, { once: true });
      waiting.push({
        stopping,
        serve: (permit) => {
          stopping.removeEventListener('abort', giveUp);
          resolve(permit);
        },
      });
      askForSlots();
    });
  };
}
