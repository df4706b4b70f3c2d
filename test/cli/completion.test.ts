import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { mainFile } from '#test/e2e/run-command-line.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

const place = useWorkplace();
const run = promisify(execFile);

/** What bash offers at the end of a line, by the script that the command prints. */
async function offered(line: string): Promise<readonly string[]> {
  const words = line.split(' ');
  const script = `
    eval "$(mypos-customers completion bash)"
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
    _mypos-customers_yargs_completions; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH: `${place.path('bin')}:${process.env.PATH}`, HOME: place.path('home') };
  const { stdout } = await run('bash', ['-c', script], { env });
  return stdout.split('\n').filter((word) => word !== '');
}

beforeEach(() => {
  mkdirSync(place.path('bin'));
  place.write('bin/mypos-customers', `#!/bin/sh\nexec '${process.execPath}' '${mainFile}' "$@"\n`);
  chmodSync(place.path('bin/mypos-customers'), 0o755);
});

describe('completion in bash', () => {
  it.each([
    ['mypos-customers im', ['import']],
    ['mypos-customers import --max', ['--max-failures']],
    ['mypos-customers import customers.csv --mode u', ['update', 'upsert']],
    ['mypos-customers init customers.csv --pilot s', ['sandbox']],
    ['mypos-customers runs s', ['show']],
    ['mypos-customers help rec', ['reconcile']],
    // Nothing of ours: then bash offers files.
    ['mypos-customers import ', []],
    ['mypos-customers import --mapping m', []],
  ])('of "%s" offers %j', async (line, expected) => {
    expect(await offered(line)).toEqual(expected);
  });
});

it.each(['bash', 'zsh', 'fish'])('prints a script for %s, whatever the shell is now', async (shell) => {
  const { stdout } = await place.run(['completion', shell], { env: { SHELL: '/bin/sh' } });
  expect(stdout).toContain({ bash: 'COMPREPLY', zsh: 'compdef', fish: 'complete -f -c' }[shell]);
});
