import { execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeOrder, sumExitCodes } from '#src/app/sweep/summary.js';
import { exitCodes } from '#src/errors.js';
import { type Kill, killAt } from '#test/crash/kill-at.js';
import { type DropFolder, dropFolder, quick } from '#test/inbox/drop-folder.js';
import { doneMonth } from '#test/inbox/use-inbox.js';
import { saveLater } from './customer-files.js';
import { type Finished, mainFile } from './run-command-line.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const docs = readFileSync('docs/nightly-folder.md', 'utf8');

function readBlock(language: string): string {
  return new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(docs)?.[1]?.trim() ?? '';
}

describe('a night of ten files', () => {
  it('is imported by the one crontab line of the docs, with no other set-up', async () => {
    const folder = await dropFolder(place);
    for (let number = 1; number <= 10; number += 1) folder.drop(`customers-${number}.csv`, 3 * number - 2, 3);
    const line = readBlock('crontab').replace(/^(?:\S+ ){5}/, '');
    place.write('password', `${folder.api.password}\n`);
    const bin = place.path('bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'mypos-customers'), `#!/bin/sh\nexec '${process.execPath}' '${mainFile}' "$@"\n`);
    chmodSync(join(bin, 'mypos-customers'), 0o755);
    const command = line
      .replace('/usr/local/bin', bin)
      .replace('api-user@example.com', folder.api.username)
      .replace('/etc/mypos-customers/password', place.path('password'))
      .replace('/etc/mypos-customers/mappings.json', place.path('mappings.json'))
      .replace('/srv/drop', place.path('drop'));
    const { code, output } = await asCron(`MYPOS_CONNECT_BASE_URL=${folder.api.baseUrl} ${command} --rate unlimited`);
    expect([code, output]).toEqual([0, '']);
    folder.expectCustomers(30);
    expect(folder.files()).toHaveLength(20);
    expect(folder.files().every((name) => name.startsWith(doneMonth()))).toBe(true);
  });
});

/** As cron does: a shell, hardly any environment, and the home folder to work in. */
function asCron(line: string): Promise<{ code: number | null; output: string }> {
  return new Promise((done) => {
    const child = spawn('/bin/sh', ['-c', line], {
      cwd: place.path('home'),
      env: { HOME: place.path('home'), LOGNAME: 'mypos', PATH: '/usr/bin:/bin', SHELL: '/bin/sh' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += String(chunk);
      });
    child.on('close', (code) => done({ code, output }));
  });
}

/** Root may read everything, so these tests give their rights away. */
function asNobody(args: readonly string[]): Promise<Omit<Finished, 'killedBy'>> {
  const nobody = 65_534;
  const isRoot = process.getuid?.() === 0;
  mkdirSync(place.path('state'));
  if (isRoot) for (const name of ['.', 'drop', 'state', 'drop/.keep']) chownSync(place.path(name), nobody, nobody);
  return new Promise((done) => {
    execFile(
      process.execPath,
      [mainFile, ...args],
      {
        cwd: place.path('.'),
        env: {
          ...place.environment(),
        },
        ...(isRoot ? { uid: nobody, gid: nobody } : {}),
      },
      (error, stdout, stderr) => done({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe('sweep', () => {
  it('prints one JSON document, with each file, where it is now, and sums', async () => {
    const folder = await dropFolder(place);
    folder.drop('a.csv', 1, 2);
    place.write('drop/bad.csv', 'Foo\n1\n');
    const summary = await folder.sweepJson();
    expect(summary).toMatchObject({ command: 'sweep', folder: place.path('drop'), exitCode: 2, dryRun: false });
    expect(summary.files).toMatchObject([
      { file: 'a.csv', job: 'default', outcome: 'done', exitCode: 0, counts: { created: 2 }, reason: null },
      { file: 'bad.csv', outcome: 'failed', exitCode: 2, run: null, reason: { code: expect.any(String) } },
    ]);
    expect(existsSync(summary.files[0]?.files.results ?? '')).toBe(true);
    expect([summary.outcomes.done, summary.outcomes.failed, summary.counts.created]).toEqual([1, 1, 2]);
  });

  it('ends at once with exit code 75 and without output when another process sweeps the folder', async () => {
    const folder = await dropFolder(place);
    // Long enough for the second to begin while the first is at work, however busy the machine is.
    folder.drop('a.csv', 1, 30);
    const first = place.start(['sweep', 'drop', '--rate', '4', '--quiet-for', '0.05']);
    await first.saw('a.csv: run');
    const { exitCode, stdout, stderr } = await folder.sweep();
    expect([exitCode, stdout, stderr]).toEqual([75, '', '']);
    first.signal('SIGSTOP');
    expect((await folder.sweep()).exitCode).toBe(75);
    first.signal('SIGCONT');
    expect((await first.finished).exitCode).toBe(0);
    folder.expectCustomers(30);
  });

  it('refuses a link in the place of processing/', async () => {
    const folder = await dropFolder(place);
    symlinkSync(place.path('.'), place.path('drop/processing'));
    folder.drop('a.csv', 1, 2);
    const { exitCode, stderr } = await folder.sweep();
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('drop/processing is a link')]);
    expect(existsSync(place.path('drop/a.csv'))).toBe(true);
    expect(folder.api.customers()).toEqual([]);
  });

  it('logs one JSON object a line', async () => {
    const folder = await dropFolder(place);
    folder.drop('a.csv', 1, 2);
    const { stderr } = await folder.sweep(['--log-format', 'json']);
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['sweep-started', 'file-claimed', 'run-started', 'file-done', 'sweep-ended']),
    );
    expect(lines.every(({ time, level, message }) => time !== undefined && level !== undefined && message !== '')).toBe(
      true,
    );
    expect(stderr).not.toContain('Customer 0001');
  });

  it('logs to a file, and errors also to standard error, for cron to send', async () => {
    const folder = await dropFolder(place);
    place.write('drop/bad.csv', 'Foo\n1\n');
    const { stderr } = await folder.sweep(['--log-file', 'sweep.log', '--quiet']);
    expect(stderr).toMatch(/^Error: bad\.csv has failed/);
    expect(place.read('sweep.log')).toMatch(/^\S+ info {2}file-claimed: bad\.csv/m);
  });

  it('whose log can no longer be written continues, and logs to standard error', async () => {
    const folder = await dropFolder(place);
    folder.drop('a.csv', 1, 6);
    mkdirSync(place.path('logs'));
    const running = place.start([
      'sweep',
      'drop',
      '--rate',
      '10',
      '--quiet-for',
      '0.05',
      '--log-file',
      'logs/sweep.log',
    ]);
    while (folder.api.customers().length < 2) await new Promise((done) => setTimeout(done, 20));
    rmSync(place.path('logs'), { recursive: true });
    const { exitCode, stderr } = await running.finished;
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('a.csv is done')]);
    folder.expectCustomers(6);
  });

  it('leaves what this user may not read (EACCES), and takes the rest', async () => {
    const folder = await dropFolder(place);
    folder.drop('locked.csv', 1, 2);
    folder.drop('open.csv', 1, 2);
    chmodSync(place.path('drop/locked.csv'), 0o000);
    const { exitCode, stdout, stderr } = await asNobody(['sweep', 'drop', ...quick, '--json', '--state-dir', 'state']);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout).files).toMatchObject([
      { file: 'locked.csv', outcome: 'waits', reason: { message: expect.stringContaining('not allowed') } },
      { file: 'open.csv', outcome: 'done' },
    ]);
    expect(folder.files()).toContain('locked.csv');
    folder.expectCustomers(2);
  });

  it.each([
    [['sweep', 'nowhere'], 3, 'mounted'],
    [['sweep'], 2, 'Missing argument. Usage: mypos-customers sweep <folder>'],
    [['sweep', 'drop', '--keep-days', 'many'], 2, '--keep-days 90'],
    [['sweep', 'drop', '--log-file', 'no/such/folder.log'], 2, 'no/such/folder.log'],
    [['run', 'nightyl'], 2, 'mypos-customers.json'],
  ])('of %j ends with %i and says what to do', async (args, code, text) => {
    await dropFolder(place);
    const { exitCode, stderr } = await place.run(args);
    expect(exitCode, stderr).toBe(code);
    expect(stderr).toContain(text);
  });
});

