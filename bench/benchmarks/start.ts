import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineSurvey } from '#bench/harness/benchmark.js';
import { customerMapping, writeCustomersCsv } from '#bench/harness/customers-csv.js';
import { median } from '#bench/harness/report.js';
import { mainFile } from '#bench/harness/run-command-line.js';

/** What Node itself needs, what it needs with the parser of command lines, and what ours adds to that. */
const starts = {
  'node -e 0': ['-e', '0'],
  'node, yargs loaded': ['--input-type=module', '-e', `import ${JSON.stringify(import.meta.resolve('yargs'))}`],
  '--help': [mainFile, '--help'],
  'check of ten rows': [mainFile, 'check', 'customers.csv', '--quiet'],
} as const;

const rowsChecked = 10;

function measureMs(cwd: string, args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - start;
}

export const benchmark = defineSurvey<number>({
  about: 'From start to end of a process, beside `node -e 0`. Aim: help within 2 × of it.',
  sizes: { full: 25, smoke: 1 },
  heads: ['', 'median', 'of node -e 0', 'fastest', 'of node -e 0', ''],
  async survey(rounds, folder) {
    await writeCustomersCsv(join(folder, 'customers.csv'), rowsChecked);
    writeFileSync(join(folder, 'mappings.json'), JSON.stringify(customerMapping));
    const names = Object.keys(starts) as (keyof typeof starts)[];
    const seen = names.map((name) => ({ name, ms: [] as number[] }));
    // They take turns, so that whatever else the machine does meets all of them.
    for (let round = 0; round < rounds; round += 1)
      for (const { name, ms } of seen) ms.push(measureMs(folder, starts[name]));
    const bare = seen[0]?.ms ?? [];
    return seen.map(({ name, ms }) => {
      const ratios = [median(ms) / median(bare), Math.min(...ms) / Math.min(...bare)].map((ratio) => ratio.toFixed(2));
      const [ofMedian = '', ofFastest = ''] = ratios;
      return [name, `${median(ms).toFixed(0)} ms`, ofMedian, `${Math.min(...ms).toFixed(0)} ms`, ofFastest, ''];
    });
  },
});
