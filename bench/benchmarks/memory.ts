import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineSurvey } from '../harness/benchmark.js';
import { customerMapping, writeCustomersCsv } from '../harness/customers-csv.js';
import { runCommandLine } from '../harness/run-command-line.js';
import { serveSandbox } from '../harness/serve-sandbox.js';

type Peaks = Readonly<Record<'check' | 'import' | 'export', number>>;

/** Sizes of one's own: MEMORY_ROWS=10000,300000 npm run bench -- memory */
const asked = process.env.MEMORY_ROWS?.split(',').map(Number);

/** The peaks of the three commands, in MiB, each in a process of its own and with a state folder of its own. */
async function peaksAt(rows: number, folder: string): Promise<Peaks> {
  mkdirSync(folder);
  await writeCustomersCsv(join(folder, 'customers.csv'), rows);
  writeFileSync(join(folder, 'mappings.json'), JSON.stringify(customerMapping));
  const server = await serveSandbox(join(folder, 'customers.db'));
  try {
    const online = ['--base-url', server.baseUrl, '--rate', 'unlimited', '--concurrency', '16', '--quiet'];
    const peakOf = async (args: readonly string[]) => (await runCommandLine(folder, args)).peakMiB;
    return {
      check: await peakOf(['check', 'customers.csv', '--quiet']),
      import: await peakOf(['import', 'customers.csv', ...online, '--state-dir', 'import-state']),
      export: await peakOf(['export', 'all.csv', '--fields', 'all', ...online, '--state-dir', 'export-state']),
    };
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
    for (const rows of asked ?? sizes) peaks.push([rows, await peaksAt(rows, join(folder, String(rows)))]);
    return (['check', 'import', 'export'] as const).flatMap((command) => {
      const smallest = Math.min(...peaks.map(([, of]) => of[command]));
      return peaks.map(([rows, of]) => {
        const ratio = of[command] / smallest;
        return [command, rows.toLocaleString('en'), of[command].toFixed(0), ratio.toFixed(2), ''];
      });
    });
  },
});
