import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import Bottleneck from 'bottleneck/light.js';

/** Hands out permits to send, one per request, and closes for everybody when the server asks for a pause. */
export interface Pace {
  /** Requests a second that are allowed; `Infinity` for no limit. */
  readonly ratePerSecond: number;
  /** Resolves when one request may be sent now. Rejects with the signal's reason when the run is stopping. */
  permit(stopping: AbortSignal): Promise<Permit>;
  /** Nobody sends before `untilMs` (epoch milliseconds, our clock). An earlier moment than a known one is ignored. */
  closeUntil(untilMs: number): void;
  /** When the gate opens again; 0 when it is open. Epoch milliseconds. */
  closedUntil(): number;
}

/** The right to send one request. */
export interface Permit {
  /**
   * To be called when the request leaves, or has certainly arrived: it counts from then on, so that what the disk or a
   * first connection has held up does not meet the requests of the second after.
   */
  used(): void;
}

/** Where nobody counts, or others do. */
export const uncounted: Permit = { used: () => undefined };

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
export function createPace(ratePerSecond: number, now: () => number = Date.now): Pace {
  const buy = createTill(ratePerSecond);
  let openAt = 0;
  return {
    ratePerSecond,
    async permit(stopping) {
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
    closeUntil: (untilMs) => {
      openAt = Math.max(openAt, untilMs);
    },
    closedUntil: () => (now() < openAt ? openAt : 0),
  };
}

type Till = (stopping: AbortSignal) => Promise<Permit>;

/**
 * Sells permits one by one, buying them from Bottleneck a slot at a time. What a slot leaves unsold is good until the
 * slot ends, so that few but quick callers still reach a high rate; after that it lapses, so that nobody can save up
 * for a burst.
 */
function createTill(ratePerSecond: number): Till {
  // A clock that is set while the run goes on must neither hold it up nor let it rush.
  const now = () => performance.now();
  if (!Number.isFinite(ratePerSecond)) return () => Promise.resolve(uncounted);
  const permitsPerSlot = Math.max(1, Math.ceil(ratePerSecond / jobsPerSecond));
  const slotMs = (permitsPerSlot * 1000) / ratePerSecond;
  const limiter = new Bottleneck({ minTime: slotMs, maxConcurrent: 1 });
  const window = slidingWindow(ratePerSecond, now);
  const waiting: { readonly serve: (permit: Permit) => void; readonly stopping: AbortSignal }[] = [];
  let slotsAsked = 0;
  let unsold = 0;
  let slotEndsAt = 0;

  async function openSlot(): Promise<void> {
    slotsAsked -= 1;
    unsold = permitsPerSlot;
    slotEndsAt = now() + slotMs;
    while (unsold > 0 && waiting.length > 0) {
      const roomInMs = window.roomInMs();
      if (roomInMs > 0) await setTimeoutPromise(roomInMs);
      const next = waiting.shift();
      if (next === undefined || next.stopping.aborted) continue;
      unsold -= 1;
      next.serve(window.sell());
    }
  }

  return (stopping) => {
    if (permitsPerSlot > 1 && unsold > 0 && waiting.length === 0 && now() < slotEndsAt && window.roomInMs() <= 0) {
      unsold -= 1;
      return Promise.resolve(window.sell());
    }
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
      if (slotsAsked * permitsPerSlot < waiting.length) {
        slotsAsked += 1;
        void limiter.schedule(openSlot);
      }
    });
  };
}

/** What the way to the server may squeeze together, and timers that fire late. */
const windowMarginMs = 3;

/**
 * Remembers when the last permits were sold, and then used: Bottleneck spaces its jobs by when they were due, so after a moment in
 * which the process stood still they come at once, and a second could see more than the rate.
 */
function slidingWindow(ratePerSecond: number, now: () => number) {
  const permits = Math.max(1, Math.floor(ratePerSecond));
  const lengthMs = (permits * 1000) / ratePerSecond + windowMarginMs;
  const usedAt = new Float64Array(permits).fill(Number.NEGATIVE_INFINITY);
  let sold = 0;
  return {
    /** How long until one more may be sold; not above 0 when it may be now. */
    roomInMs: () => (usedAt[sold % permits] ?? 0) + lengthMs - now(),
    sell(): Permit {
      const mine = sold;
      sold += 1;
      const used = () => {
        // So long after, its place is another's.
        if (sold - mine <= permits) usedAt[mine % permits] = now();
      };
      used();
      return { used };
    },
  };
}

/** Waits until a moment that may be put off meanwhile. Rejects with the signal's reason when it fires. */
export async function sleepUntil(untilMs: () => number, now: () => number, stopping: AbortSignal): Promise<void> {
  stopping.throwIfAborted();
  while (now() < untilMs()) {
    // Short steps, so that a clock set back or a laptop that slept does not hold everybody for hours.
    await sleep(Math.min(untilMs() - now(), 1000), stopping);
  }
}

/** Waits; rejects with the signal's reason when it fires. Keeps the process alive meanwhile. */
export function sleep(delayMs: number, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stopping.aborted) {
      reject(stopping.reason);
      return;
    }
    const timer = setTimeout(() => {
      stopping.removeEventListener('abort', giveUp);
      resolve();
    }, delayMs);
    function giveUp(): void {
      clearTimeout(timer);
      reject(stopping.reason);
    }
    stopping.addEventListener('abort', giveUp, { once: true });
  });
}
