import type { Benchmark, Survey } from './benchmark.js';

type Load = () => Promise<Benchmark | Survey>;

const importInto: (concurrency: number, latencyMs?: number) => Load = (concurrency, latencyMs) => async () =>
  (await import('#bench/benchmarks/import.js')).defineImportBenchmark(concurrency, latencyMs);

const loaders: Readonly<Record<string, Load>> = {
  calls: async () => (await import('#bench/benchmarks/calls.js')).benchmark,
  'csv-check': async () => (await import('#bench/benchmarks/csv-check.js')).benchmark,
  duplicates: async () => (await import('#bench/benchmarks/duplicates.js')).duplicates,
  'duplicates-accuracy': async () => (await import('#bench/benchmarks/duplicates.js')).duplicatesAccuracy,
  'export-csv': async () => (await import('#bench/benchmarks/export-csv.js')).benchmark,
  'import-4': importInto(4),
  'import-16': importInto(16),
  'import-16-5ms': importInto(16, 5),
  'import-16-50ms': importInto(16, 50),
  'import-64': importInto(64),
  memory: async () => (await import('#bench/benchmarks/memory.js')).benchmark,
  'rate-limit': async () => (await import('#bench/benchmarks/rate-limit.js')).benchmark,
  resume: async () => (await import('#bench/benchmarks/resume.js')).benchmark,
  start: async () => (await import('#bench/benchmarks/start.js')).benchmark,
  'xlsx-read': async () => (await import('#bench/benchmarks/xlsx-read.js')).xlsxRead,
  'xlsx-read-distinct': async () => (await import('#bench/benchmarks/xlsx-read.js')).xlsxReadDistinct,
  'xlsx-write': async () => (await import('#bench/benchmarks/xlsx-write.js')).benchmark,
};

export const benchmarkNames: readonly string[] = Object.keys(loaders);

/** @throws when there is no benchmark of this name */
export function loadBenchmark(name: string): Promise<Benchmark | Survey> {
  const load = loaders[name];
  if (load === undefined) throw new Error(`There is no benchmark "${name}".`);
  return load();
}

/** Loads a benchmark that compares contenders. @throws when it is a survey */
export async function loadComparison(name: string): Promise<Benchmark> {
  const benchmark = await loadBenchmark(name);
  if ('survey' in benchmark) throw new Error(`${name} has no contenders.`);
  return benchmark;
}
