import { loadComparison } from './load-benchmark.js';
import { peakMiB } from './peak-memory.js';

/** Runs one contender, or prepares the input of all, and prints the measurement or the input as JSON. */
const [name = '', task = '', argument = ''] = process.argv.slice(2);
const benchmark = await loadComparison(name);
if (task === '--prepare') {
  const { size, folder } = JSON.parse(argument) as { readonly size: unknown; readonly folder: string };
  console.log(JSON.stringify((await benchmark.prepare(size, folder)) ?? null));
} else {
  const contender = benchmark.contenders[task];
  if (contender === undefined || !('run' in contender)) throw new Error(`${name} has no contender ${task} to run.`);
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const work = await contender.run(JSON.parse(argument));
  const seconds = work.seconds ?? (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuSeconds = (user + system) / 1e6;
  console.log(JSON.stringify({ count: work.count, seconds, cpuSeconds, peakMiB: peakMiB() }));
}
