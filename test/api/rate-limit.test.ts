import { setMaxListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRateLimiter, planSlots } from '#src/api/rate-limit.js';
import { busiestSecond } from './request-counts.js';

/** Sends `count` requests with so many callers at once; when each had its turn, in milliseconds. */
async function takeTurns(ratePerSecond: number, count: number, callers: number): Promise<number[]> {
  const limiter = createRateLimiter(ratePerSecond);
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const turns: number[] = [];
  let left = count;
  const call = async () => {
    while (left > 0) {
      left -= 1;
      await limiter.acquire(signal);
      turns.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return turns;
}

/** Lets callers take all turns that they get in `seconds` of the test's own clock; when each was, in milliseconds. */
async function takeTurnsFor(seconds: number, ratePerSecond: number, callers: number): Promise<number[]> {
  const limiter = createRateLimiter(ratePerSecond);
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const turns: number[] = [];
  const call = async () => {
    while (!stop.signal.aborted) {
      await limiter.acquire(stop.signal);
      turns.push(performance.now());
    }
  };
  const calls = Promise.allSettled(Array.from({ length: callers }, call));
  await vi.advanceTimersByTimeAsync(seconds * 1000);
  stop.abort();
  await calls;
  return turns;
}

function countAfter(moment: number, moments: readonly number[]): number {
  return moments.filter((at) => at > moment).length;
}

function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('the slots of a rate', () => {
  it.each([0.1, 1, 5, 49.9, 50, 99, 100, 149, 500, 2000, 5000])(
    'of %d a second stay 2 percent below it, and one more of them in a second stays within it',
    (rate) => {
      const { requests, spacingMs } = planSlots(rate);
      const perSecond = (requests * 1000) / spacingMs;
      expect(perSecond / rate).toBeCloseTo(0.98);
      expect(requests).toBe(Math.max(1, Math.floor(rate / 50)));
      // No more than a few hundred jobs a second, which is what Bottleneck can do.
      expect(spacingMs).toBeGreaterThan(10);
    },
  );
});

describe('a rate limit', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    [0.1, 1000, 2],
    [1, 100, 2],
    [5, 20, 4],
    [50, 10, 1],
    [50, 10, 16],
    [99, 10, 16],
    [149, 10, 16],
    [500, 5, 16],
    [1000, 5, 64],
    [5000, 5, 64],
    [5000, 5, 256],
  ])(
    'of %d a second is used to at least 97 percent and exceeded in no second (for %d seconds, %d callers)',
    async (rate, seconds, callers) => {
      vi.useFakeTimers();
      const turns = await takeTurnsFor(seconds, rate, callers);
      expect(busiestSecond(turns)).toBeLessThanOrEqual(Math.max(1, rate));
      const [first = 0, last = 0] = [turns[0], turns.at(-1)];
      expect(countAfter(first, turns) / (((last - first) / 1000) * rate)).toBeGreaterThanOrEqual(0.97);
      expect(last).toBeGreaterThan(0.95 * seconds * 1000);
    },
  );

  it('lets unused requests of a slot lapse: a burst after an idle moment stays within the rate', async () => {
    vi.useFakeTimers();
    const rate = 500;
    const limiter = createRateLimiter(rate);
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    const first = limiter.acquire(signal);
    await vi.advanceTimersByTimeAsync(5);
    await first;
    await vi.advanceTimersByTimeAsync(planSlots(rate).spacingMs - 8);
    const turns: number[] = [];
    const burst = Array.from({ length: 700 }, () => limiter.acquire(signal).then(() => turns.push(performance.now())));
    await vi.advanceTimersByTimeAsync(2000);
    await Promise.all(burst);
    expect(busiestSecond(turns)).toBeLessThanOrEqual(rate);
  });

  it.each([
    [50, 100, 16],
    [500, 1000, 16],
  ])(
    'of %d a second makes up for no more than one slot after the process has stood still',
    async (rate, count, callers) => {
      const timer = setTimeout(() => standStill(400), 500);
      const turns = await takeTurns(rate, count, callers);
      clearTimeout(timer);
      expect(busiestSecond(turns)).toBeLessThanOrEqual(rate + planSlots(rate).requests);
    },
  );

  it('of less than one a second lets one request leave at once and the next when it is due', async () => {
    vi.useFakeTimers();
    expect(await takeTurnsFor(1.2, 0.8, 2)).toHaveLength(1);
    expect(await takeTurnsFor(1.3, 0.8, 2)).toHaveLength(2);
  });

  it('pauses all requests until the latest moment that was asked for', async () => {
    const limiter = createRateLimiter(1000);
    const until = Date.now() + 300;
    limiter.pauseUntil(until);
    limiter.pauseUntil(until - 200);
    expect(limiter.pausedUntil()).toBe(until);
    const { signal } = new AbortController();
    await Promise.all([limiter.acquire(signal), limiter.acquire(signal)]);
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect(limiter.pausedUntil()).toBe(0);
  });

  it('gives nobody a turn any more once the run is stopping', async () => {
    const limiter = createRateLimiter(1);
    const stop = new AbortController();
    await limiter.acquire(stop.signal);
    const waiting = limiter.acquire(stop.signal);
    stop.abort(new Error('stopping'));
    await expect(waiting).rejects.toThrow('stopping');
    await expect(limiter.acquire(stop.signal)).rejects.toThrow('stopping');
  });
});
