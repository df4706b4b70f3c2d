import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { customerFile, keyedMapping, writeCustomers, writeMapping } from '#test/e2e/customer-files.js';
import { mainFile } from '#test/e2e/run-command-line.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { runInTerminal } from '#test/terminal/run-in-terminal.js';

const place = useWorkplace();

describe('help', () => {
  it.each([[['help', 'import']], [['import', '--help']]])('%j shows options and examples', async (args) => {
    const { stdout, exitCode } = await place.run(args);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/--max-failures.*Examples:.*mypos-customers import customers\.csv/s);
  });

  it.each([[['help']], [['--help']]])('%j lists the commands', async (args) => {
    expect((await place.run(args)).stdout).toMatch(/import \[file\.\.\].*help \[command\]/s);
  });

  it('names the nearest command for one that there is not', async () => {
    const { stderr, exitCode } = await place.run(['help', 'imprt']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('did you mean "import"?');
  });
});

it.each([60, 80, 95, 140])('help fits a terminal of %i columns', async (columns) => {
  const cwd = place.path('.');
  const { text } = await runInTerminal({ args: ['import', '--help'], cwd, env: place.environment(), columns });
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(columns);
});

it('speaks English whatever the language of the machine is', async () => {
  const env = { LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8' };
  const { stdout } = await place.run(['import', '--help'], { env });
  expect(stdout).toMatch(/Options:.*Examples:/s);
  const { stderr, exitCode } = await place.run(['check'], { env });
  expect(stderr).toContain('No input file given. Usage: mypos-customers check <file>');
  expect(exitCode).toBe(2);
});

it.each([['--version'], ['-V'], ['version']])('knows its version: %s', async (word) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
  expect(await place.run([word])).toMatchObject({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

it('prints its help, and that is no error, when no command is given', async () => {
  const { stdout, stderr, exitCode } = await place.run([]);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toBe((await place.run(['--help'])).stdout);
});

it('offers what -v may have meant', async () => {
  expect((await place.run(['check', 'a.csv', '-v'])).stderr).toContain('did you mean -V (the version) or --verbose?');
});

describe('quiet', () => {
  it('prints nothing when all is well', async () => {
    await place.openApi();
    writeCustomers(place, 2);
    const commands = [
      ...[['check'], ['plan'], ['compare'], ['import', '--report', 'report.html']].map((words) => [
        ...words,
        'customers.csv',
      ]),
      ...[['resume'], ['export', 'all.csv'], ['mirror', 'refresh'], ['login'], ['mapping', 'check']],
    ];
    for (const words of commands)
      expect([words, await place.run([...words, '-q', '--rate', 'unlimited'])]).toMatchObject([
        words,
        { exitCode: 0, stdout: '', stderr: '' },
      ]);
  });

  it('prints what went wrong, and the data that was asked for', async () => {
    await place.openApi();
    writeCustomers(place, 1, { ...keyedMapping, key: { column: 'Nr' } });
    expect((await place.run(['import', 'customers.csv', '-q'])).stderr).toContain('"Nr"');
    place.write('customers.csv', customerFile(['C-1,Anna,0801,nobody,1']));
    writeMapping(place, keyedMapping);
    expect((await place.run(['import', 'customers.csv', '-q'])).stdout).toContain('1 invalid');
    expect((await place.run(['runs', '-q'])).stdout).toContain('customers.csv');
  });
});

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
