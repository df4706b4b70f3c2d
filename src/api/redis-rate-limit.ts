import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type Bottleneck from 'bottleneck';
import type { Redis, RedisOptions } from 'ioredis';
import { type CustomersError, RunStoppedError, UsageError } from '#src/errors.js';
import { type RateLimiter, uncounted } from './rate-limit.js';
import { sleepUntil } from './sleep.js';
import { watchForStalls } from './stall-watch.js';

/** Redis is gone, and nothing is sent without a permit; the run can go on once it is back. */
function paceLost(name: string, cause?: unknown): RunStoppedError {
  return lost(`The pace that is shared on ${name} is lost: Redis does not answer as it should.`, cause);
}

/** Redis did not let us in from the start; what it says, or the network, tells a person more than we can. */
function paceRefused(name: string, cause: Error): RunStoppedError {
  const why = cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
  return lost(`The pace that is shared on ${name} cannot be had: ${why}.`.replace(/\.\.$/, '.'), cause);
}

function lost(message: string, cause: unknown): RunStoppedError {
  return new RunStoppedError(message, {
    code: 'PACE_LOST',
    nextStep: 'See to Redis, or leave out --pace while no other machine uses this login.',
    cause,
  });
}

interface Admission {
  readonly isAdmitted: boolean;
  /** How long nobody sends, as any of them was told by the API; 0 when nobody was. Milliseconds. */
  readonly gateMs: number;
}

/** What a shared pace needs of Redis. */
interface RedisServer {
  /** Without login and password. */
  readonly name: string;
  limiter(options: {
    readonly id: string;
    readonly minTime: number;
    readonly timeout: number;
    readonly clientTimeout: number;
  }): Bottleneck;
  /** Epoch milliseconds, by its clock. */
  time(): Promise<number>;
  /** The spacing that all who share the limiter of this name have. */
  minTimeOf(id: string): Promise<number>;
  /** Asks to send one request now, of so many in any span of this length by the clock of Redis. */
  admit(id: string, most: number, spanMs: number): Promise<Admission>;
  closeGate(id: string, untilMs: number, nowMs: number): void;
  /** Resolves once it is plain that Redis does not come back. */
  readonly lost: Promise<CustomersError>;
  /** Ends the connection, and with it the limiter that was made of it. It never takes long. */
  close(): Promise<void>;
}

const connectTimeoutMs = 5_000;
const quitLimitMs = 500;
const reconnectDelayMs = 500;
/** A restart of Redis is over by then. */
const maxReconnects = 20;

/**
 * Bottleneck spaces its jobs by when they are due. What is held up on its way, by a busy machine, would meet what comes
 * in time; so the last word is that of Redis, which sees when they really go.
 */
const admission = `
  local time = redis.call('time')
  local now = time[1] * 1000 + time[2] / 1000
  local gate = tonumber(redis.call('get', KEYS[1]) or '0')
  if gate > now then return {0, math.ceil(gate - now)} end
  local most, span = tonumber(ARGV[1]), tonumber(ARGV[2])
  local oldest = tonumber(redis.call('lindex', KEYS[2], most - 1) or '0')
  if oldest + span > now then return {0, 0} end
  redis.call('lpush', KEYS[2], string.format('%.3f', now))
  redis.call('ltrim', KEYS[2], 0, most - 1)
  redis.call('pexpire', KEYS[2], math.ceil(span))
  return {1, 0}`;

/** A pause that another process was told of later may not be cut short. */
const laterOnly = `
  local known = tonumber(redis.call('get', KEYS[1]) or '0')
  if known < tonumber(ARGV[1]) then redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
  return 1`;

interface RedisAddress {
  /** `redis://` or `rediss://`, without a password. */
  readonly address: string;
  readonly password: string | undefined;
  /** Certificates to trust, in PEM. @default those that Node.js trusts */
  readonly trusted: readonly string[] | undefined;
}

/**
 * Connects to Redis; ioredis and the part of Bottleneck that knows Redis are loaded here, and nowhere else.
 *
 * @throws UsageError when ioredis is not installed; RunStoppedError when Redis does not answer
 */
