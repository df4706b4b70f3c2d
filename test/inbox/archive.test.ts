import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { showRun } from '#src/app/runs/show-runs.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { prune } from '#src/inbox/archive.js';
import { placeFile } from '#src/inbox/place-file.js';
import { buildLines, doneMonth, useInbox } from './use-inbox.js';

const inbox = useInbox();
const otherDisk = ['/dev/shm', '/run'].find(
  (folder) => existsSync(folder) && statSync(folder).dev !== statSync(tmpdir()).dev,
);
const cleanups: string[] = [];
afterEach(() => {
  for (const folder of cleanups.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderElsewhere(): string {
  if (otherDisk === undefined) throw new Error('This test needs two file systems, e.g. /dev/shm.');
  const folder = mkdtempSync(join(otherDisk, 'mypos-inbox-'));
  cleanups.push(folder);
  return folder;
}

describe('a file that has been processed', () => {
  it('is in the folder of the month with its results beside it, and its run knows the path', async () => {
    inbox.drop('a.csv', buildLines(1, 2));
    const report = await inbox.sweepFor('a.csv');
    expect(inbox.files()).toEqual([`${doneMonth()}/a.csv`, `${doneMonth()}/a.results.csv`]);
    const input = join(inbox.path(), doneMonth(), 'a.csv');
    expect(report?.files).toEqual({
      input,
      results: input.replace('.csv', '.results.csv'),
      rejects: null,
      review: null,
    });
    const settings = resolveSettings({ baseUrl: inbox.api.baseUrl, stateDir: inbox.path('state') });
    const run = await showRun(settings, report?.run ?? '', { results: inbox.path('again.csv') });
    expect(run.input?.path).toBe(input);
    expect(readFileSync(inbox.path('again.csv'), 'utf8')).toBe(inbox.read(`${doneMonth()}/a.results.csv`));
  });

  it('never overwrites a file of the same name', async () => {
    inbox.drop('a.csv', buildLines(1, 2));
    await inbox.sweep();
    inbox.drop('a.csv', buildLines(3, 2));
    await inbox.sweep();
    const names = inbox.files();
    expect(names).toHaveLength(4);
    expect(names).toContainEqual(expect.stringMatching(/\/a\.\d{8}-\d{6}-[0-9a-f]{8}\.results\.csv$/));
    expect(inbox.read(`${doneMonth()}/a.csv`)).toBe(buildLines(1, 2));
    inbox.expectCustomers(4);
  });

  it('has its results and rejects in the folders of the job, also on another disk', async () => {
    const results = folderElsewhere();
    mkdirSync(inbox.path('rejects'));
    inbox.configure({ customers: { mapping: 'mappings.json', results, rejects: 'rejects' } });
    writeFileSync(join(results, 'a.results.csv'), 'of yesterday');
    inbox.drop('a.csv', `${buildLines(1, 2)}C-0003,Bad,0800,no-address,1\n`);
    inbox.api.setFaults([{ name: '400', on: 'add', bodyContains: 'Bad' }]);
    const { exitCode } = await inbox.sweep();
    expect(exitCode).toBe(4);
    expect(readFileSync(join(results, 'a.results.csv'), 'utf8')).toBe('of yesterday');
    const written = readdirSync(results).find((name) => name !== 'a.results.csv');
    expect(readFileSync(join(results, written ?? ''), 'utf8')).toContain('created');
    expect(readdirSync(inbox.path('rejects'))).toHaveLength(1);
  });

  it('with rows to fix is done, with exit code 4', async () => {
    inbox.drop('a.csv', `${buildLines(1, 2)}C-0003,Bad,0800,b@example.com,much\n`);
    const { exitCode } = await inbox.sweep();
    expect(exitCode).toBe(4);
    expect(inbox.files()).toEqual(['a.csv', 'a.rejects.csv', 'a.results.csv'].map((name) => `${doneMonth()}/${name}`));
  });
});

describe('content that was imported before', () => {
  it('goes to duplicate/ with a note, under any name', async () => {
    inbox.drop('a.csv', buildLines(1, 2));
    await inbox.sweep();
    inbox.drop('b.csv', buildLines(1, 2));
    const report = await inbox.sweepFor('b.csv');
    expect(report).toMatchObject({ outcome: 'duplicate', exitCode: 0, reason: { code: 'SAME_CONTENT' } });
    expect(inbox.files()).toEqual(expect.arrayContaining(['duplicate/b.csv', 'duplicate/b.csv.note.txt']));
    expect(inbox.read('duplicate/b.csv.note.txt')).toContain(report?.run ?? 'no run');
    inbox.expectCustomers(2);
  });

  it('is imported again if its job allows it, without creating customers twice', async () => {
    inbox.configure({ customers: { mapping: 'mappings.json', sameContent: 'import' } });
    for (const name of ['a.csv', 'b.csv']) inbox.drop(name, buildLines(1, 2));
    const { outcomes, counts } = await inbox.sweep();
    expect([outcomes.done, counts.created, counts.skipped]).toEqual([2, 2, 2]);
    inbox.expectCustomers(2);
  });

  it('is not a duplicate once the mapping has changed', async () => {
    inbox.drop('a.csv', buildLines(1, 2));
    await inbox.sweep();
    const mapping = inbox.path('mappings.json');
    writeFileSync(mapping, `${readFileSync(mapping, 'utf8')}\n`);
    inbox.drop('a.csv', buildLines(1, 2));
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'done' });
  });
});

describe('a bad file', () => {
  it.each([
    ['damaged.csv.gz', Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(40, 7)]), 3],
    ['page.csv', '<html><body>Not found</body></html>\n', 3],
    ['header-only.csv', 'No,Name,Post Code,Email,Limit\n', 3],
    ['other-columns.csv', 'Foo,Bar\n1,2\n', 2],
  ])('such as %s fails with its error beside it, and blocks nobody', async (name, content, exitCode) => {
    inbox.drop(name, content);
    inbox.drop('zz-good.csv', buildLines(1, 2));
    expect((await inbox.sweep()).exitCode).toBe(exitCode);
    expect(inbox.files()).toEqual(expect.arrayContaining([`failed/${name}`, `failed/${name}.error.txt`]));
    expect(inbox.read(`failed/${name}.error.txt`)).not.toContain('processing');
    inbox.expectCustomers(2);
  });

  it('with more rows than its job allows fails before anything is sent', async () => {
    inbox.configure({ customers: { mapping: 'mappings.json', maxRows: 2 } });
    inbox.drop('a.csv', buildLines(1, 3));
    expect(await inbox.sweepFor('a.csv')).toMatchObject({
      outcome: 'failed',
      exitCode: 8,
      reason: { code: 'TOO_MANY_ROWS' },
    });
    expect(inbox.api.customers()).toEqual([]);
  });

  it('of which too many rows fail is stopped for a person, who can resume its run', async () => {
    inbox.configure({ customers: { mapping: 'mappings.json', maxFailures: '1' } });
    inbox.api.setFaults([{ name: '400', on: 'add' }]);
    inbox.drop('a.csv', buildLines(1, 6));
    const report = await inbox.sweepFor('a.csv');
    expect(report).toMatchObject({ outcome: 'failed', exitCode: 5, reason: { code: 'MAX_FAILURES' } });
    inbox.api.setFaults([]);
    const { resumeRun } = await import('#src/app/resume/resume-run.js');
    const settings = resolveSettings({ baseUrl: inbox.api.baseUrl, stateDir: inbox.path('state'), rate: 'unlimited' });
    const failureLimit = { kind: 'share', most: 1, from: 1 } as const;
    const resumed = await resumeRun(settings, { run: report?.run ?? '', settleMs: 0, failureLimit });
    expect(resumed?.status).toBe('completed');
    expect(inbox.files()).toContain('failed/a.results.csv');
  });
});

