import { describe, expect, it } from 'vitest';
import { busiestSecond } from '#test/api/request-counts.js';
import { writeCustomers } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const rate = 50;
/**
 * What leaves is held to the exact rate in test/api/pace.test.ts; on a busy machine, what was sent a moment apart may
 * arrive together. A retry or a login that took no permit would show as far more.
 */
const squeezed = 4;

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
    expect(busiestSecond(arrivals)).toBeLessThanOrEqual(rate + squeezed);
  });

  it('says nothing of what goes on inside, however many requests wait for their turn', async () => {
    await place.openApi({ faults: [{ name: '429', on: 'add', when: { nth: [20] }, retryAfterSeconds: 1 }] });
    writeCustomers(place, 100);
    const { stderr } = await place.run(['import', 'customers.csv', '--rate', '200', '--concurrency', '32']);
    expect(stderr).not.toMatch(/Warning|Listeners/);
  });
});
