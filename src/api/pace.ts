import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import Bottleneck from 'bottleneck/light.js';
import { createPermitMeter, type Permit, uncounted } from './permit-meter.js';
import { sleepUntil } from './sleep.js';

/** Hands out permits to send, one per request, and closes for everybody when the server asks for a pause. */
export interface Pace {
  /** Requests a second that are allowed; `Infinity` for no limit. */
  readonly ratePerSecond: number;
  /** Resolves when it is one request's turn. Rejects with the signal's reason when the run is stopping. */
  permit(stopping: AbortSignal): Promise<Permit>;
  /** Nobody sends before `untilMs` (epoch milliseconds, our clock). An earlier moment than a known one is ignored. */
  closeUntil(untilMs: number): void;
  /** When the gate opens again; 0 when it is open. Epoch milliseconds. */
  closedUntil(): number;
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
