import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { busiestSecond } from '#test/api/request-counts.js';
import { writeCustomers } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
/** Requests in flight: on a busy machine, what was sent a moment apart may arrive together. */
const concurrency = 4;

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
    const args = ['--rate', String(rate), '--settle', '0.1', '--max-failures', '100%'];
    await place.run(['import', 'customers.csv', ...args]);
    const arrivals = api.requests().map(({ at }) => at);
    expect(arrivals.length).toBeGreaterThan(210);
    expect(busiestSecond(arrivals)).toBeLessThanOrEqual(rate + concurrency);
  });

  it('says nothing of what goes on inside, however many requests wait for their turn', async () => {
    await place.openApi({ faults: [{ name: '429', on: 'add', when: { nth: [20] }, retryAfterSeconds: 1 }] });
    writeCustomers(place, 100);
    const { stderr } = await place.run(['import', 'customers.csv', '--rate', '200', '--concurrency', '32']);
    expect(stderr).not.toMatch(/Warning|Listeners/);
  });
});

/** Bottleneck as far as it is used here, but without any scheduling. */
const bottleneckAtOnce = 'export default class { async schedule(job) { return job(); } }';

describe('an import with --rate 20', () => {
  async function busiestOfImport(env: Readonly<Record<string, string>>): Promise<number> {
    const api = await place.openApi();
    writeCustomers(place, 60);
    const { exitCode, stderr } = await place.run(['import', 'customers.csv', '--rate', '20'], { env });
    expect(exitCode, stderr).toBe(0);
    return busiestSecond(api.requests().map(({ at }) => at));
  }

  it('is limited by Bottleneck', async () => {
    expect(await busiestOfImport({})).toBeLessThanOrEqual(20 + concurrency);
  });

  it('is not limited by anything else: with Bottleneck’s scheduling replaced by "at once", it is too fast', async () => {
    const preload = pathToFileURL(resolve('test/e2e/replace-module.mjs')).href;
    const busiest = await busiestOfImport({
      NODE_OPTIONS: `--import ${preload}`,
      REPLACED_MODULE: 'bottleneck/light.js',
      REPLACEMENT: bottleneckAtOnce,
    });
    expect(busiest).toBeGreaterThan(2 * 20);
  });
});
