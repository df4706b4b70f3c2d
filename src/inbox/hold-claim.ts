import { mkdirSync, rmSync } from 'node:fs';
import { rm, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { openExclusively } from '#src/sqlite/open-database.js';
import { type ClaimRecord, writeNote } from './claim-record.js';
import { claimFile, processingFolder } from './layout.js';
import type { Inbox } from './open-inbox.js';
import { exists, placeFile } from './place-file.js';

/** A file that is ours alone. */
export interface Claim {
  readonly id: string;
  /** Holds the file and what the import writes beside it. */
  readonly folder: string;
  /** The file itself. */
  readonly path: string;
  readonly record: ClaimRecord;
  note(change: Partial<ClaimRecord>): Promise<void>;
  /** Puts the file back where it was dropped. @returns false when a new file has its name: then it stays claimed */
  giveBack(): Promise<boolean>;
  /** Leaves it for a later sweep of this machine. */
  release(): void;
  /** There is nothing left to do. */
  finish(): Promise<void>;
}

const heartbeatMs = 10_000;

/** Holds a claim whose lock this process has. */
export function holdClaim(inbox: Inbox, id: string, first: ClaimRecord, unlock: () => void): Claim {
  const folder = join(processingFolder(inbox.folder), id);
  let record = first;
  const heart = setInterval(() => {
    const now = new Date();
    // Another machine sees that it changes; what clock it shows does not matter.
    utimes(join(folder, claimFile), now, now).catch(() => undefined);
  }, heartbeatMs).unref();
  const release = () => {
    clearInterval(heart);
    unlock();
  };
  const finish = async () => {
    await rm(folder, { recursive: true, force: true });
    release();
    removeLock(inbox, id);
  };
  return {
    id,
    folder,
    path: join(folder, first.file),
    get record() {
      return record;
    },
    async note(change) {
      record = { ...record, ...change };
      await writeNote(folder, record);
    },
    async giveBack() {
      const isBack = await putBack(inbox, folder, record);
      if (isBack) await finish();
      else release();
      return isBack;
    },
    release,
    finish,
  };
}

async function putBack(inbox: Inbox, folder: string, { file, doneFile }: ClaimRecord): Promise<boolean> {
  for (const name of doneFile === undefined ? [file] : [file, doneFile]) {
    const from = join(folder, name);
    if ((await exists(from)) && (await placeFile(from, join(inbox.folder, name))) === 'taken') return false;
  }
  return true;
}

/** Who this process is. */
export function owner(inbox: Inbox): Pick<ClaimRecord, 'machine' | 'host' | 'pid' | 'processStartedAt'> {
  return {
    machine: inbox.machine,
    host: hostname(),
    pid: process.pid,
    processStartedAt: new Date(Date.now() - process.uptime() * 1000).toISOString(),
  };
}

/**
 * A lock of the operating system says whether a claim is alive: it ends with its process, however that ends, and no
 * other process can have it by chance, as it can have a number. So a claim is never stolen, however long its process
 * sleeps.
 *
 * @returns the release, or `undefined` when a living process holds the claim
 */
export function lockClaim(inbox: Inbox, id: string): (() => void) | undefined {
  mkdirSync(join(inbox.stateFolder, 'inbox', 'claims'), { recursive: true, mode: 0o700 });
  return openExclusively(lockPath(inbox, id));
}

/** Forgets the lock of a claim that is no more. */
export function removeLock(inbox: Inbox, id: string): void {
  for (const side of ['', '-journal']) rmSync(`${lockPath(inbox, id)}${side}`, { force: true });
}

/** Whether this machine ever made such a claim. */
export function hasLock(inbox: Inbox, id: string): Promise<boolean> {
  return exists(lockPath(inbox, id));
}

function lockPath(inbox: Inbox, id: string): string {
  return join(inbox.stateFolder, 'inbox', 'claims', `${id}.lock.db`);
}
