import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineSurvey } from '#bench/harness/benchmark.js';
import { customerMapping, writeCustomersCsv } from '#bench/harness/customers-csv.js';
import { loginEnvironment, serveSandbox, takeRequests } from '#bench/harness/sandbox.js';
import { importFile } from '#src/app/import/import-file.js';
import { resolveSettings } from '#src/config/resolve-settings.js';

const rates = [5, 50, 500, 2000] as const;
const windowMs = 1000;

/** When each request of an import at this rate arrived, the login first, by the clock of the sandbox. */
async function arrivalsAt(rate: number, seconds: number, folder: string): Promise<readonly number[]> {
  const own = join(folder, String(rate));
  mkdirSync(own);
  const [file, mapping] = [join(own, 'customers.csv'), join(own, 'mappings.json')];
  await writeCustomersCsv(file, rate * seconds);
  writeFileSync(mapping, JSON.stringify(customerMapping));
  const server = await serveSandbox(':memory:');
  try {
    const options = { mapping, baseUrl: server.baseUrl, stateDir: join(own, 'state'), rate: String(rate) };
    const { stopped } = await importFile(resolveSettings({ ...options, concurrency: '16' }, loginEnvironment), {
      file,
    });
    if (stopped !== null) throw new Error(stopped.message);
    return (await takeRequests(server.baseUrl)).map(({ at }) => at);
  } finally {
    server.stop();
  }
}

/** The most arrivals in any window of one second, wherever it begins. */
function busiestSecond(arrivals: readonly number[]): number {
  let [most, first] = [0, 0];
  for (const [last, at] of arrivals.entries()) {
    while (at - (arrivals[first] ?? at) >= windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

export const benchmark = defineSurvey<number>({
  about:
    'An import at a rate, seen from the server. Aim: at least 0.98 of what is allowed, and no second with more than that.',
  sizes: { full: 20, smoke: 1 },
  heads: ['allowed', 'requests', 'share used', 'busiest second', ''],
  async survey(seconds, folder) {
    const rows: (readonly string[])[] = [];
    for (const rate of rates) {
      const arrivals = await arrivalsAt(rate, seconds, folder);
      // The pause after the login is that of an import that prepares itself: nothing waits for the pace then.
      const ofCustomers = arrivals.slice(1);
      const spanMs = (ofCustomers.at(-1) ?? 0) - (ofCustomers[0] ?? 0);
      const share = ((ofCustomers.length - 1) * 1000) / spanMs / rate;
      const busiest = busiestSecond(arrivals);
      const verdict = `${busiest > rate ? 'more than allowed' : 'never more'}`;
      rows.push([`${rate}/s`, String(arrivals.length), share.toFixed(3), String(busiest), verdict]);
    }
    return rows;
  },
});
