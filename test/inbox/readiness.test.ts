import {
  appendFileSync,
  closeSync,
  copyFileSync,
  openSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { buildLines, doneMonth, useInbox } from './use-inbox.js';

const inbox = useInbox();
const longAgo = new Date('2001-02-03T04:05:06Z');

describe('a file that is still being written', () => {
  it('line by line is imported completely once it is stable', async () => {
    const path = inbox.drop('slow.csv', buildLines(1, 1));
    const [, ...rest] = buildLines(1, 4).split('\n').slice(1);
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
    const text = buildLines(1, 3);
    const path = inbox.drop('pause.csv', text.slice(0, -10));
    expect(await inbox.sweepFor('pause.csv')).toMatchObject({ outcome: 'waits', reason: { code: 'INCOMPLETE' } });
    appendFileSync(path, text.slice(-10));
    await inbox.sweep();
    inbox.expectCustomers(3);
  });

  it('by a writer that pauses inside a quoted field waits for the rest', async () => {
    const [header, first] = buildLines(1, 1).split('\n');
    const path = inbox.drop('quote.csv', `${header}\n${first}\nC-0002,"Customer\n`);
    expect(await inbox.sweepFor('quote.csv')).toMatchObject({
      outcome: 'waits',
      reason: { message: expect.stringContaining('line 3') },
    });
    appendFileSync(path, ' 0002",0801,c0002@example.com,1\n');
    await inbox.sweep();
    expect(inbox.api.customers()).toHaveLength(2);
  });

  it('by a writer that pauses at the end of a line, and continues in the claimed file, is imported completely', async () => {
    const path = inbox.drop('torn.csv', buildLines(1, 2));
    const writer = openSync(path, 'a');
    const rest = buildLines(3, 2).split('\n').slice(1).join('\n');
    const sweep = inbox.sweep({ settings: { rate: '4' } });
    while (!inbox.log.some(({ event }) => event === 'run-started')) await new Promise((done) => setTimeout(done, 5));
    writeSync(writer, rest);
    closeSync(writer);
    const [report] = (await sweep).files;
    expect(report).toMatchObject({ outcome: 'returned' });
    await inbox.sweep();
    inbox.expectCustomers(4);
    expect(inbox.read(`${doneMonth()}/torn.csv`)).toBe(buildLines(1, 4));
  });

  it('with reserved space full of zero bytes, as by Samba, waits for its content', async () => {
    const text = buildLines(1, 3);
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
    writeFileSync(path, buildLines(1, 2));
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
    const whole = gzipSync(buildLines(1, 50));
    const path = inbox.drop('cut.csv.gz', whole.subarray(0, whole.length - 20));
    expect(await inbox.sweepFor('cut.csv.gz')).toMatchObject({ outcome: 'waits', reason: { code: 'INCOMPLETE' } });
    writeFileSync(path, whole);
    await inbox.sweep();
    inbox.expectCustomers(50);
  });
});

describe('the modification time of a file', () => {
  it.each([
    ['preserved from long ago', longAgo],
    ['of the future', new Date(Date.now() + 24 * 60 * 60_000)],
  ])('%s make it neither ready nor late', async (_name, time) => {
    const path = inbox.drop('dated.csv', buildLines(1, 2));
    utimesSync(path, time, time);
    // Quiet for so long that no sweep can see it through: it must wait by our clock.
    expect(await inbox.sweepFor('dated.csv', { quietMs: 60_000 })).toMatchObject({ outcome: 'waits', exitCode: 0 });
    expect(await inbox.sweepFor('dated.csv')).toMatchObject({ outcome: 'done' });
    inbox.expectCustomers(2);
  });

  it('set back while the content changes does not hide the change', async () => {
    const path = inbox.drop('dated.csv', buildLines(1, 2));
    utimesSync(path, longAgo, longAgo);
    await inbox.sweep({ quietMs: 60_000 });
    writeFileSync(path, buildLines(1, 3));
    utimesSync(path, longAgo, longAgo);
    expect(await inbox.sweepFor('dated.csv', { quietMs: 60_000 })).toMatchObject({ reason: { code: 'NOT_QUIET' } });
    await inbox.sweep();
    inbox.expectCustomers(3);
  });
});

describe('a done-file', () => {
  const job = { customers: { files: '*.csv', doneFile: '{name}.done', mapping: 'mappings.json' } };
  const cut = () => buildLines(1, 2).trimEnd();

  it('that the job requires is waited for, and removed with its file', async () => {
    inbox.configure(job);
    inbox.drop('a.csv', buildLines(1, 2));
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'waits', reason: { code: 'NO_DONE_FILE' } });
    inbox.drop('a.csv.done', '');
    await inbox.sweep();
    inbox.expectCustomers(2);
    expect(inbox.files()).toEqual(['a.csv', 'a.csv.done', 'a.results.csv'].map((name) => `${doneMonth()}/${name}`));
  });

  it('newer than the data vouches for a last line without a line end', async () => {
    inbox.drop('a.csv', cut());
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'waits' });
    inbox.drop('a.csv.done', '');
    await inbox.sweep();
    inbox.expectCustomers(2);
  });

  it('older than the data vouches for nothing', async () => {
    utimesSync(inbox.drop('a.csv.done', ''), longAgo, longAgo);
    inbox.drop('a.csv', cut());
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'waits', reason: { code: 'INCOMPLETE' } });
  });

  it('without data waits, and is an error after the waiting time', async () => {
    inbox.drop('a.csv.done', '');
    expect(await inbox.sweepFor('a.csv.done')).toMatchObject({
      outcome: 'waits',
      exitCode: 0,
      reason: { code: 'NO_DATA' },
    });
    expect(await inbox.sweepFor('a.csv.done', { maxWaitMs: 0 })).toMatchObject({ exitCode: 3 });
  });

  it('with the name of a job’s own pattern is found', async () => {
    inbox.configure({ customers: { files: '*', doneFile: 'ready-{stem}.txt', mapping: 'mappings.json' } });
    inbox.drop('a.csv', buildLines(1, 2));
    inbox.drop('ready-a.txt', '');
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'done' });
  });
});

