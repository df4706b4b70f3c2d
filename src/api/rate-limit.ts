import Bottleneck from 'bottleneck/light.js';
import type { SendAttempt } from './request.js';
import { sleepUntil } from './sleep.js';

/** Spaces requests out, and holds all of them back while the server wants a pause. */
export interface RateLimiter {
  /** Requests a second that are allowed; `Infinity` for no limit. */
  readonly ratePerSecond: number;
  /**
   * Resolves when it is one request's turn; that request must leave at once. Rejects with the signal's reason when the
   * run is stopping.
   */
  acquire(stopping: AbortSignal): Promise<void>;
  /** Nobody sends before `untilMs` (epoch milliseconds, our clock). An earlier moment than a known one is ignored. */
  pauseUntil(untilMs: number): void;
  /** When the pause ends; 0 when there is none. Epoch milliseconds. */
  pausedUntil(): number;
}

/** Requests that may leave together, and how long until the next ones may. */
export interface Slot {
  readonly requests: number;
  readonly spacingMs: number;
}

/** Runs the callback when the next slot begins. Rejects when there will never be another one. */
export type ScheduleSlot = (open: () => Promise<void>) => Promise<void>;

/** The rate aimed at is so much below the limit: timers and networks are late by some milliseconds. */
const headroom = 0.02;

/**
 * Divides a rate into slots. A job of Bottleneck costs about 2.4 ms, so from 100 requests a second on a slot holds
 * several requests: as many as the headroom allows, so that one slot too many in a second stays within the limit.
 */
export function planSlots(ratePerSecond: number): Slot {
  const requests = Math.max(1, Math.floor(ratePerSecond * headroom));
  return { requests, spacingMs: (requests * 1000) / (ratePerSecond * (1 - headroom)) };
}

/**
 * Limits the requests of this process. Bottleneck decides when a slot begins.
 *
 * @param ratePerSecond - `Infinity` for no limit
 * @param now - epoch milliseconds. @default the machine's clock
 */
export function createRateLimiter(ratePerSecond: number, now: () => number = Date.now): RateLimiter {
  if (!Number.isFinite(ratePerSecond)) return addPauses(ratePerSecond, () => Promise.resolve(), now);
  const slot = planSlots(ratePerSecond);
  // One job at a time: `minTime` then counts from when a job really ran, so that after a stall of this process only the
  // job that was due runs late. Jobs booked ahead would all run together.
  const bottleneck = new Bottleneck({ maxConcurrent: 1, minTime: slot.spacingMs });
  const acquireSlot = createSlotQueue(slot, (open) => bottleneck.schedule(open));
  return addPauses(ratePerSecond, acquireSlot, now);
}

/** Lets requests wait for pauses that the server asks for, besides waiting for their turn. */
export function addPauses(ratePerSecond: number, acquire: RateLimiter['acquire'], now: () => number): RateLimiter {
  let resumeAtMs = 0;
  return {
    ratePerSecond,
    async acquire(stopping) {
      for (;;) {
        await sleepUntil(() => resumeAtMs, now, stopping);
        await acquire(stopping);
        // A pause may have begun in the meantime: then this turn is lost, not saved for later.
        if (now() >= resumeAtMs) return;
      }
    },
    pauseUntil(untilMs) {
      resumeAtMs = Math.max(resumeAtMs, untilMs);
    },
    pausedUntil: () => (now() < resumeAtMs ? resumeAtMs : 0),
  };
}

interface WaitingRequest {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Lets requests into slots in the order in which they ask, and asks for slots only while somebody waits. */
export function createSlotQueue(slot: Slot, schedule: ScheduleSlot): RateLimiter['acquire'] {
  const waiting = new Set<WaitingRequest>();
  let free = 0;
  let openedAtMs = Number.NEGATIVE_INFINITY;
  let isScheduled = false;

  /** Unused requests lapse as the slot passes: used late in one slot, they would add to the next. */
  const takeFree = (): boolean => {
    const restOfSlot = 1 - (performance.now() - openedAtMs) / slot.spacingMs;
    free = Math.min(free, Math.ceil(slot.requests * restOfSlot));
    if (free <= 0) return false;
    free -= 1;
    return true;
  };

  const open = async (): Promise<void> => {
    openedAtMs = performance.now();
    free = slot.requests;
    for (const request of waiting) {
      if (!takeFree()) return;
      waiting.delete(request);
      request.resolve();
    }
  };

  const scheduleNext = (): void => {
    if (isScheduled || waiting.size === 0) return;
    isScheduled = true;
    schedule(open).then(
      () => {
        isScheduled = false;
        scheduleNext();
      },
      (error: unknown) => {
        // There will be no other slot, so those who ask later are refused as well.
        for (const request of waiting) request.reject(error);
        waiting.clear();
        isScheduled = false;
      },
    );
  };

  return (stopping) =>
    new Promise((resolve, reject) => {
      if (stopping.aborted) {
        reject(stopping.reason);
        return;
      }
      if (waiting.size === 0 && takeFree()) {
        resolve();
        return;
      }
      const giveUp = () => {
        waiting.delete(request);
        reject(stopping.reason);
      };
      const request: WaitingRequest = {
        resolve() {
          stopping.removeEventListener('abort', giveUp);
          resolve();
        },
        reject(reason) {
          stopping.removeEventListener('abort', giveUp);
          reject(reason);
        },
      };
      stopping.addEventListener('abort', giveUp, { once: true });
      waiting.add(request);
      scheduleNext();
    });
}

/** Sends every attempt when the limiter says so, with nothing between its turn and the wire. */
export function limitRate(send: SendAttempt, limiter: RateLimiter, stopping: AbortSignal): SendAttempt {
  return async (request) => {
    // Before the turn: the disk would delay what the limiter has spaced out.
    if (request.attempt === 1) await request.hooks.beforeSend?.();
    await limiter.acquire(stopping);
    request.hooks.atTurn?.(request.attempt);
    return send(request);
  };
}
