import { defineConfig } from 'vitest/config';

/** Tests against real outside programs; `.ci/run` installs those first. */
export default defineConfig({
  // `#src/…` means the sources here, and what was built of them in the package.
  ssr: { resolve: { conditions: ['source', 'node', 'module', 'import', 'default'] } },
  test: { include: ['test/real/**/*.test.ts'], testTimeout: 120_000, fileParallelism: false },
});
