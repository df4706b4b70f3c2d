import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { customerFile, customerLines, fast, keyedMapping } from '#test/e2e/customer-files.js';
import { type Finished, mainFile } from '#test/e2e/run-command-line.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

/** Needs root, and setpriv (util-linux): one user runs the program, and another may write to the drop folder. */
const service = 41_001;
const dropper = 41_002;
const shared = 41_003;

const place = useWorkplace();

beforeEach(() => {
  if (process.getuid?.() !== 0) throw new Error('These tests need root: they act as two users, by setpriv.');
  mkdirSync(place.path('drop'));
  mkdirSync(place.path('state'));
  place.write('mappings.json', JSON.stringify(keyedMapping));
  for (const name of ['.', 'home', 'state']) chownSync(place.path(name), service, service);
  chownSync(place.path('drop'), service, shared);
  chmodSync(place.path('drop'), 0o2775);
  chmodSync(place.path('.'), 0o711);
});

const asUser = (user: number, ...command: readonly string[]) => [
  ...[`--reuid=${user}`, `--regid=${user}`, `--groups=${shared}`, '--'],
  ...command,
];

/** What the dropper does, as a script of the shell in the drop folder. */
function drop(script: string): void {
  const command = asUser(dropper, 'bash', '--norc', '-c', `umask 002; ${script}`);
  execFileSync('setpriv', command, { cwd: place.path('drop'), env: { PATH: process.env.PATH ?? '' } });
}

/** A sweep by the service. */
function sweep(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  const options = ['--quiet-for', '0.05', '--settle', '0', '--state-dir', place.path('state'), ...fast, ...args];
  const command = asUser(service, process.execPath, mainFile, 'sweep', 'drop', ...options);
  return new Promise((done) => {
    execFile(
      'setpriv',
      [...command],
      {
        cwd: place.path('.'),
        env: { PATH: process.env.PATH ?? '', ...place.environment(), ...env },
        maxBuffer: 1 << 26,
      },
      (error, stdout, stderr) =>
        done({ exitCode: error === null ? 0 : Number(error.code), killedBy: null, stdout, stderr }),
    );
  });
}

const readAs = (user: number, path: string) => spawnSync('setpriv', asUser(user, 'cat', path)).status === 0;

describe('somebody who may write to the drop folder', () => {
  it('gets no file of the service by a planted claim', async () => {
    await place.openApi();
    await sweep();
    // As with the umask 002 of a share.
    chmodSync(place.path('drop/processing'), 0o2775);
    const secret = place.write('secret', 'hunter2');
    chownSync(secret, service, service);
    chmodSync(secret, 0o600);
    const id = '20260101-000000-0badc0de';
    const moves = [
      { product: 'input', from: join(...Array<string>(3).fill('..'), 'secret'), to: place.path('drop/stolen') },
    ];
    const record = {
      version: 1,
      file: 'a.csv',
      job: 'default',
      identity: '',
      attempts: 1,
      plan: { shelf: 'done', moves },
    };
    drop(`mkdir -p processing/${id} && cat > processing/${id}/.claim.json <<'END'\n${JSON.stringify(record)}\nEND`);
    drop(`cat > good.csv <<'END'\n${customerFile(customerLines(2))}END`);
    const { exitCode, stderr } = await sweep();
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('is not a claim of this program')]);
    expect([existsSync(secret), existsSync(place.path('drop/stolen'))]).toEqual([true, false]);
    expect(readdirSync(place.path('drop/done'), { recursive: true })).toContainEqual(
      expect.stringMatching(/good\.csv$/),
    );
  });

  it('stops no sweep by ten thousand folders, odd names, pipes and links', async () => {
    const api = await place.openApi();
    drop(`mkdir processing && cd processing && mkdir {00000..09999} && mkdir $'\\e]0;x\\a' ' ' -- -rf $'\\xff' && mkfifo pipe
      ln -s /etc etc && mkdir 20260101-000000-00000000 && mkfifo 20260101-000000-00000000/.claim.json
      mkfifo 20260101-000000-00000000/.claim.txt ../.mypos-customers-inbox.json ../pipe.csv`);
    drop(`cat > good.csv <<'END'\n${customerFile(customerLines(2))}END`);
    const { exitCode, stderr } = await sweep();
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('more entries that this program did not make')]);
    expect(api.customers()).toHaveLength(2);
    execFileSync('rm', ['-rf', place.path('drop')]);
  });

  it('can read the results and rejects of a file, and nobody else can who could not read the file', async () => {
    await place.openApi();
    drop(`umask 007; cat > a.csv <<'END'\n${customerFile(customerLines(1))}C-9,Bad,0800,b@example.com,much\nEND`);
    expect((await sweep()).exitCode).toBe(4);
    const done = place.path('drop/done');
    const files = readdirSync(done, { recursive: true, encoding: 'utf8' }).filter((name) => /\.re\w+\.csv$/.test(name));
    expect(files).toHaveLength(2);
    for (const name of files) {
      expect(readAs(dropper, join(done, name)), name).toBe(true);
      expect(statSync(join(done, name)).mode & 0o007, name).toBe(0);
    }
  });
});

describe('a configuration file in the working folder', () => {
  const hook = () => ({ jobs: { x: { mapping: 'mappings.json', onSuccess: ['touch', place.path('state/ran')] } } });

  it.each<[string, number, number, number]>([
    ['of another user', dropper, 0o644, 2],
    ['that everybody can write', service, 0o666, 2],
    ['of root', 0, 0o644, 0],
    ['of this user that its group can write', service, 0o664, 0],
  ])('%s', async (_, owner, mode, exitCode) => {
    await place.openApi();
    const path = place.write('mypos-customers.json', JSON.stringify(hook()));
    chownSync(path, owner, service);
    chmodSync(path, mode);
    drop(`cat > a.csv <<'END'\n${customerFile(customerLines(1))}END`);
    const done = await sweep();
    expect([done.exitCode, existsSync(place.path('state/ran'))], done.stderr).toEqual([exitCode, exitCode === 0]);
    if (exitCode === 2) expect(done.stderr).toMatch(/CONFIG_NOT_OURS.*\n.*(?:chown|chmod o-w)/);
    expect(readFileSync(path, 'utf8')).toContain('onSuccess');
  });
});