describe('the jobs of the docs', () => {
  it('take each file by its name, and one of them can be run by its own name', async () => {
    const folder = await dropFolder(place);
    const config = readBlock('json')
      .replace('/srv/drop', place.path('drop'))
      .replace('/srv/results', place.path('results'))
      .replace('"webhookFile": "webhook-address"', '"quietSeconds": 0.05')
      .replace('"/usr/local/bin/tell-the-office", "customers"', '"true"');
    place.write('mypos-customers.json', config);
    mkdirSync(place.path('results'));
    folder.drop('new-1.csv', 1, 2);
    folder.drop('old.csv', 3, 2);
    const run = await place.run(['run', 'everything-else', ...quick, '--json']);
    expect(JSON.parse(run.stdout), run.stderr).toMatchObject({ command: 'run', exitCode: 0 });
    expect(existsSync(place.path('results/old.results.csv'))).toBe(true);
    // It belongs to the first job that takes its name, which waits for its done-file.
    expect(existsSync(place.path('drop/new-1.csv'))).toBe(true);
    place.write('drop/new-1.csv.done', '');
    expect((await folder.sweepJson()).files).toMatchObject([
      { file: 'new-1.csv', job: 'new-customers', outcome: 'done' },
    ]);
    folder.expectCustomers(4);
  });
});

