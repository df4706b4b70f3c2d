import { defineConfig } from 'vitest/config';

/** Ten thousand spoilt files of each kind, and answers of the API, where `npm test` reads a few hundred. */
export default defineConfig({
  // `#src/…` means the sources here, and what was built of them in the package.
  ssr: { resolve: { conditions: ['source', 'node', 'module', 'import', 'default'] } },
  test: {
    include: [
      'test/api/fuzz.test.ts',
      'test/files/open-row-source.test.ts',
      'test/files/xlsx/read/fuzz.test.ts',
      'test/files/xlsx/read/fast-parser.test.ts',
    ],
    env: { FUZZ_RUNS: process.env.FUZZ_RUNS ?? '10000' },
    fileParallelism: false,
    testTimeout: 600_000,
    // Some ten thousand files are removed at the end.
    hookTimeout: 120_000,
  },
});
