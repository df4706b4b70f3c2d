import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { planSlots } from '#src/api/rate-limit.js';
import { busiestSecond, splitAtStalls } from '#test/api/request-counts.js';
import { writeCustomers } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
/**
 * One request in flight: of several, some that were sent one after the other could reach a busy server together, and it
 * would count them in the wrong second.
 */
const oneInFlight = ['--concurrency', '1'];

/** Checks that no second saw more requests than the rate, or after a stall one slot more. */
function expectWithinRate(arrivals: readonly number[], rate: number): void {
  const { requests, spacingMs } = planSlots(rate);
  expect(busiestSecond(arrivals)).toBeLessThanOrEqual(rate + requests);
  for (const steady of splitAtStalls(1.5 * spacingMs, arrivals))
    expect(busiestSecond(steady)).toBeLessThanOrEqual(rate);
}

const rate = 50;

describe('an import with --rate 50', () => {
  it('lets no second see more than that, retries, logins and reconciliation included', async () => {
    const api = await place.openApi({
      faults: [
        { name: '503', on: 'any', when: { every: 20 } },
        { name: 'reset-after-commit', on: 'add', when: { every: 30 } },
      ],
    });
    writeCustomers(place, 200);
    const args = ['--rate', String(rate), ...oneInFlight, '--settle', '0.1', '--max-failures', '100%'];
    await place.run(['import', 'customers.csv', ...args]);
    const arrivals = api.requests().map(({ at }) => at);
    expect(arrivals.length).toBeGreaterThan(210);
    expectWithinRate(arrivals, rate);
  });

  it('prints no warning of the program itself, however many requests wait for their turn', async () => {
    await place.openApi({ faults: [{ name: '429', on: 'add', when: { nth: [20] }, retryAfterSeconds: 1 }] });
    writeCustomers(place, 100);
    const { stderr } = await place.run(['import', 'customers.csv', '--rate', '200', '--concurrency', '32']);
    expect(stderr).not.toMatch(/Warning|Listeners/);
  });
});

/** Bottleneck as far as it is used here, but without any scheduling. */
const bottleneckAtOnce = 'export default class { async schedule(job) { return job(); } }';

describe('an import with --rate 20', () => {
  async function recordArrivals(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const api = await place.openApi();
    writeCustomers(place, 60);
    const { exitCode, stderr } = await place.run(['import', 'customers.csv', '--rate', '20', ...args], { env });
    expect(exitCode, stderr).toBe(0);
    return api.requests().map(({ at }) => at);
  }

  it('is limited by Bottleneck', async () => {
    expectWithinRate(await recordArrivals(oneInFlight), 20);
  });

  it('is not limited by anything else: with Bottleneck’s scheduling replaced by "at once", it is too fast', async () => {
    const preload = pathToFileURL(resolve('test/e2e/replace-module.mjs')).href;
    const arrivals = await recordArrivals([], {
      NODE_OPTIONS: `--import ${preload}`,
      REPLACED_MODULE: 'bottleneck/light.js',
      REPLACEMENT: bottleneckAtOnce,
    });
    expect(busiestSecond(arrivals)).toBeGreaterThan(2 * 20);
  });
});
