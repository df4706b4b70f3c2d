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
async function recordArrivals(rate: number, seconds: number, folder: string): Promise<readonly number[]> {
  const workFolder = join(folder, String(rate));
  mkdirSync(workFolder);
  const [file, mapping] = [join(workFolder, 'customers.csv'), join(workFolder, 'mappings.json')];
  await writeCustomersCsv(file, rate * seconds);
  writeFileSync(mapping, JSON.stringify(customerMapping));
  const server = await serveSandbox(':memory:');
  try {
    const options = { mapping, baseUrl: server.baseUrl, stateDir: join(workFolder, 'state'), rate: String(rate) };
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
function countBusiestSecond(arrivals: readonly number[]): number {
  let [max, first] = [0, 0];
  for (const [last, at] of arrivals.entries()) {
    while (at - (arrivals[first] ?? at) >= windowMs) first += 1;
    max = Math.max(max, last - first + 1);
  }
  return max;
}

export const benchmark = defineSurvey<number>({
  about:
    'An import at a rate, seen from the server. Aim: at least 0.97 of the rate, and no second with more requests than it allows.',
  sizes: { full: 20, smoke: 1 },
  heads: ['allowed', 'requests', 'share used', 'busiest second', ''],
  async survey(seconds, folder) {
    const rows: (readonly string[])[] = [];
    for (const rate of rates) {
      const arrivals = await recordArrivals(rate, seconds, folder);
      // After the login the import prepares itself, and sends nothing.
      const writes = arrivals.slice(1);
      const spanMs = (writes.at(-1) ?? 0) - (writes[0] ?? 0);
      const share = ((writes.length - 1) * 1000) / spanMs / rate;
      const busiest = countBusiestSecond(arrivals);
      const result = busiest > rate ? 'more than allowed' : 'within the rate';
      rows.push([`${rate}/s`, String(arrivals.length), share.toFixed(3), String(busiest), result]);
    }
    return rows;
  },
});
