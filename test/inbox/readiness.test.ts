import { appendFileSync, copyFileSync, linkSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { doneMonth, linesOf, useInbox } from './use-inbox.js';

const inbox = useInbox();
const longAgo = new Date('2001-02-03T04:05:06Z');

describe('a file that is still being written', () => {
  it('slowly, line by line, is imported once it rests, and whole', async () => {
    const path = inbox.drop('slow.csv', linesOf(1, 1));
    const [, ...rest] = linesOf(1, 4).split('\n').slice(1);
    const writing = (async () => {
      for (const line of rest.slice(0, 3)) {
        await new Promise((done) => setTimeout(done, 25));
        appendFileSync(path, `${line}\n`);
      }
    })();
    await inbox.sweep({ quietMs: 200 });
    await writing;
    await inbox.sweep();
    inbox.expectCustomers(4);
  });

  it('by a writer that pauses for longer than the window, in the middle of a line, waits for the rest', async () => {
    const text = linesOf(1, 3);
    const path = inbox.drop('pause.csv', text.slice(0, -10));
    expect(await inbox.sweepFor('pause.csv')).toMatchObject({ outcome: 'waits', reason: { code: 'INCOMPLETE' } });
    appendFileSync(path, text.slice(-10));
    await inbox.sweep();
    inbox.expectCustomers(3);
  });

  it('by a writer that pauses inside a quoted field waits for the rest', async () => {
    const [header, first] = linesOf(1, 1).split('\n');
    const path = inbox.drop('quote.csv', `${header}\n${first}\nC-0002,"Customer\n`);
    expect(await inbox.sweepFor('quote.csv')).toMatchObject({
      outcome: 'waits',
      reason: { message: expect.stringContaining('line 3') },
    });
    appendFileSync(path, ' 0002",0801,c0002@example.com,1\n');
    await inbox.sweep();
    expect(inbox.api.customers()).toHaveLength(2);
  });

  it('by a writer that pauses at the end of a line, and goes on in the claimed file, is imported whole', async () => {
    const path = inbox.drop('torn.csv', linesOf(1, 2));
    const holder = `${path}.holder.part`;
    // A second name for the same file stands for the handle that its writer keeps.
    linkSync(path, holder);
    const rest = linesOf(3, 2).split('\n').slice(1).join('\n');
    const sweep = inbox.sweep({ settings: { rate: '4' } });
    while (!inbox.log.some(({ event }) => event === 'run-started')) await new Promise((done) => setTimeout(done, 5));
    appendFileSync(holder, rest);
    const [report] = (await sweep).files;
    expect(report).toMatchObject({ outcome: 'returned' });
    await inbox.sweep();
    inbox.expectCustomers(4);
    expect(inbox.read(`${doneMonth()}/torn.csv`)).toBe(linesOf(1, 4));
  });

  it('with its size reserved and zero bytes in it, as Samba does, waits for its content', async () => {
    const text = linesOf(1, 3);
    const path = inbox.drop('reserved.csv', text.slice(0, 60));
    truncateSync(path, text.length);
    expect(await inbox.sweepFor('reserved.csv')).toMatchObject({ outcome: 'waits', reason: { code: 'INCOMPLETE' } });
    writeFileSync(path, text);
    await inbox.sweep();
    inbox.expectCustomers(3);
  });

  it('empty at first waits for its content', async () => {
    const path = inbox.drop('empty.csv', '');
    const report = await inbox.sweepFor('empty.csv');
    expect(report).toMatchObject({ outcome: 'waits', exitCode: 0, reason: { message: 'it is empty' } });
    writeFileSync(path, linesOf(1, 2));
    await inbox.sweep();
    inbox.expectCustomers(2);
  });

  it('as a workbook without its end waits', async () => {
    const whole = await makeBook();
    inbox.drop('cut.xlsx', whole.subarray(0, whole.length - 300));
    inbox.drop('reserved.xlsx', Buffer.concat([whole, Buffer.alloc(4096)]));
    const { files } = await inbox.sweep();
    expect(files.map(({ outcome, reason }) => [outcome, reason?.code])).toEqual([
      ['waits', 'INCOMPLETE'],
      ['waits', 'INCOMPLETE'],
    ]);
    inbox.drop('cut.xlsx', whole);
    await inbox.sweep();
    expect(inbox.api.customers()).toHaveLength(1);
  });

  it('as gzip without its end waits', async () => {
    const whole = gzipSync(linesOf(1, 50));
    const path = inbox.drop('cut.csv.gz', whole.subarray(0, whole.length - 20));
    expect(await inbox.sweepFor('cut.csv.gz')).toMatchObject({ outcome: 'waits', reason: { code: 'INCOMPLETE' } });
    writeFileSync(path, whole);
    await inbox.sweep();
    inbox.expectCustomers(50);
  });
});

describe('times that a file brings along', () => {
  it.each([
    ['preserved from long ago', longAgo],
    ['of the future', new Date(Date.now() + 24 * 60 * 60_000)],
  ])('%s make it neither ready nor late', async (_name, time) => {
    const path = inbox.drop('dated.csv', linesOf(1, 2));
    utimesSync(path, time, time);
    // Quiet for so long that no sweep can see it through: it must wait by our clock.
    expect(await inbox.sweepFor('dated.csv', { quietMs: 60_000 })).toMatchObject({ outcome: 'waits', exitCode: 0 });
    expect(await inbox.sweepFor('dated.csv')).toMatchObject({ outcome: 'done' });
    inbox.expectCustomers(2);
  });

  it('set back while the content changes do not hide the change', async () => {
    const path = inbox.drop('dated.csv', linesOf(1, 2));
    utimesSync(path, longAgo, longAgo);
    await inbox.sweep({ quietMs: 60_000 });
    writeFileSync(path, linesOf(1, 3));
    utimesSync(path, longAgo, longAgo);
    expect(await inbox.sweepFor('dated.csv', { quietMs: 60_000 })).toMatchObject({ reason: { code: 'NOT_QUIET' } });
    await inbox.sweep();
    inbox.expectCustomers(3);
  });
});

describe('a done-file', () => {
  const job = { customers: { files: '*.csv', doneFile: '{name}.done', mapping: 'mappings.json' } };
  const cut = () => linesOf(1, 2).trimEnd();

  it('that the job asks for is waited for, and goes away with its file', async () => {
    inbox.configure(job);
    inbox.drop('a.csv', linesOf(1, 2));
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'waits', reason: { code: 'NO_DONE_FILE' } });
    inbox.drop('a.csv.done', '');
    await inbox.sweep();
    inbox.expectCustomers(2);
    expect(inbox.files()).toEqual(['a.csv', 'a.csv.done', 'a.results.csv'].map((name) => `${doneMonth()}/${name}`));
  });

  it('after the data vouches for a last line without an end', async () => {
    inbox.drop('a.csv', cut());
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'waits' });
    inbox.drop('a.csv.done', '');
    await inbox.sweep();
    inbox.expectCustomers(2);
  });

  it('from before the data vouches for nothing', async () => {
    utimesSync(inbox.drop('a.csv.done', ''), longAgo, longAgo);
    inbox.drop('a.csv', cut());
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'waits', reason: { code: 'INCOMPLETE' } });
  });

  it('without data waits, and is an error in the end', async () => {
    inbox.drop('a.csv.done', '');
    expect(await inbox.sweepFor('a.csv.done')).toMatchObject({
      outcome: 'waits',
      exitCode: 0,
      reason: { code: 'NO_DATA' },
    });
    expect(await inbox.sweepFor('a.csv.done', { maxWaitMs: 0 })).toMatchObject({ exitCode: 3 });
  });

  it('of another shape is found by the file’s stem', async () => {
    inbox.configure({ customers: { files: '*', doneFile: 'ready-{stem}.txt', mapping: 'mappings.json' } });
    inbox.drop('a.csv', linesOf(1, 2));
    inbox.drop('ready-a.txt', '');
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'done' });
  });
});

