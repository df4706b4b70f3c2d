import { defineConfig } from 'vitest/config';

/** Imports that are killed at random and resumed; `CRASH_SEEDS=1-1000` chooses which. */
export default defineConfig({
  // `#src/…` means the sources here, and what was built of them in the package.
  ssr: { resolve: { conditions: ['source', 'node', 'module', 'import', 'default'] } },
  test: {
    include: ['test/crash/seeds.test.ts'],
    testTimeout: 120_000,
    // Each at once has a sandbox of its own.
    maxConcurrency: 3,
  },
});
