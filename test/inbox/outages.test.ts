import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findIncompleteness } from '#src/inbox/check-complete.js';
import { buildLines, doneMonth, useInbox } from './use-inbox.js';

const inbox = useInbox();

describe('a share that is not mounted', () => {
  it('is an error, not an empty folder', async () => {
    renameSync(inbox.path(), inbox.path('unmounted'));
    await expect(inbox.sweep()).rejects.toMatchObject({ code: 'INBOX_UNUSABLE', exitCode: 3 });
  });

  it('leaves an empty mount point, which is refused', async () => {
    await inbox.sweep();
    renameSync(inbox.path(), inbox.path('share'));
    mkdirSync(inbox.path());
    await expect(inbox.sweep()).rejects.toMatchObject({
      code: 'INBOX_UNUSABLE',
      message: expect.stringContaining('mounted'),
      nextStep: expect.stringContaining('--adopt'),
    });
    expect(readdirSync(inbox.path())).toEqual([]);
    rmSync(inbox.path(), { recursive: true });
    renameSync(inbox.path('share'), inbox.path());
    expect((await inbox.sweep()).exitCode).toBe(0);
  });

  it('or a different one, is swept after --adopt', async () => {
    await inbox.sweep();
    renameSync(inbox.path(), inbox.path('share'));
    mkdirSync(inbox.path());
    await inbox.sweep({ settings: { stateDir: inbox.path('other-state') } });
    await expect(inbox.sweep()).rejects.toMatchObject({
      message: expect.stringContaining('not the folder that was swept before'),
    });
    expect((await inbox.sweep({ adopt: true })).exitCode).toBe(0);
    expect((await inbox.sweep()).exitCode).toBe(0);
  });

  it('in the middle of a file loses nothing: the run is resumed later', async () => {
    inbox.drop('a.csv', buildLines(1, 6));
    inbox.drop('b.csv', buildLines(7, 2));
    const sweep = inbox.sweep({ settings: { rate: '20' } });
    const ended = expect(sweep).rejects.toMatchObject({ code: 'INBOX_UNUSABLE', exitCode: 3 });
    while (inbox.api.customers().length < 2) await new Promise((done) => setTimeout(done, 5));
    renameSync(inbox.path(), inbox.path('away'));
    await ended;
    renameSync(inbox.path('away'), inbox.path());
    expect((await inbox.sweep()).exitCode).toBe(0);
    inbox.expectCustomers(8);
    expect(inbox.files().filter((name) => name.endsWith('.results.csv'))).toEqual([
      `${doneMonth()}/a.results.csv`,
      `${doneMonth()}/b.results.csv`,
    ]);
  });
});

describe('an API that cannot be reached', () => {
  it('keeps the first file for the next sweep, and is tried only once', async () => {
    inbox.drop('a.csv', buildLines(1, 2));
    inbox.drop('b.csv', buildLines(3, 2));
    const { exitCode, files } = await inbox.sweep({ settings: { baseUrl: 'http://127.0.0.1:9' } });
    expect(exitCode).toBeGreaterThan(4);
    expect(files.map(({ outcome }) => outcome)).toEqual(['kept', 'waits']);
    expect((await inbox.sweep()).exitCode).toBe(0);
    inbox.expectCustomers(4);
  });
});

/** Runs the built module as a user without rights, since root may read everything. */
function checkAsNobody(path: string): Promise<unknown> {
  const module = resolve('dist/src/inbox/check-complete.js');
  const script = `import(${JSON.stringify(module)}).then((m) => m.findIncompleteness(${JSON.stringify(path)}, { isDoneFilePresent: false, lastLineEnd: 'required' })).then((found) => console.log(JSON.stringify(found ?? null)))`;
  return new Promise((done) => {
    const child = spawn(process.execPath, ['-e', script], { uid: 65_534, gid: 65_534, cwd: '/' });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    child.on('close', () => done(JSON.parse(output)));
  });
}

describe('a file that cannot be read (EACCES)', () => {
  it('waits, because its writer may still hold it', async () => {
    const path = inbox.drop('locked.csv', buildLines(1, 1));
    chmodSync(path, 0o000);
    for (const folder of [inbox.path(), join(inbox.path(), '..')]) chmodSync(folder, 0o755);
    const options = { isDoneFilePresent: false, lastLineEnd: 'required' } as const;
    const found = process.getuid?.() === 0 ? await checkAsNobody(path) : await findIncompleteness(path, options);
    expect(found).toMatchObject({ why: expect.stringContaining('not allowed'), isSeenByImport: false });
  });
});
