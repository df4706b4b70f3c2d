import { readdirSync } from 'node:fs';
import type { Benchmark, Survey } from './benchmark.js';

const folder = new URL('../benchmarks/', import.meta.url);

/** The names of all benchmarks: a file each. */
export function benchmarkNames(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -'.js'.length))
    .sort();
}

export async function loadBenchmark(name: string): Promise<Benchmark | Survey> {
  const { benchmark } = (await import(new URL(`${name}.js`, folder).href)) as {
    readonly benchmark: Benchmark | Survey;
  };
  return benchmark;
}

/** One whose contenders race. @throws when it is a survey */
export async function loadRace(name: string): Promise<Benchmark> {
  const benchmark = await loadBenchmark(name);
  if ('survey' in benchmark) throw new Error(`${name} has no contenders.`);
  return benchmark;
}
