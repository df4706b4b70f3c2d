import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { publishMilestone } from '#pipelines/milestones.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { tryLockFile } from '#src/sqlite/open-database.js';
import { buildProcessingPath, claimRecordFile, type Destination, newClaimPrefix } from './folder-layout.js';
import type { Inbox } from './open-inbox.js';
import { exists, placeFile, systemCode } from './place-file.js';
import { type FileStat, readFileIdentity } from './scan-folder.js';

/** What a claim's folder says of it, for other machines and for people. */
export interface ClaimRecord {
  readonly version: 1;
  /** As it was dropped. */
  readonly file: string;
  /** The writer's word that the file is whole, taken along with it. */
  readonly doneFile?: string;
  readonly job: string;
  /** What the file was like when it was taken: any change since then is a writer who was not done. */
  readonly identity: string;
  readonly firstSeenMs: number;
  /** Name of the state folder whose ledger knows what was sent. */
  readonly machine: string;
  readonly host: string;
  readonly pid: number;
  readonly processStartedAt: string;
  readonly claimedAt: string;
  /** How often a process has taken it up. */
  readonly attempts: number;
  /** Where everything goes, once that is settled. */
  readonly plan?: ArchivePlan;
}

export type Product = 'input' | 'results' | 'rejects' | 'other';

/** Where each file of a claim goes. It is written down before the first one goes, so that a crash changes nothing. */
interface ArchivePlan {
  readonly shelf: Destination;
  readonly moves: readonly Move[];
}

export interface Move {
  readonly product: Product;
  /** Name in the claim's folder. */
  readonly from: string;
  /** Absolute. */
  readonly to: string;
}

/** Writes the note of a claim; whoever reads it sees the old one or the new one. */
async function writeClaimRecord(folder: string, record: ClaimRecord): Promise<void> {
  const file = await beginAtomicFile(join(folder, claimRecordFile));
  try {
    await file.handle.writeFile(`${JSON.stringify(record, null, 2)}\n`);
    await file.commit();
  } finally {
    await file.discard();
  }
}

/**
 * Reads the note of a claim.
 *
 * @returns with it its last sign of life; `undefined` when there is no claim
 */
