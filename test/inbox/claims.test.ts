import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sweepFolder } from '#src/app/sweep/sweep-folder.js';
import type { ClaimRecord } from '#src/inbox/claim-records.js';
import { buildLines, doneMonth, useInbox } from './use-inbox.js';

const inbox = useInbox();

const id = '20260101-000000-0badc0de';

/** Leaves the folder of a claim, as another instance does. */
function leaveFolder(file: string, content: string): string {
  const folder = join(inbox.path(), 'processing', id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), content);
  writeFileSync(join(folder, '.claim.txt'), 'for people');
  return folder;
}

/** Leaves a claim of this instance, as a process that died does: the record, the folder with the file, and no lock. */
function leaveClaim(file: string, content: string, change: Partial<ClaimRecord> = {}): string {
  const folder = leaveFolder(file, content);
  const { inbox: inboxId } = JSON.parse(inbox.read('.mypos-customers-inbox.json'));
  const stats = statSync(join(folder, file), { bigint: true });
  const record: ClaimRecord = {
    ...{ version: 1, inbox: inboxId, file, job: 'default', firstSeenMs: Date.now(), attempts: 1 },
    identity: `${stats.size} ${stats.mtimeNs} ${stats.ino}`,
    ...change,
  };
  writeFileSync(inbox.path(`state/inbox/claims/${id}.json`), JSON.stringify(record));
  return folder;
}

const readProcessing = () => readdirSync(join(inbox.path(), 'processing'));

