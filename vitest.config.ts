import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**', 'test/crash/seeds.test.ts'],
    testTimeout: 30_000,
    // Real servers and real processes share two cores: a few files at a time keeps them honest.
    maxWorkers: 2,
  },
});
