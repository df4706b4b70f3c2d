import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { doneMonth, linesOf, useInbox } from './use-inbox.js';

const inbox = useInbox();
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
    inbox.drop(name, linesOf(1, 2));
    expect(await inbox.sweepFor(name)).toMatchObject({ outcome: 'done', exitCode: 0 });
    inbox.drop(name, linesOf(3, 2));
    expect(await inbox.sweepFor(name)).toMatchObject({ outcome: 'done', exitCode: 0 });
    inbox.drop(name, 'Foo\n1\n');
    expect(await inbox.sweepFor(name)).toMatchObject({ outcome: 'failed', exitCode: 2 });
    expect(inbox.files().filter((one) => one.startsWith(doneMonth()))).toHaveLength(4);
    expect(inbox.files()).toContain(`failed/${name}.error.txt`);
    inbox.expectCustomers(4);
    const taken = inbox.log.filter(({ event }) => ['file-claimed', 'file-done'].includes(event));
    expect(taken.filter(({ message }) => message.includes('\n'))).toEqual([]);
  });

  it('too long for what is made of it waits, and is an error that says so', async () => {
    inbox.drop(tooLong, linesOf(1, 2));
    inbox.drop('good.csv', linesOf(3, 2));
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

  it('not in UTF-8, as old programs write it, waits, and is an error that its people are told of once', async () => {
    const told = inbox.path('told');
    const onFailure = [process.execPath, '-e', `fs.appendFileSync(${JSON.stringify(told)}, '.')`];
    inbox.configure({ customers: { mapping: 'mappings.json', onFailure } });
    writeFileSync(Buffer.concat([Buffer.from(`${inbox.path()}/M`), Buffer.from([0xfc]), Buffer.from('ller.csv')]), 'x');
    inbox.drop('good.csv', linesOf(1, 2));
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
    expect(inbox.read('../told')).toBe('.');
    inbox.expectCustomers(2);
  });
});
