import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prune } from '#src/inbox/archive.js';
import { buildLines, doneMonth, useInbox } from './use-inbox.js';

const inbox = useInbox();
const id = '20260101-000000-0badc0de';
const inDrop = (name: string) => join(inbox.path(), name);
const month = () => doneMonth().slice('done/'.length);

/** What whoever may write to the drop folder can put there. */
function plantClaim(record: unknown): string {
  const folder = inDrop(`processing/${id}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '.claim.json'), JSON.stringify(record));
  return folder;
}

describe('a planted claim', () => {
  it('moves no file of this user anywhere', async () => {
    await inbox.sweep();
    const secret = inbox.drop('../secret', 'a password');
    const inWorkingFolder = inbox.path('mypos-customers.json');
    const machine = inbox.path('state/inbox/machine');
    const record = {
      ...{ version: 1, file: 'a.csv', job: 'default', identity: '', firstSeenMs: 1, attempts: 1 },
      machine: existsSync(machine) ? readFileSync(machine, 'utf8').trim() : '',
      plan: {
        shelf: 'done',
        moves: [
          { product: 'input', from: '../../../secret', to: inDrop('stolen') },
          { product: 'other', from: 'config', to: inWorkingFolder },
        ],
      },
    };
    writeFileSync(join(plantClaim(record), 'config'), '{}');
    inbox.drop('b.csv', buildLines(1, 2));
    const { exitCode, files } = await inbox.sweep();
    expect([existsSync(secret), existsSync(inDrop('stolen')), existsSync(inWorkingFolder)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(exitCode).toBe(3);
    expect(files).toMatchObject([
      { file: `processing/${id}`, outcome: 'kept', reason: { code: 'CLAIM_UNKNOWN' } },
      { file: 'b.csv', outcome: 'done' },
    ]);
  });

  it.each<[string, (path: string) => void]>([
    ['null', (path) => writeFileSync(path, 'null')],
    ['no JSON', (path) => writeFileSync(path, '{')],
    ['a folder', (path) => mkdirSync(path)],
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
    ['a link to a device', (path) => symlinkSync('/dev/zero', path)],
  ])('that is %s is reported, and stops nobody', async (_, plant) => {
    for (const name of ['.claim.json', '.claim.txt']) {
      rmSync(inDrop(`processing/${id}`), { recursive: true, force: true });
      mkdirSync(inDrop(`processing/${id}`), { recursive: true });
      plant(inDrop(`processing/${id}/${name}`));
    }
    inbox.drop('a.csv', buildLines(1, 2));
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'done' });
  });

  it('a thousand times, with odd names between, is a report, and files are imported', async () => {
    for (let number = 0; number < 1000; number += 1)
      mkdirSync(inDrop(`processing/20260101-000000-${number.toString(16).padStart(8, '0')}`), { recursive: true });
    for (const name of ['\u001b]0;title\u0007', '\n', ' ', '-rf', '__proto__', 'con', 'x'.repeat(255)])
      mkdirSync(inDrop(`processing/${name}`));
    execFileSync('mkfifo', [inDrop('processing/pipe'), inDrop('pipe.csv')]);
    symlinkSync('/etc', inDrop('processing/link'));
    execFileSync('bash', ['-c', `mkdir $'\\xff\\xfe'; : > $'\\xff.csv'`], { cwd: inDrop('processing') });
    inbox.drop('a.csv', buildLines(1, 2));
    const { exitCode, files } = await inbox.sweep();
    expect(exitCode).toBe(3);
    expect(files.filter(({ outcome }) => outcome === 'done')).toMatchObject([{ file: 'a.csv' }]);
    expect(files.filter(({ reason }) => reason?.code === 'CLAIM_UNKNOWN').length).toBeGreaterThan(1);
    for (const { message } of inbox.log) expect(message).not.toMatch(/\p{Cc}/u);
  });
});

describe('a marker', () => {
  const marker = () => inDrop('.mypos-customers-inbox.json');

  it.each<[string, (path: string) => void]>([
    ['null', (path) => writeFileSync(path, 'null')],
    ['no JSON', (path) => writeFileSync(path, '{')],
    ['a folder', (path) => mkdirSync(join(path, 'inside'), { recursive: true })],
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
    ['a link', (path) => symlinkSync('/dev/zero', path)],
  ])('that somebody has made %s stops no sweep, and is told of', async (_, plant) => {
    await inbox.sweep();
    rmSync(marker());
    plant(marker());
    inbox.drop('a.csv', buildLines(1, 2));
    expect((await inbox.sweep()).exitCode).toBe(0);
    expect(inbox.log).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: expect.stringContaining('is not the file that this program wrote'),
      }),
    );
    expect((await inbox.sweep()).exitCode).toBe(0);
  });
});

describe('a link', () => {
  it('in the place of a claimed file is not read, and its text is nowhere', async () => {
    const secret = inbox.drop('../secret.csv', 'Password\nhunter2\n');
    inbox.drop('a.csv', buildLines(1, 2));
    // The first sweep cannot reach the API, so the file stays claimed.
    await inbox.sweep({ settings: { baseUrl: 'http://127.0.0.1:9' } });
    const [claim = ''] = readdirSync(inDrop('processing'));
    rmSync(inDrop(`processing/${claim}/a.csv`));
    symlinkSync(secret, inDrop(`processing/${claim}/a.csv`));
    // As after a crash before the file was copied.
    rmSync(inbox.path(`state/inbox/claims/${claim}`), { recursive: true, force: true });
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'failed', reason: { code: 'CLAIM_REPLACED' } });
    for (const name of inbox.files().filter((file) => !file.startsWith('processing')))
      expect(inbox.read(name)).not.toMatch(/hunter2|Password/);
    expect(readFileSync(secret, 'utf8')).toContain('hunter2');
  });

  it.each(['done', 'failed', 'duplicate', doneMonth(), doneMonth().slice(0, 9)])(
    'in the place of %s is refused with the setting that replaces it, before anything is sent',
    async (name) => {
      mkdirSync(inbox.path('elsewhere'));
      mkdirSync(inDrop(join(name, '..')), { recursive: true });
      symlinkSync(inbox.path('elsewhere'), inDrop(name));
      inbox.drop('a.csv', buildLines(1, 2));
      const setting = name.split('/')[0];
      await expect(inbox.sweep()).rejects.toMatchObject({
        ...{ code: 'FOLDER_IS_LINK', exitCode: 3 },
        nextStep: expect.stringContaining(`"${setting}": "/archive"`),
      });
      expect([inbox.api.requests(), readdirSync(inbox.path('elsewhere'))]).toEqual([[], []]);
    },
  );

  it('in the place of processing is refused', async () => {
    mkdirSync(inbox.path('elsewhere'));
    symlinkSync(inbox.path('elsewhere'), inDrop('processing'));
    inbox.drop('a.csv', buildLines(1, 2));
    await expect(inbox.sweep()).rejects.toMatchObject({ code: 'FOLDER_IS_LINK' });
    expect(readdirSync(inbox.path('elsewhere'))).toEqual([]);
  });

  it('in the place of done, or below it, never makes --keep-days delete anything', async () => {
    inbox.drop('../elsewhere/2020/old.txt', 'old');
    symlinkSync(inbox.path('elsewhere'), inDrop('done'));
    await expect(prune(inbox.path(), 0, false, Date.now() + 1e9)).rejects.toMatchObject({ code: 'FOLDER_IS_LINK' });
    rmSync(inDrop('done'));
    mkdirSync(inDrop('done'));
    symlinkSync(inbox.path('elsewhere/2020'), inDrop('done/2020'));
    expect(await prune(inbox.path(), 0, false, Date.now() + 1e9)).toEqual([]);
    expect(existsSync(inbox.path('elsewhere/2020/old.txt'))).toBe(true);
  });

  it('in the place of the folder of a claim is not followed', async () => {
    inbox.drop('../elsewhere/a.csv', 'of somebody else');
    inbox.drop('a.csv', buildLines(1, 6));
    const sweep = inbox.sweep({ settings: { rate: '20' } });
    while (inbox.api.customers().length < 1) await new Promise((done) => setTimeout(done, 5));
    const [claim = ''] = readdirSync(inDrop('processing'));
    renameSync(inDrop(`processing/${claim}`), inbox.path('away'));
    symlinkSync(inbox.path('elsewhere'), inDrop(`processing/${claim}`));
    expect((await sweep).files).toMatchObject([{ outcome: 'done', counts: { created: 6 } }]);
    expect(inbox.read(`${doneMonth()}/a.csv`)).toBe(buildLines(1, 6));
    expect(readFileSync(inbox.path('elsewhere/a.csv'), 'utf8')).toBe('of somebody else');
  });
});

describe('a job that names its folders', () => {
  it('archives there, also if that is a link, and --keep-days deletes only what it has put there', async () => {
    mkdirSync(inbox.path('real'));
    symlinkSync('real', inbox.path('archive'));
    mkdirSync(inbox.path('bad'));
    inbox.configure({ customers: { mapping: 'mappings.json', done: 'archive', failed: 'bad', duplicate: 'bad' } });
    inbox.drop('a.csv', buildLines(1, 2));
    inbox.drop('b.csv', '<html></html>\n');
    const { files } = await inbox.sweep();
    expect(files[0]?.files.input).toBe(inbox.path(`archive/${month()}/a.csv`));
    expect(readdirSync(inbox.path(`real/${month()}`))).toEqual(['a.csv', 'a.results.csv']);
    expect(readdirSync(inbox.path('bad'))).toEqual(['b.csv', 'b.csv.error.txt']);
    expect(readdirSync(inbox.path()).filter((name) => !name.startsWith('.'))).toEqual(['processing']);
    for (const name of ['mine.txt', 'mine/2020/10/mine.txt', '2020/mine.txt']) {
      inbox.drop(`../real/${name}`, 'mine');
      utimesSync(inbox.path(`real/${name}`), new Date(0), new Date(0));
    }
    const named = [{ done: inbox.path('archive') }];
    const pruned = await prune(inbox.path(), 30, false, Date.now() + 31 * 24 * 60 * 60_000, named);
    expect(pruned.map((path) => path.slice(inbox.path('archive/').length)).sort()).toEqual(
      ['a.csv', 'a.results.csv'].map((name) => `${month()}/${name}`),
    );
    for (const name of ['mine.txt', 'mine/2020/10/mine.txt', '2020/mine.txt'])
      expect(existsSync(inbox.path(`real/${name}`))).toBe(true);
  });
});

describe('a dropped file', () => {
  it('with a second hard link is waited for, and read in the end', async () => {
    linkSync(inbox.drop('../mine.csv', buildLines(1, 2)), inDrop('a.csv'));
    const report = await inbox.sweepFor('a.csv');
    expect(report).toMatchObject({ outcome: 'waits', reason: { message: expect.stringContaining('hard link') } });
    expect(await inbox.sweepFor('a.csv', { maxWaitMs: 0 })).toMatchObject({ outcome: 'done' });
  });

  it('gives its rights for reading to what is put beside it', async () => {
    for (const [name, mode] of [
      ['private.csv', 0o600],
      ['group.csv', 0o660],
      ['public.csv', 0o644],
    ] as const)
      chmodSync(inbox.drop(name, `${buildLines(1, 1)}C-9999,Bad,0800,b@example.com,much-${name}\n`), mode);
    await inbox.sweep();
    const readMode = (name: string) => statSync(inDrop(`${doneMonth()}/${name}`)).mode & 0o777;
    expect(['private', 'group', 'public'].map((name) => readMode(`${name}.rejects.csv`))).toEqual([
      0o600, 0o640, 0o644,
    ]);
    expect(readMode('private.results.csv')).toBe(0o600);
  });

  it('is copied so that only this user can read it, and the copy is removed', async () => {
    chmodSync(inbox.drop('a.csv', buildLines(1, 2)), 0o644);
    await inbox.sweep({ settings: { baseUrl: 'http://127.0.0.1:9' } });
    const folder = inbox.path('state/inbox/claims');
    const copy = readdirSync(folder).find((name) => !/\.(?:db|json)$/.test(name)) ?? '';
    expect(lstatSync(join(folder, copy)).mode & 0o077).toBe(0);
    await inbox.sweep();
    expect(readdirSync(folder)).toEqual([]);
  });
});
