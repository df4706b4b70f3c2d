import { createHash } from 'node:crypto';
import { UsageError } from '#src/errors.js';
import type { Pace } from './pace.js';
import { paceLost } from './pace-lost.js';
import { connectToRedis, type PaceAddress, type PaceServer } from './pace-server.js';
import { uncounted } from './permit-meter.js';
import { sleepUntil } from './sleep.js';
import { watchForStalls } from './stall-watch.js';

export interface SharedPaceOptions extends PaceAddress {
  /** Whose allowance it is: the same for all who share it. */
  readonly allowance: string;
  /** Requests a second, of all of them together. */
  readonly ratePerSecond: number;
}

export interface SharedPace extends Pace {
  close(): Promise<void>;
}

/** Requests leave somewhat later than they may, each on a machine of its own: a tenth of the rate is left for that. */
const shareOfRate = 0.9;

/** What the ways from Redis to a machine and on to the API may squeeze together. */
const squeezedMs = 90;

/** A job costs a few round trips; above this many a second, one buys permits for several requests. */
const jobsPerSecond = 50;

/** Clocks further apart would shift the slots of one machine into those of another. */
const mostClockDifferenceMs = 100;

/** Redis forgets an allowance that nobody has used for so long; a process that comes later may set another rate. */
const forgottenAfterMs = 10 * 60_000;

/** A process that is never heard of again costs a few bytes until then. It holds nothing that others wait for. */
const clientForgottenAfterMs = 60 * 60_000;

const millisecondsPerSecond = 1000;

/**
 * Makes a pace that several processes and machines share through Redis. Only the spacing of requests is shared, by
 * Bottleneck's clustering: nobody holds a place that could be lost with its process.
 *
 * @throws UsageError when ioredis is not installed, or another process has given another rate or has another clock;
 *   RunStoppedError when Redis cannot be reached
 */
export async function openSharedPace(options: SharedPaceOptions, now: () => number = Date.now): Promise<SharedPace> {
  const { allowance, ratePerSecond } = options;
  if (!Number.isFinite(ratePerSecond))
    throw new UsageError('A pace that is shared needs a rate.', {
      code: 'PACE_WITHOUT_RATE',
      nextStep: 'Give all who share it the same, e.g. --rate 5.',
    });
  const server = await connectToRedis(options);
  try {
    await refuseOtherClock(server, now);
    return await paceOn(server, nameOf(allowance), ratePerSecond, now);
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function paceOn(server: PaceServer, name: string, ratePerSecond: number, now: () => number): Promise<SharedPace> {
  const permitsPerSlot = Math.max(1, Math.ceil(ratePerSecond / jobsPerSecond));
  const minTime = Math.ceil((permitsPerSlot * millisecondsPerSecond) / (ratePerSecond * shareOfRate));
  const limiter = server.limiter({
    id: name,
    minTime,
    timeout: forgottenAfterMs,
    clientTimeout: clientForgottenAfterMs,
  });
  await limiter.ready();
  await refuseOtherRate(server, name, minTime);
  const stalls = watchForStalls();
  const till = createTill((sell) => limiter.schedule(sell), permitsPerSlot, server);
  const most = Math.max(1, Math.floor(ratePerSecond));
  const spanMs = (most * millisecondsPerSecond) / ratePerSecond + squeezedMs;
  let openAt = 0;
  return {
    ratePerSecond,
    async permit(stopping) {
      for (;;) {
        await sleepUntil(() => openAt, now, stopping);
        await till(stopping);
        const { isAdmitted, gateMs } = await server.admit(name, most, spanMs);
        if (gateMs > 0) openAt = Math.max(openAt, now() + gateMs);
        // A permit that comes late, or to a closed gate, is given up: it would meet those of others.
        if (isAdmitted && stalls.isSmooth() && now() >= openAt) return uncounted;
      }
    },
    closeUntil(untilMs) {
      openAt = Math.max(openAt, untilMs);
      server.closeGate(name, untilMs, now());
    },
    closedUntil: () => (now() < openAt ? openAt : 0),
    async close() {
      stalls.stop();
      await server.close();
    },
  };
}

interface Waiting {
  readonly serve: () => void;
  readonly refuse: (error: unknown) => void;
}

/** Sells the permits of a slot to who waits, first come, first served; what is left over lapses. */
function createTill(
  buySlot: (sell: () => Promise<void>) => Promise<void>,
  permitsPerSlot: number,
  { name, lost }: PaceServer,
): (stopping: AbortSignal) => Promise<void> {
  const waiting: Waiting[] = [];
  let slotsAsked = 0;
  let failure: unknown;
  const fail = (error: unknown) => {
    failure ??= error;
    for (const one of waiting.splice(0)) one.refuse(failure);
  };
  void lost.then(fail);
  const sell = () => {
    slotsAsked -= 1;
    for (const one of waiting.splice(0, permitsPerSlot)) one.serve();
    return Promise.resolve();
  };
  return (stopping) =>
    new Promise((resolve, reject) => {
      if (failure !== undefined || stopping.aborted) {
        reject(failure ?? stopping.reason);
        return;
      }
      const giveUp = () => {
        waiting.splice(waiting.indexOf(one), 1);
        reject(stopping.reason);
      };
      const leave = (then: () => void) => {
        stopping.removeEventListener('abort', giveUp);
        then();
      };
      const one: Waiting = { serve: () => leave(resolve), refuse: (error) => leave(() => reject(error)) };
      stopping.addEventListener('abort', giveUp, { once: true });
      waiting.push(one);
      if (slotsAsked * permitsPerSlot >= waiting.length) return;
      slotsAsked += 1;
      buySlot(sell).catch((error: unknown) => fail(paceLost(name, error)));
    });
}

async function refuseOtherClock(server: PaceServer, now: () => number): Promise<void> {
  const before = now();
  const theirs = await server.time();
  const after = now();
  const uncertainty = (after - before) / 2;
  const difference = Math.abs(theirs - (before + uncertainty));
  if (difference <= mostClockDifferenceMs + uncertainty) return;
  throw new UsageError(`The clock of this machine is ${Math.round(difference)} ms off that of ${server.name}.`, {
    code: 'PACE_CLOCK',
    nextStep: 'Machines that share a pace need the same time: let NTP set the clocks of both.',
  });
}

async function refuseOtherRate(server: PaceServer, name: string, minTime: number): Promise<void> {
  const shared = await server.minTimeOf(name);
  if (shared === minTime) return;
  throw new UsageError(`Others share this pace on ${server.name} with another --rate.`, {
    code: 'PACE_RATE_DIFFERS',
    nextStep: `Give all of them the same; ${forgottenAfterMs / 60_000} minutes after the last one has ended, any will do.`,
  });
}

/** The login is nobody's business but the vendor's. */
function nameOf(allowance: string): string {
  return `mypos-customers-${createHash('sha256').update(allowance).digest('hex').slice(0, 16)}`;
}