describe('watch', () => {
  it('imports files as they arrive, survives a missing folder and a rotated log, and ends with success on SIGTERM', async () => {
    const folder = await dropFolder(place);
    const log = () => (existsSync(place.path('watch.log')) ? place.read('watch.log') : '');
    const until = async (text: string) => {
      while (!log().includes(text)) await new Promise((done) => setTimeout(done, 30));
    };
    const watching = place.start(['watch', 'drop', ...quick, '--every', '0.05', '--log-file', 'watch.log', '--json']);
    await until('sweep-started');
    folder.drop('a.csv', 1, 2);
    await until('a.csv is done');
    renameSync(place.path('watch.log'), place.path('watch.log.1'));
    renameSync(place.path('drop'), place.path('away'));
    await until('folder-unusable');
    renameSync(place.path('away'), place.path('drop'));
    folder.drop('b.csv', 3, 2);
    await until('b.csv is done');
    watching.signal('SIGTERM');
    const { exitCode, stdout } = await watching.finished;
    expect(exitCode).toBe(143);
    expect(JSON.parse(stdout)).toMatchObject({ command: 'watch', outcomes: { done: 2 }, counts: { created: 4 } });
    folder.expectCustomers(4);
  });
});

describe('the exit code of several files', () => {
  it.each([
    [[], 0],
    [[0, 75], 75],
    [[75, 4, 0], 4],
    [[4, 3, 2], 2],
    [[2, 8, 7], 7],
    [[5, 7, 6, 3], 6],
    [[1, 6], 1],
  ] as const)('%j is %i', (codes, sum) => {
    expect(sumExitCodes(codes)).toBe(sum);
  });

  it('is documented in the same order', () => {
    const section = docs.slice(docs.indexOf('## Exit codes'));
    const listed = [...section.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes = '']) =>
      codes.split(', ').map(Number),
    );
    expect(listed).toEqual([...exitCodeOrder, exitCodes.done]);
    expect(new Set(listed)).toEqual(new Set(Object.values(exitCodes)));
  });
});

it('the units for systemd name options that exist', async () => {
  for (const unit of ['sweep', 'watch']) {
    const text = readFileSync(resolve(`docs/systemd/mypos-customers-${unit}.service`), 'utf8');
    const line = /^ExecStart=\S+ (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
    const args = line.map((word) => word.replace('/srv/drop', 'nowhere').replace('%S', place.path('state')));
    const running = place.start(args);
    if (unit === 'watch') {
      await running.saw('folder-unusable');
      running.signal('SIGTERM');
    }
    expect((await running.finished).exitCode).toBe(unit === 'watch' ? 143 : 3);
  }
});

function sweepUntil(folder: DropFolder, moment: Kill) {
  return folder.sweep([], { env: killAt(moment) });
}

function everythingDone(files: number): readonly string[] {
  return Array.from({ length: files }, (_, index) => `${doneMonth()}/file-${index + 1}`).flatMap((stem) => [
    `${stem}.csv`,
    `${stem}.results.csv`,
  ]);
}

describe('a sweep that is killed', () => {
  it.each<Kill>([
    'after-claim-note:1',
    'after-claim:2',
    'after-intent:2',
    'after-answer:2',
    'during-outcome-commit:5',
    'during-result-file:1',
    'before-archive:1',
    'during-archive:1',
    'during-archive:2',
    'after-archive:1',
  ])('at %s and swept again has imported each file exactly once', async (moment) => {
    const folder = await dropFolder(place);
    for (const number of [1, 2]) folder.drop(`file-${number}.csv`, 3 * number - 2, 3);
    expect((await sweepUntil(folder, moment)).killedBy).toBe('SIGKILL');
    await saveLater(folder.api);
    const { exitCode, stderr } = await folder.sweep();
    expect(exitCode, stderr).toBe(0);
    folder.expectCustomers(6);
    expect(folder.files()).toEqual(everythingDone(2));
  });

  it('at random moments, again and again, has imported each file exactly once', async () => {
    const folder = await dropFolder(place);
    for (const number of [1, 2, 3]) folder.drop(`file-${number}.csv`, 6 * number - 5, 6);
    const seed = Date.now() % 1000;
    for (let round = 0; round < 5; round += 1) {
      const moment = 2 + ((seed * 7 + round * 13) % 19);
      const { killedBy, exitCode } = await sweepUntil(folder, `any:${moment}`);
      expect(killedBy ?? exitCode, `seed ${seed}, round ${round}`).toSatisfy(
        (end: unknown) => end === 'SIGKILL' || end === 0,
      );
    }
    await saveLater(folder.api);
    const { exitCode, stderr } = await folder.sweep();
    expect(exitCode, `seed ${seed}: ${stderr}`).toBe(0);
    folder.expectCustomers(18);
    expect(folder.files()).toEqual(everythingDone(3));
  });
});
