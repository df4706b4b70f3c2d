import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchmarkNames, loadBenchmark } from './harness/load-benchmark.js';
import { report } from './harness/report.js';
import { runBenchmark, runSurvey } from './harness/run-benchmark.js';

const usage = `npm run bench -- <name …|all> [--smoke] [--rounds <n>] [--only <contender>]
  --smoke    small sizes, one round: only shows that the benchmarks work
  --rounds   how often each contender is measured (default 3)
  --only     this contender and the reference; may be given several times`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
});

const wanted = positionals.includes('all') ? benchmarkNames : positionals;
const unknown = wanted.filter((name) => !benchmarkNames.includes(name));
if (wanted.length === 0 || unknown.length > 0) {
  for (const name of unknown) console.error(`There is no benchmark "${name}".`);
  console.log(usage);
  for (const name of benchmarkNames) console.log(`\n${name}: ${(await loadBenchmark(name)).about}`);
  process.exitCode = unknown.length > 0 ? 2 : 0;
} else {
  const rounds = Number(values.rounds ?? (values.smoke ? 1 : 3));
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, median of ${rounds} rounds\n`);
  for (const name of wanted) {
    const benchmark = await loadBenchmark(name);
    console.log(`${name}: ${benchmark.about}`);
    const choice = { size: values.smoke ? 'smoke' : 'full', rounds } as const;
    if ('survey' in benchmark) {
      console.log(`${await runSurvey(benchmark, choice.size)}\n`);
      continue;
    }
    const results = await runBenchmark(name, values.only === undefined ? choice : { ...choice, only: values.only });
    console.log(`${report(benchmark, results)}\n`);
  }
}
