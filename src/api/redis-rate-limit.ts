import { createHash } from 'node:crypto';
import type { Redis, RedisOptions } from 'ioredis';
import { RunStoppedError, UsageError } from '#src/errors.js';
import { addPauses, createSlotQueue, planSlots, type RateLimiter } from './rate-limit.js';
import { sleep } from './sleep.js';

export interface RedisAddress {
  /** `redis://` or `rediss://`, without a password. */
  readonly address: string;
  readonly password: string | undefined;
  /** Certificates to trust, in PEM. @default those that Node.js trusts */
  readonly trusted: readonly string[] | undefined;
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

const connectTimeoutMs = 5_000;
const quitTimeoutMs = 500;
const reconnectDelayMs = 500;
/** A restart of Redis is over by then. */
const maxReconnects = 20;
/** Asked again after this time at the latest, in case a pause has been forgotten. */
const maxWaitMs = 1_000;
/** Redis forgets an allowance that nobody has used for so long; whoever comes later may set another rate. */
const expiryMs = 10 * 60_000;
/** A slot is taken this long before it begins, so that the way to Redis and back costs nothing of the rate. */
const takenAheadMs = 25;

/** Sets the spacing unless somebody else has. Returns the one in force. */
const agreeScript = `
  redis.call('hsetnx', KEYS[1], 'spacing', ARGV[1])
  redis.call('pexpire', KEYS[1], ARGV[2])
  return redis.call('hget', KEYS[1], 'spacing')`;

/**
 * Takes the next slot if it begins soon. Returns whether it did, how long to wait then or before asking again, and how
 * much of that is a pause.
 *
 * Nobody takes a slot far ahead, so little is lost with a process that ends, and a pause holds for everybody at once. All
 * times are those of Redis: Bottleneck's own clustering uses the clock of each machine, and as far as two of them differ,
 * requests of two seconds meet in one.
 */
const takeScript = `
  local time = redis.call('time')
  local now = time[1] * 1000 + time[2] / 1000
  local function read(name) return tonumber(redis.call('hget', KEYS[1], name) or '0') end
  local pause = math.ceil(math.max(0, read('resumeAt') - now))
  local slotAt = math.max(now + pause, read('nextSlotAt'))
  local wait = slotAt - now
  if wait > tonumber(ARGV[3]) then return {0, math.ceil(wait - ARGV[3] / 2), pause} end
  redis.call('hset', KEYS[1], 'spacing', ARGV[1], 'nextSlotAt', string.format('%.3f', slotAt + ARGV[1]))
  redis.call('pexpire', KEYS[1], ARGV[2])
  return {1, math.floor(wait), pause}`;

/** A pause that another process was asked for and that ends later is not cut short. */
const pauseScript = `
  local time = redis.call('time')
  local resumeAt = time[1] * 1000 + time[2] / 1000 + ARGV[1]
  if resumeAt > tonumber(redis.call('hget', KEYS[1], 'resumeAt') or '0') then
    redis.call('hset', KEYS[1], 'resumeAt', string.format('%.0f', resumeAt))
    redis.call('pexpire', KEYS[1], ARGV[1] + ARGV[2])
  end
  return 1`;

/**
 * Makes a rate limiter that several processes and machines share through Redis.
 *
 * @throws UsageError when ioredis is not installed, or another process has given another rate; RunStoppedError when Redis
 *   does not let us in
 */
export async function openRedisRateLimiter(
  options: RedisRateLimiterOptions,
  now: () => number = Date.now,
): Promise<RedisRateLimiter> {
  const { ratePerSecond, address } = options;
  if (!Number.isFinite(ratePerSecond))
    throw new UsageError('A shared rate limit needs a rate.', {
      code: 'PACE_WITHOUT_RATE',
      nextStep: 'Use the same rate on all machines that share it, e.g. --rate 5.',
    });
  const host = new URL(address).host;
  const closing = new AbortController();
  const client = await connectToRedis(options, host, closing.signal);
  const close = async () => {
    closing.abort();
    await Promise.race([client.quit().catch(() => undefined), sleep(quitTimeoutMs, AbortSignal.timeout(60_000))]);
    client.disconnect();
  };
  const key = `mypos-customers-${hashAllowance(options.allowance)}`;
  const slot = planSlots(ratePerSecond);
  const run = async (script: string, ...args: readonly number[]): Promise<unknown> => {
    try {
      return await client.eval(script, 1, key, ...args);
    } catch (cause) {
      throw connectionLost(host, cause);
    }
  };
  try {
    if (Number(await run(agreeScript, slot.spacingMs, expiryMs)) !== slot.spacingMs) throw rateDiffers(host);
  } catch (error) {
    await close();
    throw error;
  }
  const limiter = addPauses(
    ratePerSecond,
    createSlotQueue(slot, async (open) => {
      for (;;) {
        const taken = await run(takeScript, slot.spacingMs, expiryMs, takenAheadMs);
        const [isTaken = 0, waitMs = 0, pauseMs = 0] = taken as readonly number[];
        if (pauseMs > 0) limiter.pauseUntil(now() + pauseMs);
        await sleep(Math.min(waitMs, maxWaitMs), closing.signal);
        if (isTaken === 1) return open();
      }
    }),
    now,
  );
  return {
    ...limiter,
    pauseUntil(untilMs) {
      limiter.pauseUntil(untilMs);
      // Without Redis there are no more slots, and the next request for one reports that.
      run(pauseScript, Math.max(1, Math.ceil(untilMs - now())), expiryMs).catch(() => undefined);
    },
    close,
  };
}

async function connectToRedis(where: RedisAddress, host: string, closing: AbortSignal): Promise<Redis> {
  const { Redis: RedisClient } = await loadIoredis();
  const client = new RedisClient(where.address, buildClientOptions(where, closing));
  // Every command reports its own failure; without a listener, an error of the connection would end the process.
  client.on('error', () => undefined);
  try {
    // The first connection must succeed at once; only a later one is waited for.
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve);
      client.once('error', reject);
    });
    return client;
  } catch (error) {
    client.disconnect();
    throw connectionRefused(host, error as Error);
  }
}

