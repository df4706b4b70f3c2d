import { defineConfig } from 'vitest/config';

/** Tests against real outside programs; `.ci/run` installs those first. */
export default defineConfig({
  test: { include: ['test/real/**/*.test.ts'], testTimeout: 120_000, fileParallelism: false },
});