describe('placing a file', () => {
  it('under a name that is in use changes neither file', async () => {
    const [from, to] = [inbox.drop('from', 'one'), inbox.drop('to', 'another')];
    expect(await placeFile(from, to)).toBe('taken');
    expect([inbox.read('from'), inbox.read('to')]).toEqual(['one', 'another']);
  });

  it('on another disk copies it with its time', async () => {
    const from = inbox.drop('from', 'one');
    const time = new Date('2020-02-02T02:02:02Z');
    utimesSync(from, time, time);
    const to = join(folderElsewhere(), 'deep/to');
    expect(await placeFile(from, to)).toBe('placed');
    expect([existsSync(from), readFileSync(to, 'utf8'), statSync(to).mtimeMs]).toEqual([false, 'one', time.getTime()]);
    expect(readdirSync(join(to, '..'))).toEqual(['to']);
  });

  it('again after a crash completes the move', async () => {
    const to = join(folderElsewhere(), 'to');
    const from = inbox.drop('from', 'one');
    writeFileSync(to, 'one');
    expect(await placeFile(from, to)).toBe('placed');
    expect(existsSync(from)).toBe(false);
  });
});

describe('retention', () => {
  const dayMs = 24 * 60 * 60_000;

  it('deletes old files in done and duplicate, and nothing in failed', async () => {
    inbox.drop('a.csv', buildLines(1, 2));
    await inbox.sweep();
    inbox.drop('b.csv', buildLines(1, 2));
    inbox.drop('c.csv', 'Foo\n1\n');
    await inbox.sweep();
    const before = inbox.files();
    const later = Date.now() + 31 * dayMs;
    const named = await prune(inbox.path(), 30, true, later);
    expect(named).toHaveLength(4);
    expect(inbox.files()).toEqual(before);
    expect(await prune(inbox.path(), 30, false, later)).toEqual(named);
    expect(inbox.files()).toEqual(['failed/c.csv', 'failed/c.csv.error.txt']);
    expect(existsSync(join(inbox.path(), doneMonth()))).toBe(false);
  });

  it('counts from the day of archiving, not from the modification time', async () => {
    const path = inbox.drop('old.csv', buildLines(1, 2));
    utimesSync(path, new Date(0), new Date(0));
    expect((await inbox.sweep({ keepDays: 30 })).pruned).toEqual([]);
    expect(inbox.files()).toContain(`${doneMonth()}/old.csv`);
  });

  it('lists in a dry run what it would delete and import, and changes nothing', async () => {
    inbox.drop('a.csv', buildLines(1, 2));
    await inbox.sweep();
    inbox.drop('b.csv', buildLines(3, 2));
    const before = inbox.files();
    const summary = await inbox.sweep({ dryRun: true, keepDays: 0 });
    expect(summary.files).toMatchObject([{ file: 'b.csv', outcome: 'ready' }]);
    expect(summary.pruned).toHaveLength(2);
    expect(inbox.files()).toEqual(before);
    inbox.expectCustomers(2);
  });
});