async function connectToRedis(where: RedisAddress): Promise<RedisServer> {
  const { Redis: RedisClient } = await loadIoredis();
  const { default: BottleneckOfRedis } = await import('bottleneck');
  const name = new URL(where.address).host;
  let isClosed = false;
  const client = new RedisClient(
    where.address,
    clientOptions(where, () => isClosed),
  );
  const lost = watchLoss(client, name);
  // Whoever waits is told through `lost`; without a listener, an error would end the process.
  client.on('error', () => undefined);
  await answers(client).catch((error: Error) => {
    lost.forget();
    isClosed = true;
    leave(client);
    throw paceRefused(name, error);
  });
  const refuse = (error: unknown) => {
    throw paceLost(name, error);
  };
  // Its types leave out the second connection that it makes of the first.
  const connection = new BottleneckOfRedis.IORedisConnection({ client }) as Bottleneck.IORedisConnection & {
    readonly subscriber: Redis;
  };
  connection.on('error', () => undefined);
  connection.subscriber.on('error', () => undefined);
  return {
    name,
    limiter(options) {
      const limiter = new BottleneckOfRedis({ ...options, connection, clearDatastore: false });
      // Its own commands fail when Redis has forgotten what was shared: then nobody would ever be served again.
      limiter.on('error', (error: unknown) => lost.tell(error));
      return limiter;
    },
    async time() {
      const [seconds, microseconds] = await client.time();
      return Number(seconds) * 1000 + Number(microseconds) / 1000;
    },
    minTimeOf: async (id) => Number(await client.hget(`b_${id}_settings`, 'minTime')),
    async admit(id, most, spanMs) {
      const answer = client.eval(admission, 2, `b_${id}_gate`, `b_${id}_sent`, most, spanMs);
      const [isAdmitted, gateMs = 0] = (await answer.catch(refuse)) as readonly number[];
      return { isAdmitted: isAdmitted === 1, gateMs };
    },
    closeGate(id, untilMs, nowMs) {
      const restMs = Math.max(1, Math.ceil(untilMs - nowMs));
      client.eval(laterOnly, 1, `b_${id}_gate`, untilMs, restMs).catch((error: unknown) => lost.tell(error));
    },
    lost: lost.promise,
    async close() {
      lost.forget();
      isClosed = true;
      // Graceful first, so that no command under way is cut off; Bottleneck looks after few of its own promises.
      await Promise.race([Promise.allSettled([connection.subscriber.quit(), client.quit()]), sleep(quitLimitMs)]);
      await connection.disconnect(false);
      for (const one of [connection.subscriber, client]) leave(one);
    },
  };
}

/** Leaves nothing behind that would keep the process alive, in whatever state the connection is. */
function leave(client: Redis): void {
  client.disconnect();
  const { stream } = client as Redis & { readonly stream?: { destroy(): void } };
  stream?.destroy();
}

/** The first connection must come at once; only a later one is waited for. */
function answers(client: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('ready', resolve);
    client.once('error', reject);
  });
}

function clientOptions({ address, password, trusted }: RedisAddress, isClosed: () => boolean): RedisOptions {
  return {
    connectTimeout: connectTimeoutMs,
    // Commands wait for the reconnection, or for its end.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (isClosed() || times > maxReconnects ? null : reconnectDelayMs),
    ...(password === undefined ? {} : { password }),
    // By itself it would take REDISS:// for an address without TLS.
    ...(new URL(address).protocol === 'rediss:' ? { tls: trusted === undefined ? {} : { ca: [...trusted] } } : {}),
  };
}

function watchLoss(client: Redis, name: string) {
  let tell: (error?: unknown) => void = () => undefined;
  const promise = new Promise<CustomersError>((resolve) => {
    tell = (error) => resolve(paceLost(name, error));
  });
  const onEnd = () => tell();
  client.on('end', onEnd);
  return { promise, tell: (error: unknown) => tell(error), forget: () => client.off('end', onEnd) };
}

