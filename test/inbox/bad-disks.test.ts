import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mayMount, mountSmallDisk, type SmallDisk } from '#test/crash/small-disk.js';
import { buildLines, useInbox } from './use-inbox.js';

const inbox = useInbox();

/** A disk that fails is not reported as a bug. */
function expectNoBug(): void {
  for (const { message } of inbox.log) expect(message).not.toMatch(/\bat (?:async )?\w+ \(|BUG/);
}

describe.runIf(mayMount)('a disk for the results', () => {
  let disk: SmallDisk;
  const readNotices = () => (existsSync(inbox.path('notices')) ? inbox.read('../notices') : '');
  beforeEach(() => {
    disk = mountSmallDisk(inbox.path('disk'));
    const onFailure = [process.execPath, '-e', `fs.appendFileSync(${JSON.stringify(inbox.path('notices'))}, '.')`];
    inbox.configure({ customers: { mapping: 'mappings.json', results: 'disk', onFailure } });
    inbox.drop('a.csv', buildLines(1, 2));
  });
  afterEach(() => disk.unmount());

  it('that is read-only holds up the files of its job before anything is sent', async () => {
    disk.setReadOnly();
    const { exitCode, files } = await inbox.sweep();
    disk.setWritable();
    expect([exitCode, files]).toMatchObject([2, [{ outcome: 'waits', reason: { code: 'RESULTS_FOLDER_UNWRITABLE' } }]]);
    expect(inbox.api.requests()).toEqual([]);
    expect((await inbox.sweep()).exitCode).toBe(0);
    inbox.expectCustomers(2);
  });

  it('that is full keeps the file, says so, and blocks no other file; once there is space, nothing is sent twice', async () => {
    disk.fill(0);
    inbox.drop('b.csv', buildLines(3, 2));
    const { exitCode, files } = await inbox.sweep();
    expect([exitCode, files.map(({ outcome }) => outcome)]).toEqual([5, ['kept', 'kept']]);
    expect(files[0]?.reason).toMatchObject({ code: 'DISK', message: expect.stringContaining('the disk is full') });
    expect(readNotices()).toBe('..');
    expectNoBug();
    disk.makeRoom();
    const requests = inbox.api.requests().length;
    expect((await inbox.sweep()).exitCode).toBe(0);
    expect(inbox.api.requests()).toHaveLength(requests);
    inbox.expectCustomers(4);
    expect(readdirSync(disk.path).sort()).toEqual(['a.results.csv', 'b.results.csv']);
  });
});

describe.runIf(mayMount)('a drop folder on a full disk', () => {
  let disk: SmallDisk;
  beforeEach(() => {
    disk = mountSmallDisk(inbox.path('disk'));
    rmSync(inbox.path(), { recursive: true });
    symlinkSync('disk', inbox.path());
  });
  afterEach(() => disk.unmount());

  it('cannot be swept for the first time, and nothing is left behind', async () => {
    disk.fill(0);
    const error = { code: 'INBOX_UNUSABLE', message: expect.stringContaining('the disk is full') };
    await expect(inbox.sweep()).rejects.toMatchObject(error);
    expect(readdirSync(disk.path)).toEqual(['ballast']);
    disk.makeRoom();
    expect((await inbox.sweep()).exitCode).toBe(0);
  });

  it('keeps its files where they are until there is space', async () => {
    await inbox.sweep();
    inbox.drop('a.csv', buildLines(1, 2));
    disk.fill(0);
    const { exitCode, files } = await inbox.sweep();
    expect([exitCode, files]).toMatchObject([5, [{ outcome: 'waits', reason: { code: 'DISK' } }]]);
    expect([existsSync(join(disk.path, 'a.csv')), inbox.api.customers()]).toEqual([true, []]);
    expectNoBug();
    disk.makeRoom();
    expect((await inbox.sweep()).exitCode).toBe(0);
    inbox.expectCustomers(2);
    expect(readdirSync(join(disk.path, 'processing'))).toEqual([]);
  });
});

describe.runIf(mayMount)('processing/ on another disk', () => {
  it('lets no file be claimed (EXDEV), and says so', async () => {
    const disk = mountSmallDisk(join(inbox.path(), 'processing'));
    try {
      inbox.drop('a.csv', buildLines(1, 2));
      const { files } = await inbox.sweep();
      expect(files).toMatchObject([{ outcome: 'waits', reason: { message: expect.stringContaining('another disk') } }]);
      expect([existsSync(join(inbox.path(), 'a.csv')), inbox.api.customers()]).toEqual([true, []]);
    } finally {
      disk.unmount();
    }
  });
});

describe('metrics that cannot be written', () => {
  it('are refused at the start if their folder is missing', async () => {
    inbox.drop('a.csv', buildLines(1, 2));
    const metricsFile = inbox.path('no/such/folder.prom');
    await expect(inbox.sweep({ metricsFile })).rejects.toMatchObject({ code: 'CANNOT_WRITE', exitCode: 2 });
    expect(inbox.api.requests()).toEqual([]);
  });

  it('during a sweep are an error in the log, but not of the files', async () => {
    mkdirSync(inbox.path('metrics'));
    inbox.drop('a.csv', buildLines(1, 8));
    const sweep = inbox.sweep({ metricsFile: inbox.path('metrics/a.prom'), settings: { rate: '20' } });
    while (!inbox.log.some(({ event }) => event === 'run-started')) await new Promise((done) => setTimeout(done, 5));
    rmSync(inbox.path('metrics'), { recursive: true });
    expect(await sweep).toMatchObject({ exitCode: 0, files: [{ outcome: 'done' }] });
    expect(inbox.log).toContainEqual(expect.objectContaining({ level: 'error', event: 'metrics-failed' }));
    expect(inbox.log.filter(({ event }) => event === 'folder-unusable')).toEqual([]);
  });
});

it('circular links are ignored', async () => {
  inbox.drop('a.csv', buildLines(1, 2));
  symlinkSync('loop.csv', join(inbox.path(), 'loop.csv'));
  symlinkSync('.', join(inbox.path(), 'self'));
  symlinkSync('..', join(inbox.path(), 'up.csv'));
  expect((await inbox.sweep()).files).toMatchObject([{ file: 'a.csv', outcome: 'done' }]);
});
