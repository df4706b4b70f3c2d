import { defineConfig } from 'vitest/config';

export default defineConfig({
  // `#src/…` means the sources here, and what was built of them in the package.
  ssr: { resolve: { conditions: ['source', 'node', 'module', 'import', 'default'] } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**', 'test/crash/seeds.test.ts'],
    // Waits until a row in doubt can be settled take no time.
    setupFiles: ['test/clock/skip-waits.mjs'],
    testTimeout: 120_000,
    // Real servers and real processes share two cores: a few files at a time keeps them honest.
    maxWorkers: 2,
  },
});