async function loadIoredis(): Promise<{ readonly Redis: typeof Redis }> {
  try {
    return await import('ioredis');
  } catch (cause) {
    throw new UsageError('A pace that is shared needs the package ioredis, which is not installed.', {
      code: 'IOREDIS_MISSING',
      nextStep: 'npm install ioredis@5 beside mypos-customers, or leave out --pace.',
      cause,
    });
  }
}

export interface RedisRateLimiterOptions extends RedisAddress {
  /** Whose allowance it is: the same for all who share it. */
  readonly allowance: string;
  /** Requests a second, of all of them together. */
  readonly ratePerSecond: number;
}

export interface RedisRateLimiter extends RateLimiter {
  close(): Promise<void>;
}

/** Requests leave somewhat later than they may, each on a machine of its own: a tenth of the rate is left for that. */
const shareOfRate = 0.9;

/** What the ways from Redis to a machine and on to the API may squeeze together. */
const squeezedMs = 90;

/** A job costs a few round trips; above this many a second, one buys permits for several requests. */
const jobsPerSecond = 50;

/** Clocks further apart would shift the slots of one machine into those of another. */
const maxClockDifferenceMs = 100;

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
export async function openRedisRateLimiter(
  options: RedisRateLimiterOptions,
  now: () => number = Date.now,
): Promise<RedisRateLimiter> {
  const { allowance, ratePerSecond } = options;
  if (!Number.isFinite(ratePerSecond))
    throw new UsageError('A pace that is shared needs a rate.', {
      code: 'PACE_WITHOUT_RATE',
      nextStep: 'Give all who share it the same, e.g. --rate 5.',
    });
  const server = await connectToRedis(options);
  try {
    await refuseOtherClock(server, now);
    return await paceOn(server, hashAllowance(allowance), ratePerSecond, now);
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function paceOn(
  server: RedisServer,
  name: string,
  ratePerSecond: number,
  now: () => number,
): Promise<RedisRateLimiter> {
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
    async acquire(stopping) {
      for (;;) {
        await sleepUntil(() => openAt, now, stopping);
        await till(stopping);
        const { isAdmitted, gateMs } = await server.admit(name, most, spanMs);
        if (gateMs > 0) openAt = Math.max(openAt, now() + gateMs);
        // A permit that comes late, or to a closed gate, is given up: it would meet those of others.
        if (isAdmitted && stalls.isSmooth() && now() >= openAt) return uncounted;
      }
    },
    pauseUntil(untilMs) {
      openAt = Math.max(openAt, untilMs);
      server.closeGate(name, untilMs, now());
    },
    pausedUntil: () => (now() < openAt ? openAt : 0),
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
  { name, lost }: RedisServer,
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

async function refuseOtherClock(server: RedisServer, now: () => number): Promise<void> {
  const before = now();
  const theirs = await server.time();
  const after = now();
  const uncertainty = (after - before) / 2;
  const difference = Math.abs(theirs - (before + uncertainty));
  if (difference <= maxClockDifferenceMs + uncertainty) return;
  throw new UsageError(`The clock of this machine is ${Math.round(difference)} ms off that of ${server.name}.`, {
    code: 'PACE_CLOCK',
    nextStep: 'Machines that share a pace need the same time: let NTP set the clocks of both.',
  });
}

async function refuseOtherRate(server: RedisServer, name: string, minTime: number): Promise<void> {
  const shared = await server.minTimeOf(name);
  if (shared === minTime) return;
  throw new UsageError(`Others share this pace on ${server.name} with another --rate.`, {
    code: 'PACE_RATE_DIFFERS',
    nextStep: `Give all of them the same; ${forgottenAfterMs / 60_000} minutes after the last one has ended, any will do.`,
  });
}

/** The login is nobody's business but the vendor's. */
function hashAllowance(allowance: string): string {
  return `mypos-customers-${createHash('sha256').update(allowance).digest('hex').slice(0, 16)}`;
}
