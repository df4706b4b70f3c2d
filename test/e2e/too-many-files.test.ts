import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

/** Opens files until no more are allowed, and then runs a command. */
const script = `
  import { openSync } from 'node:fs';
  const { runCli } = await import(process.argv[1]);
  try { for (;;) openSync('/dev/null', 'r'); } catch {}
  process.exitCode = await runCli(['list', '--sandbox']);
`;

it.skipIf(process.platform === 'win32')('a command that may not open any more files says so', () => {
  const url = pathToFileURL(resolve('dist/src/cli/run-cli.js')).href;
  const command = 'ulimit -n 200; exec "$0" --input-type=module -e "$1" "$2"';
  let failure: { status?: number; stderr?: string } = {};
  try {
    execFileSync('bash', ['-c', command, process.execPath, script, url], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    failure = error as typeof failure;
  }
  expect(failure.stderr).toContain('Too many files are open');
  expect(failure.stderr).toContain('ulimit -n');
  expect(failure.status).toBe(5);
});
