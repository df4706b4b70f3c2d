import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
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

function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('the slots of a rate', () => {
  it.each([0.1, 1, 5, 49.9, 50, 99, 100, 149, 500, 2000, 5000])(
    'of %d a second stay 2 %% below it, and one more of them in a second stays within it',
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
  it.each([
    [5, 12, 4],
    [50, 120, 1],
    [50, 120, 16],
    [500, 1200, 16],
    [2000, 4000, 64],
    [5000, 8000, 64],
  ])('of %d a second lets no second see more than that (%d requests, %d callers)', async (rate, count, callers) => {
    const turns = await takeTurns(rate, count, callers);
    expect(turns).toHaveLength(count);
    // A busy machine is a stall: then one slot more is allowed.
    expect(busiestSecond(turns)).toBeLessThanOrEqual(rate + planSlots(rate).requests);
  });

  it('lets unused requests of a slot lapse: a burst after a quiet moment stays within the rate', async () => {
    const rate = 500;
    const limiter = createRateLimiter(rate);
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    await limiter.acquire(signal);
    await new Promise((resolve) => setTimeout(resolve, planSlots(rate).spacingMs - 3));
    const turns: number[] = [];
    await Promise.all(
      Array.from({ length: 700 }, () => limiter.acquire(signal).then(() => turns.push(performance.now()))),
    );
    expect(busiestSecond(turns)).toBeLessThanOrEqual(rate + planSlots(rate).requests);
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
    const [first = 0, second = 0] = await takeTurns(0.8, 2, 2);
    expect(second - first).toBeGreaterThanOrEqual(1250);
  });

  it('pauses everybody until the moment that one was told', async () => {
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
