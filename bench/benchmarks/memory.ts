import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineSurvey } from '#bench/harness/benchmark.js';
import { customerMapping, writeCustomersCsv } from '#bench/harness/customers-csv.js';
import { runCommandLine, unlimitedOptions } from '#bench/harness/run-command-line.js';
import { serveSandbox } from '#bench/harness/sandbox.js';
import { startSandbox } from '#src/sandbox/start-sandbox.js';

type Peaks = Readonly<Record<'check' | 'import' | 'export', number>>;

/** Sizes of one's own: MEMORY_ROWS=10000,300000 npm run bench -- memory */
const asked = process.env.MEMORY_ROWS?.split(',').map(Number);

/** The peaks of the three commands, in MiB, each in a process of its own and with a state folder of its own. */
async function peaksAt(rows: number, folder: string): Promise<Peaks> {
  mkdirSync(folder);
  await writeCustomersCsv(join(folder, 'customers.csv'), rows);
  writeFileSync(join(folder, 'mappings.json'), JSON.stringify(customerMapping));
  // Customers that were all made a moment ago would be an unquiet table, which no export can prove complete.
  const seeded = await startSandbox({ dataFile: join(folder, 'seeded.db') });
  await seeded.seed(rows);
  await seeded.close();
  return {
    check: (await runCommandLine(folder, ['check', 'customers.csv', '--quiet'])).peakMiB,
    export: await peakOnline(folder, 'seeded.db', ['export', 'all.csv', '--fields', 'all']),
    import: await peakOnline(folder, 'fresh.db', ['import', 'customers.csv']),
  };
}

/** Against a sandbox in a process of its own. */
async function peakOnline(folder: string, dataFile: string, args: readonly string[]): Promise<number> {
  const server = await serveSandbox(join(folder, dataFile));
  try {
    const online = [...unlimitedOptions(server.baseUrl), '--concurrency', '16'];
    return (await runCommandLine(folder, [...args, ...online, '--state-dir', `${dataFile}-state`])).peakMiB;
  } finally {
    server.stop();
  }
}

export const benchmark = defineSurvey<readonly number[]>({
  about:
    'Peak memory of check, import and export to CSV, by rows. Aim: flat, the largest at most 1.3 of the smallest, below 200 MB.',
  sizes: { full: [10_000, 100_000, 1_000_000], smoke: [100, 1_000] },
  heads: ['peak of', 'rows', 'MiB', 'of the smallest', ''],
  async survey(sizes, folder) {
    const peaks: (readonly [rows: number, Peaks])[] = [];
    for (const rows of asked ?? sizes) {
      const runFolder = join(folder, String(rows));
      peaks.push([rows, await peaksAt(rows, runFolder)]);
      // A million customers are gigabytes, with what two databases and a result file hold of them.
      rmSync(runFolder, { recursive: true });
    }
    return (['check', 'import', 'export'] as const).flatMap((command) => {
      const smallest = Math.min(...peaks.map(([, of]) => of[command]));
      return peaks.map(([rows, of]) => {
        const ratio = of[command] / smallest;
        return [command, rows.toLocaleString('en'), of[command].toFixed(0), ratio.toFixed(2), ''];
      });
    });
  },
});