describe('a file', () => {
  it('that is renamed into place is imported', async () => {
    inbox.drop('new.csv.part', buildLines(1, 2));
    expect((await inbox.sweep()).files).toEqual([]);
    inbox.rename('new.csv.part', 'new.csv');
    await inbox.sweep();
    inbox.expectCustomers(2);
  });

  it('that is replaced by a rename between two scans must become stable again', async () => {
    const path = inbox.drop('same.csv', buildLines(1, 2));
    await inbox.sweep({ quietMs: 60_000 });
    copyFileSync(path, `${path}.part`);
    utimesSync(`${path}.part`, longAgo, longAgo);
    utimesSync(path, longAgo, longAgo);
    inbox.rename('same.csv.part', 'same.csv');
    await inbox.sweep({ quietMs: 60_000 });
    expect(inbox.log.findLast(({ event }) => event === 'file-waits')?.message).toContain('it is still changing');
  });

  it('that waits too long is an error, with its reason and the next step', async () => {
    inbox.drop('cut.csv', buildLines(1, 2).trimEnd());
    expect((await inbox.sweep()).exitCode).toBe(0);
    const { exitCode, files } = await inbox.sweep({ maxWaitMs: 0 });
    expect(exitCode).toBe(3);
    expect(files[0]?.reason).toMatchObject({
      code: 'WAITS_TOO_LONG',
      nextStep: expect.stringContaining('lastLineEnd'),
    });
  });

  it('that stays incomplete fails after the waiting time, if an import notices that', async () => {
    const whole = gzipSync(buildLines(1, 50));
    inbox.drop('cut.csv.gz', whole.subarray(0, whole.length - 20));
    const { exitCode } = await inbox.sweep({ maxWaitMs: 0 });
    expect([exitCode, inbox.files()]).toEqual([3, ['failed/cut.csv.gz', 'failed/cut.csv.gz.error.txt']]);
    expect(inbox.api.customers()).toEqual([]);
  });

  it('without a last line end is imported if its job says so', async () => {
    inbox.configure({ customers: { lastLineEnd: 'optional', mapping: 'mappings.json' } });
    inbox.drop('cut.csv', buildLines(1, 2).trimEnd());
    expect(await inbox.sweepFor('cut.csv')).toMatchObject({ outcome: 'done' });
  });

  it.each(['.hidden.csv', '~$book.xlsx', 'a.tmp', 'a.csv.part', 'a.csv.crdownload', 'folder.csv/inside.csv'])(
    'named %s is ignored',
    async (name) => {
      inbox.drop(name, buildLines(1, 1));
      const before = inbox.files();
      expect((await inbox.sweep()).files).toEqual([]);
      expect(inbox.files()).toEqual(before);
    },
  );

  it('that is a link out of the folder is ignored', async () => {
    inbox.drop('../outside.csv', buildLines(1, 1));
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
  const rows = buildLines(1, 1)
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

const tooLong = `${'é'.repeat(100)}.csv`;

describe('a file whose name is', () => {
  it.each([
    ['of two lines', 'new\nline.csv'],
    ['of other alphabets and pictures', 'клиенты 🎉.csv'],
    ['like an option', '-rf.csv'],
    ['full of signs that shells know', 'a"b\\c;$(id) *.csv'],
    ['like the code of another', '%41.csv'],
    ['as long as names may be', `${'x'.repeat(176)}.csv`],
  ])('%s is imported, also when its name is taken in the archive, and when it fails', async (_, name) => {
    inbox.drop(name, buildLines(1, 2));
    expect(await inbox.sweepFor(name)).toMatchObject({ outcome: 'done', exitCode: 0 });
    inbox.drop(name, buildLines(3, 2));
    expect(await inbox.sweepFor(name)).toMatchObject({ outcome: 'done', exitCode: 0 });
    inbox.drop(name, 'Foo\n1\n');
    expect(await inbox.sweepFor(name)).toMatchObject({ outcome: 'failed', exitCode: 2 });
    expect(inbox.files().filter((name) => name.startsWith(doneMonth()))).toHaveLength(4);
    expect(inbox.files()).toContain(`failed/${name}.error.txt`);
    inbox.expectCustomers(4);
    const taken = inbox.log.filter(({ event }) => ['file-claimed', 'file-done'].includes(event));
    expect(taken.filter(({ message }) => message.includes('\n'))).toEqual([]);
  });

  it('too long waits, and is an error that says so', async () => {
    inbox.drop(tooLong, buildLines(1, 2));
    inbox.drop('good.csv', buildLines(3, 2));
    const { exitCode, files } = await inbox.sweep();
    expect(exitCode).toBe(3);
    const reason = { code: 'NAME_UNUSABLE', message: expect.stringContaining('204 bytes') };
    expect(files).toMatchObject([
      { file: tooLong, outcome: 'waits', exitCode: 3, reason },
      { file: 'good.csv', outcome: 'done' },
    ]);
    expect(inbox.files()).toContain(tooLong);
    inbox.rename(tooLong, 'short.csv');
    expect((await inbox.sweep()).exitCode).toBe(0);
    expect(inbox.api.customers()).toHaveLength(4);
  });

  it('not in UTF-8, as old programs write it, waits, and is an error of which the job’s targets are notified once', async () => {
    const notices = inbox.path('notices');
    const onFailure = [process.execPath, '-e', `fs.appendFileSync(${JSON.stringify(notices)}, '.')`];
    inbox.configure({ customers: { mapping: 'mappings.json', onFailure } });
    writeFileSync(Buffer.concat([Buffer.from(`${inbox.path()}/M`), Buffer.from([0xfc]), Buffer.from('ller.csv')]), 'x');
    inbox.drop('good.csv', buildLines(1, 2));
    for (const _ of [1, 2]) {
      const { exitCode, files } = await inbox.sweep();
      expect([exitCode, files[0]?.reason]).toEqual([
        3,
        {
          code: 'NAME_UNUSABLE',
          message: expect.stringContaining('UTF-8'),
          nextStep: expect.stringContaining('Rename'),
        },
      ]);
    }
    expect(inbox.read('../notices')).toBe('.');
    inbox.expectCustomers(2);
  });
});
