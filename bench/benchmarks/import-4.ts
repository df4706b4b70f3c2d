import { defineImportBenchmark } from '#bench/harness/import-benchmark.js';

export const benchmark = defineImportBenchmark(4);