describe('a claim', () => {
  it('left by a dead process is finished', async () => {
    await inbox.sweep();
    leaveClaim('left.csv', buildLines(1, 2));
    inbox.drop('new.csv', buildLines(3, 2));
    const { files } = await inbox.sweep();
    expect(files.map(({ file, outcome }) => `${file} ${outcome}`)).toEqual(['left.csv done', 'new.csv done']);
    inbox.expectCustomers(4);
    expect(readProcessing()).toEqual([]);
    expect(readdirSync(inbox.path('state/inbox/claims'))).toEqual([]);
  });

  it('of another instance is never touched', async () => {
    leaveFolder('theirs.csv', buildLines(1, 2));
    const { exitCode, files } = await inbox.sweep();
    expect([exitCode, files]).toEqual([0, []]);
    expect(inbox.files()).toEqual([`processing/${id}/theirs.csv`]);
  });

  it('of another instance that is silent for long is an error that says where to continue', async () => {
    leaveFolder('theirs.csv', buildLines(1, 2));
    await inbox.sweep();
    const [memory] = readdirSync(inbox.path('state/inbox'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('memory.json'),
    );
    const path = join(inbox.path('state/inbox'), memory ?? '');
    const known = JSON.parse(readFileSync(path, 'utf8'));
    for (const claim of Object.values(known.others) as { sinceMs: number }[]) claim.sinceMs -= 6 * 60_000;
    writeFileSync(path, JSON.stringify(known));
    const { exitCode, files } = await inbox.sweep();
    expect(exitCode).toBe(3);
    expect(files[0]?.reason).toMatchObject({
      code: 'CLAIM_ELSEWHERE',
      nextStep: expect.stringContaining('.claim.txt in that folder says which machine'),
    });
  });

  it('whose process died before the file was moved in leaves nothing behind', async () => {
    await inbox.sweep();
    const folder = leaveClaim('left.csv', '', { doneFile: 'left.csv.done' });
    renameSync(join(folder, 'left.csv'), join(folder, 'left.csv.done'));
    inbox.drop('left.csv', buildLines(1, 2));
    await inbox.sweep();
    expect(readProcessing()).toEqual([]);
    inbox.expectCustomers(2);
  });

  it('that has crashed its process repeatedly comes after the other files', async () => {
    await inbox.sweep();
    leaveClaim('deadly.csv', buildLines(1, 1), { attempts: 7 });
    inbox.drop('harmless.csv', buildLines(2, 1));
    await inbox.sweep();
    const order = inbox.log.filter(({ event }) => event === 'run-started').map(({ facts }) => facts.file);
    expect(order).toEqual(['harmless.csv', 'deadly.csv']);
  });

  it('whose file somebody has removed after it was copied is archived from the copy', async () => {
    inbox.drop('a.csv', buildLines(1, 6));
    const sweep = inbox.sweep({ settings: { rate: '20' } });
    while (inbox.api.customers().length < 1) await new Promise((done) => setTimeout(done, 5));
    const [claim] = readProcessing();
    rmSync(join(inbox.path(), 'processing', claim ?? '', 'a.csv'));
    expect((await sweep).files).toMatchObject([{ outcome: 'done', counts: { created: 6 } }]);
    expect(inbox.read(`${doneMonth()}/a.csv`)).toBe(buildLines(1, 6));
  });
});

describe('two sweeps', () => {
  it('of two instances share a hundred files: each is imported once, by one of them', async () => {
    for (let number = 1; number <= 100; number += 1) inbox.drop(`file-${number}.csv`, buildLines(number, 1));
    const summaries = await Promise.all([
      inbox.sweep(),
      inbox.sweep({ settings: { stateDir: inbox.path('other-state') } }),
    ]);
    expect(summaries.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const done = summaries.map(({ outcomes }) => outcomes.done);
    expect(done[0]! + done[1]!).toBe(100);
    expect(Math.min(...done)).toBeGreaterThan(0);
    inbox.expectCustomers(100);
    expect(inbox.files().filter((name) => /file-\d+\.csv$/.test(name))).toHaveLength(100);
    expect(inbox.files().every((name) => name.startsWith(doneMonth()))).toBe(true);
  });

  it('of one instance do not process the same folder: the second is busy', async () => {
    inbox.drop('a.csv', buildLines(1, 6));
    const first = inbox.sweep({ settings: { rate: '20' } });
    await expect(inbox.sweep()).rejects.toMatchObject({ code: 'INBOX_BUSY', exitCode: 75 });
    expect((await first).exitCode).toBe(0);
  });

  it('of one instance that know the folder by two names do not steal each other’s claims', async () => {
    inbox.drop('a.csv', buildLines(1, 6));
    symlinkSync('drop', inbox.path('alias'));
    const first = inbox.sweep({ settings: { rate: '10' } });
    while (!inbox.log.some(({ event }) => event === 'run-started')) await new Promise((done) => setTimeout(done, 5));
    const second = await inbox.sweep({ folder: inbox.path('alias') });
    expect(second.files).toEqual([]);
    expect((await first).files).toMatchObject([{ outcome: 'done' }]);
    inbox.expectCustomers(6);
  });
});

describe('a tenant that is busy with something else', () => {
  it('leaves the file in processing, and the next sweep imports it', async () => {
    const { openLedger } = await import('#src/ledger/open-ledger.js');
    const ledger = openLedger(inbox.path('state'), { baseUrl: inbox.api.baseUrl, login: inbox.api.username });
    const lock = ledger.lock('a test');
    inbox.drop('a.csv', buildLines(1, 2));
    inbox.drop('b.csv', buildLines(3, 2));
    const { exitCode, files } = await inbox.sweep();
    lock.release();
    ledger.close();
    expect(exitCode).toBe(75);
    expect(files.map(({ outcome }) => outcome)).toEqual(['kept', 'waits']);
    expect((await inbox.sweep()).exitCode).toBe(0);
    inbox.expectCustomers(4);
  });
});

describe('a sweep that is stopped by a signal', () => {
  it('leaves the run to the next sweep, which resumes it', async () => {
    inbox.drop('a.csv', buildLines(1, 8));
    const controller = new AbortController();
    const sweep = inbox.sweep({ signal: controller.signal, settings: { rate: '10' } });
    while (inbox.api.customers().length < 2) await new Promise((done) => setTimeout(done, 10));
    controller.abort('SIGTERM');
    expect((await sweep).exitCode).toBe(143);
    const { files } = await inbox.sweep();
    expect(files).toMatchObject([{ file: 'a.csv', outcome: 'done', counts: { created: 8 } }]);
    inbox.expectCustomers(8);
  });
});

it('a folder that nobody may write to is told of', async () => {
  const options = { folder: '/proc/self', settings: { stateDir: inbox.path('state') } };
  await expect(sweepFolder(options, () => undefined)).rejects.toMatchObject({ code: 'INBOX_UNUSABLE', exitCode: 3 });
});