describe('a file', () => {
  it('that is renamed into place is imported', async () => {
    inbox.drop('new.csv.part', linesOf(1, 2));
    expect((await inbox.sweep()).files).toEqual([]);
    inbox.rename('new.csv.part', 'new.csv');
    await inbox.sweep();
    inbox.expectCustomers(2);
  });

  it('that was exchanged by a rename between two looks is looked at anew', async () => {
    const path = inbox.drop('same.csv', linesOf(1, 2));
    await inbox.sweep({ quietMs: 60_000 });
    copyFileSync(path, `${path}.part`);
    utimesSync(`${path}.part`, longAgo, longAgo);
    utimesSync(path, longAgo, longAgo);
    inbox.rename('same.csv.part', 'same.csv');
    await inbox.sweep({ quietMs: 60_000 });
    expect(inbox.log.findLast(({ event }) => event === 'file-waits')?.message).toContain('just now');
  });

  it('that waits for too long is an error, with its reason and what to do', async () => {
    inbox.drop('cut.csv', linesOf(1, 2).trimEnd());
    expect((await inbox.sweep()).exitCode).toBe(0);
    const { exitCode, files } = await inbox.sweep({ maxWaitMs: 0 });
    expect(exitCode).toBe(3);
    expect(files[0]?.reason).toMatchObject({
      code: 'WAITS_TOO_LONG',
      nextStep: expect.stringContaining('lastLineEnd'),
    });
  });

  it('whose end never comes fails in the end, when that is plain from what is there', async () => {
    const whole = gzipSync(linesOf(1, 50));
    inbox.drop('cut.csv.gz', whole.subarray(0, whole.length - 20));
    const { exitCode } = await inbox.sweep({ maxWaitMs: 0 });
    expect([exitCode, inbox.files()]).toEqual([3, ['failed/cut.csv.gz', 'failed/cut.csv.gz.error.txt']]);
    expect(inbox.api.customers()).toEqual([]);
  });

  it('without a last line end is taken when its job says so', async () => {
    inbox.configure({ customers: { lastLineEnd: 'optional', mapping: 'mappings.json' } });
    inbox.drop('cut.csv', linesOf(1, 2).trimEnd());
    expect(await inbox.sweepFor('cut.csv')).toMatchObject({ outcome: 'done' });
  });

  it.each(['.hidden.csv', '~$book.xlsx', 'a.tmp', 'a.csv.part', 'a.csv.crdownload', 'folder.csv/inside.csv'])(
    'named %s is left alone',
    async (name) => {
      inbox.drop(name, linesOf(1, 1));
      const before = inbox.files();
      expect((await inbox.sweep()).files).toEqual([]);
      expect(inbox.files()).toEqual(before);
    },
  );

  it('that is a link out of the folder is left alone', async () => {
    inbox.drop('../outside.csv', linesOf(1, 1));
    symlinkSync('../outside.csv', join(inbox.path(), 'link.csv'));
    expect((await inbox.sweep()).files).toEqual([]);
    expect(inbox.log).toContainEqual(
      expect.objectContaining({ event: 'file-ignored', message: expect.stringContaining('link') }),
    );
  });
});

async function makeBook(): Promise<Buffer> {
  const { beginWorkbook } = await import('#src/files/xlsx/write/workbook-sink.js');
  const path = inbox.path('book.xlsx');
  const rows = linesOf(1, 1)
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  const columns = (rows[0] ?? []).map((name) => ({ name }));
  const sink = await beginWorkbook(path, columns, { name: 'Customers' });
  await sink.write(rows.slice(1).map((cells) => ({ cells })));
  await (await sink.end()).publish();
  const { readFileSync } = await import('node:fs');
  return readFileSync(path);
}
