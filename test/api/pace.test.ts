import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createPace } from '../../src/api/pace.js';
import { busiestSecond } from '../busiest-window.js';

/** Takes `count` permits with so many callers at once; when what each was for left, in milliseconds. */
async function takePermits(
  ratePerSecond: number,
  count: number,
  callers: number,
  heldUp?: () => Promise<void>,
): Promise<number[]> {
  const pace = createPace(ratePerSecond);
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const taken: number[] = [];
  let left = count;
  const call = async () => {
    while (left > 0) {
      left -= 1;
      const permit = await pace.permit(signal);
      if (heldUp !== undefined) await heldUp();
      await permit.leave(signal);
      taken.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return taken;
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
    const pace = createPace(1000);
    const until = Date.now() + 300;
    pace.closeUntil(until);
    pace.closeUntil(until - 200);
    expect(pace.closedUntil()).toBe(until);
    const { signal } = new AbortController();
    await Promise.all([pace.permit(signal), pace.permit(signal)]);
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect(pace.closedUntil()).toBe(0);
  });

  it('gives nobody a permit any more once the run is stopping', async () => {
    const pace = createPace(1);
    const stop = new AbortController();
    await pace.permit(stop.signal);
    const waiting = pace.permit(stop.signal);
    stop.abort(new Error('stopping'));
    await expect(waiting).rejects.toThrow('stopping');
    await expect(pace.permit(stop.signal)).rejects.toThrow('stopping');
  });
});
