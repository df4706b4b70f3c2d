import { setTimeout as sleep } from 'node:timers/promises';
import type Bottleneck from 'bottleneck';
import type { Redis, RedisOptions } from 'ioredis';
import { type CustomersError, UsageError } from '#src/errors.js';
import { paceLost, paceRefused } from './pace-lost.js';

export interface Admission {
  readonly isAdmitted: boolean;
  /** How long nobody sends, as any of them was told by the API; 0 when nobody was. Milliseconds. */
  readonly gateMs: number;
}

/** What a shared pace needs of Redis. */
export interface PaceServer {
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
const mostReconnects = 20;

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

export interface PaceAddress {
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
export async function connectToRedis(where: PaceAddress): Promise<PaceServer> {
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

function clientOptions({ address, password, trusted }: PaceAddress, isClosed: () => boolean): RedisOptions {
  return {
    connectTimeout: connectTimeoutMs,
    // Commands wait for the reconnection, or for its end.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (isClosed() || times > mostReconnects ? null : reconnectDelayMs),
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
