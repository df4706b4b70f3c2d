import { readdirSync } from 'node:fs';
import type { Benchmark } from './benchmark.js';

const folder = new URL('../benchmarks/', import.meta.url);

/** The names of all benchmarks: a file each. */
export function benchmarkNames(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -'.js'.length))
    .sort();
}

export async function loadBenchmark(name: string): Promise<Benchmark> {
  const { benchmark } = (await import(new URL(`${name}.js`, folder).href)) as { readonly benchmark: Benchmark };
  return benchmark;
}