async function readClaimRecord(folder: string): Promise<{ record: ClaimRecord; beat: number } | undefined> {
  const path = join(folder, claimRecordFile);
  try {
    const record = JSON.parse(await readFile(path, 'utf8')) as ClaimRecord;
    return { record, beat: (await lstat(path)).mtimeMs };
  } catch (error) {
    if (error instanceof SyntaxError || ['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return undefined;
    throw error;
  }
}

/** A file that is ours alone. */
export interface Claim {
  readonly id: string;
  /** Holds the file and what the import writes beside it. */
  readonly folder: string;
  /** The file itself. */
  readonly path: string;
  readonly record: ClaimRecord;
  update(change: Partial<ClaimRecord>): Promise<void>;
  /** Puts the file back where it was dropped. @returns false when a new file has its name: then it stays claimed */
  returnFile(): Promise<boolean>;
  /** Leaves it for a later sweep of this machine. */
  release(): void;
  /** There is nothing left to do. */
  finish(): Promise<void>;
}

const heartbeatMs = 10_000;

/** Holds a claim whose lock this process has. */
function holdClaim(inbox: Inbox, id: string, first: ClaimRecord, unlock: () => void): Claim {
  const folder = join(buildProcessingPath(inbox.folder), id);
  let record = first;
  const heart = setInterval(() => {
    const now = new Date();
    // Another machine sees that it changes; what clock it shows does not matter.
    utimes(join(folder, claimRecordFile), now, now).catch(() => undefined);
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
    async update(change) {
      record = { ...record, ...change };
      await writeClaimRecord(folder, record);
    },
    async returnFile() {
      const isBack = await moveBack(inbox, folder, record);
      if (isBack) await finish();
      else release();
      return isBack;
    },
    release,
    finish,
  };
}

async function moveBack(inbox: Inbox, folder: string, { file, doneFile }: ClaimRecord): Promise<boolean> {
  for (const name of doneFile === undefined ? [file] : [file, doneFile]) {
    const from = join(folder, name);
    if ((await exists(from)) && (await placeFile(from, join(inbox.folder, name))) === 'taken') return false;
  }
  return true;
}

/** Who this process is. */
function describeOwner(inbox: Inbox): Pick<ClaimRecord, 'machine' | 'host' | 'pid' | 'processStartedAt'> {
  return {
    machine: inbox.instanceId,
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
function lockClaim(inbox: Inbox, id: string): (() => void) | undefined {
  mkdirSync(join(inbox.stateFolder, 'inbox', 'claims'), { recursive: true, mode: 0o700 });
  return tryLockFile(lockPath(inbox, id));
}

/** Forgets the lock of a claim that is no more. */
function removeLock(inbox: Inbox, id: string): void {
  for (const side of ['', '-journal']) rmSync(`${lockPath(inbox, id)}${side}`, { force: true });
}

/** Whether this machine ever made such a claim. */
function hasLock(inbox: Inbox, id: string): Promise<boolean> {
  return exists(lockPath(inbox, id));
}

function lockPath(inbox: Inbox, id: string): string {
  return join(inbox.stateFolder, 'inbox', 'claims', `${id}.lock.db`);
}

type TakeResult =
  | { readonly kind: 'taken'; readonly claim: Claim }
  /** Somebody else took it, or it was taken away. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'not-yet'; readonly why: string };

/** Takes a file out of the drop folder by a rename, which only one of several can do. */
export async function takeFile(
  inbox: Inbox,
  seen: FileStat,
  facts: { readonly job: string; readonly firstSeenMs: number; readonly doneFile?: string },
): Promise<TakeResult> {
  const id = createClaimName(new Date());
  const release = lockClaim(inbox, id);
  // A name of our own that is made at random is free.
  if (release === undefined) return { kind: 'not-yet', why: 'its claim is held by another process' };
  const { job, firstSeenMs, doneFile } = facts;
  const record: ClaimRecord = {
    ...{ version: 1, file: seen.name, job, identity: seen.identity, firstSeenMs },
    ...(doneFile === undefined ? {} : { doneFile }),
    ...describeOwner(inbox),
    claimedAt: new Date().toISOString(),
    attempts: 1,
  };
  const claim = await createClaim(inbox, id, record, release);
  publishMilestone('after-claim-note');
  const taken = await moveIntoClaim(inbox, claim, doneFile).catch(async (error: unknown) => {
    await claim.returnFile();
    throw error;
  });
  if (taken.kind !== 'taken') await claim.returnFile();
  publishMilestone('after-claim');
  return taken;
}

async function moveIntoClaim(inbox: Inbox, claim: Claim, doneFile: string | undefined): Promise<TakeResult> {
  try {
    // The done-file first: left alone, it would vouch for the next file of this name.
    if (doneFile !== undefined) await rename(join(inbox.folder, doneFile), join(claim.folder, doneFile));
    await rename(join(inbox.folder, claim.record.file), claim.path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return { kind: 'gone' };
    if (code === 'EXDEV')
      return {
        kind: 'not-yet',
        why: `${buildProcessingPath(inbox.folder)} is on another disk, so it cannot be claimed`,
      };
    if (lockedFileCodes.has(code))
      return { kind: 'not-yet', why: `it cannot be moved (${code}): another program may have it open` };
    throw error;
  }
  if ((await readFileIdentity(claim.path)) === claim.record.identity) return { kind: 'taken', claim };
  return { kind: 'not-yet', why: 'it was changed at the last moment' };
}

const lockedFileCodes: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EBUSY', 'ETXTBSY']);

/** The folder appears with its note in it, so that no claim is ever without one. */
async function createClaim(inbox: Inbox, id: string, record: ClaimRecord, release: () => void): Promise<Claim> {
  const folder = join(buildProcessingPath(inbox.folder), id);
  const beginning = join(buildProcessingPath(inbox.folder), `${newClaimPrefix}${id}`);
  try {
    await mkdir(beginning);
    await writeClaimRecord(beginning, record);
    await rename(beginning, folder);
  } catch (error) {
    release();
    throw error;
  }
  return holdClaim(inbox, id, record, release);
}

function createClaimName(now: Date): string {
  const [date = '', time = ''] = now.toISOString().replaceAll(/[-:]/g, '').split('T');
  return `${date}-${time.slice(0, 6)}-${randomBytes(4).toString('hex')}`;
}

/** What an earlier process has left, or another one holds. */
type FoundClaim =
  | { readonly kind: 'ours'; readonly claim: Claim }
  | { readonly kind: 'live' }
  /** Only the machine that made it knows what was sent of it. */
  | { readonly kind: 'foreign'; readonly id: string; readonly record: ClaimRecord; readonly beat: number };

/** Goes through the claims in the folder and takes up those of this machine that nobody holds. */
export async function findClaims(inbox: Inbox): Promise<readonly FoundClaim[]> {
  const found: FoundClaim[] = [];
  for (const id of (await readdir(buildProcessingPath(inbox.folder))).sort()) {
    if (id.startsWith(newClaimPrefix)) await removeUnfinishedClaim(inbox, id);
    else {
      const one = await adoptClaim(inbox, id);
      if (one !== undefined) found.push(one);
    }
  }
  return found;
}

async function adoptClaim(inbox: Inbox, id: string): Promise<FoundClaim | undefined> {
  const seen = await readClaimRecord(join(buildProcessingPath(inbox.folder), id));
  if (seen === undefined) return undefined;
  if (seen.record.machine !== inbox.instanceId) return { kind: 'foreign', id, ...seen };
  const release = lockClaim(inbox, id);
  if (release === undefined) return { kind: 'live' };
  // It may have been finished between the two.
  const note = await readClaimRecord(join(buildProcessingPath(inbox.folder), id));
  if (note === undefined) {
    release();
    return undefined;
  }
  const claim = holdClaim(inbox, id, note.record, release);
  if ((await exists(claim.path)) || note.record.plan !== undefined) {
    await claim.update({ ...describeOwner(inbox), attempts: note.record.attempts + 1 });
    return { kind: 'ours', claim };
  }
  // Its process died before the file was in; a done-file may be.
  await claim.returnFile();
  return undefined;
}

async function removeUnfinishedClaim(inbox: Inbox, name: string): Promise<void> {
  const id = name.slice(newClaimPrefix.length);
  if (!(await hasLock(inbox, id))) return;
  const release = lockClaim(inbox, id);
  if (release === undefined) return;
  await rm(join(buildProcessingPath(inbox.folder), name), { recursive: true, force: true });
  release();
  removeLock(inbox, id);
}
