import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createRateLimiter } from '#src/api/rate-limit.js';
import { busiestSecond } from './request-counts.js';

/** Takes `count` permits with so many callers at once; when what each was for left, in milliseconds. */
async function takePermits(
  ratePerSecond: number,
  count: number,
  callers: number,
  heldUp?: () => Promise<void>,
): Promise<number[]> {
  const pace = createRateLimiter(ratePerSecond);
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const taken: number[] = [];
  let left = count;
  const call = async () => {
    while (left > 0) {
      left -= 1;
      const permit = await pace.acquire(signal);
      if (heldUp !== undefined) await heldUp();
      await permit.leave(signal);
      taken.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return taken;
}

/** How far these get ahead of the rate at most: the burst that a limit has to bear, as nginx counts it. */
function mostAhead(ratePerSecond: number, moments: readonly number[]): number {
  let [ahead, most] = [0, 0];
  for (const [index, at] of moments.entries()) {
    const sinceLastMs = at - (moments[index - 1] ?? at);
    ahead = Math.max(0, ahead - (sinceLastMs * ratePerSecond) / 1000 + 1);
    most = Math.max(most, ahead);
  }
  return most;
}

describe('a pace', () => {
  it.each([
    [5, 12, 4],
    [50, 120, 1],
    [50, 120, 16],
    [500, 1200, 16],
    [2000, 4000, 64],
  ])(
    'of %i a second never gives more than that in any second (%i permits, %i callers)',
    async (rate, count, callers) => {
      const taken = await takePermits(rate, count, callers);
      expect(taken).toHaveLength(count);
      expect(busiestSecond(taken)).toBeLessThanOrEqual(rate);
    },
  );

  it.each([
    [5, 12, 4],
    [500, 1000, 16],
  ])(
    'of %i a second holds to that also when the disk holds up what is sent (%i permits, %i callers)',
    async (rate, count, callers) => {
      let asked = 0;
      const disk = () => wait((asked++ % 3) * 15);
      const left = await takePermits(rate, count, callers, disk);
      expect(left).toHaveLength(count);
      expect(busiestSecond(left)).toBeLessThanOrEqual(rate);
    },
  );

  it('makes up for no more than a moment: no burst follows a long one', async () => {
    const [rate, callers] = [500, 16];
    const standStill = setTimeout(() => {
      const until = performance.now() + 300;
      while (performance.now() < until);
    }, 300);
    const left = await takePermits(rate, 500, callers);
    clearTimeout(standStill);
    // What was on its way when it began, and 10 ms of the rate.
    expect(mostAhead(rate, left)).toBeLessThanOrEqual(callers + 6);
  });

  it('does not make up for a moment in which the process stood still', async () => {
    const standStill = setTimeout(() => {
      const until = performance.now() + 400;
      while (performance.now() < until);
    }, 500);
    const taken = await takePermits(100, 150, 32);
    clearTimeout(standStill);
    expect(busiestSecond(taken)).toBeLessThanOrEqual(100);
  });

  it('of less than one a second gives one at once and the next when it is due', async () => {
    const [first = 0, second = 0] = await takePermits(0.8, 2, 2);
    expect(second - first).toBeGreaterThanOrEqual(1250);
  });

  it('closes for everybody until the moment that one was told', async () => {
    const pace = createRateLimiter(1000);
    const until = Date.now() + 300;
    pace.pauseUntil(until);
    pace.pauseUntil(until - 200);
    expect(pace.pausedUntil()).toBe(until);
    const { signal } = new AbortController();
    await Promise.all([pace.acquire(signal), pace.acquire(signal)]);
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect(pace.pausedUntil()).toBe(0);
  });

  it('gives nobody a permit any more once the run is stopping', async () => {
    const pace = createRateLimiter(1);
    const stop = new AbortController();
    await pace.acquire(stop.signal);
    const waiting = pace.acquire(stop.signal);
    stop.abort(new Error('stopping'));
    await expect(waiting).rejects.toThrow('stopping');
    await expect(pace.acquire(stop.signal)).rejects.toThrow('stopping');
  });
});