function buildClientOptions({ address, password, trusted }: RedisAddress, closing: AbortSignal): RedisOptions {
  return {
    connectTimeout: connectTimeoutMs,
    // Commands wait until Redis is back, or until it is plain that it does not come back.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (closing.aborted || times > maxReconnects ? null : reconnectDelayMs),
    ...(password === undefined ? {} : { password }),
    // ioredis itself would take REDISS:// for an address without TLS.
    ...(new URL(address).protocol === 'rediss:'
      ? { tls: { rejectUnauthorized: true, ...(trusted === undefined ? {} : { ca: [...trusted] }) } }
      : {}),
  };
}

async function loadIoredis(): Promise<{ readonly Redis: typeof Redis }> {
  try {
    return await import('ioredis');
  } catch (cause) {
    throw new UsageError('A shared rate limit needs the package ioredis, which is not installed.', {
      code: 'IOREDIS_MISSING',
      nextStep: 'Run `npm install ioredis@5` next to mypos-customers, or leave out --pace.',
      cause,
    });
  }
}

/** The login is nobody's business but the vendor's. */
function hashAllowance(allowance: string): string {
  return createHash('sha256').update(allowance).digest('hex').slice(0, 16);
}

function rateDiffers(host: string): UsageError {
  return new UsageError(`Other processes share this rate limit on ${host}, but use a different --rate.`, {
    code: 'PACE_RATE_DIFFERS',
    nextStep: `Use the same --rate for all of them. ${expiryMs / 60_000} minutes after the last one has ended, you can choose a new one.`,
  });
}

/** Redis is gone, and nothing is sent without it; the run can continue once it is back. */
function connectionLost(host: string, cause: unknown): RunStoppedError {
  return lost(`The connection to ${host}, through which the rate limit is shared, was lost.`, cause);
}

/** What Redis or the network says helps a person more than anything we could say. */
function connectionRefused(host: string, cause: Error): RunStoppedError {
  const why = cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
  return lost(`The rate limit cannot be shared through ${host}: ${why.replace(/\.$/, '')}.`, cause);
}

function lost(message: string, cause: unknown): RunStoppedError {
  return new RunStoppedError(message, {
    code: 'PACE_LOST',
    nextStep: 'Check Redis, or leave out --pace while no other machine uses this login.',
    cause,
  });
}
