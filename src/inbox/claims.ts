import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { publishMilestone } from '#pipelines/milestones.js';
import { readSystemCode } from '#src/errors.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { tryLockFile } from '#src/sqlite/open-database.js';
import { buildProcessingPath, claimRecordFile, type Destination, newClaimPrefix } from './folder-layout.js';
import type { Inbox } from './open-inbox.js';
import { exists, placeFile } from './place-file.js';
import { type FileStat, readFileIdentity } from './scan-folder.js';

/** The file in a claim's folder that describes the claim, for other instances and for people. */
export interface ClaimRecord {
  readonly version: 1;
  /** Name of the dropped file. */
  readonly file: string;
  /** Name of its done-file, which is claimed with it. */
  readonly doneFile?: string;
  readonly job: string;
  /** Identity of the file when it was claimed. If it changes later, its writer had not finished. */
  readonly identity: string;
  readonly firstSeenMs: number;
  /** Id of the instance whose ledger knows what was sent. */
  readonly machine: string;
  readonly host: string;
  readonly pid: number;
  readonly processStartedAt: string;
  readonly claimedAt: string;
  /** How many processes have worked on it. */
  readonly attempts: number;
  /** Where its files go, once that is decided. */
  readonly plan?: ArchivePlan;
}

/** What a file of a claim is. */
export type Product = 'input' | 'results' | 'rejects' | 'review' | 'other';

/** Where each file of a claim goes. It is recorded before the first one is moved, so that a crash cannot change it. */
interface ArchivePlan {
  /** The destination; recorded claims have it under this name. */
  readonly shelf: Destination;
  readonly moves: readonly Move[];
}

/** The move of one file into the archive. */
export interface Move {
  readonly product: Product;
  /** Name in the claim's folder. */
  readonly from: string;
  /** Absolute path. */
  readonly to: string;
}

/** Replaces the record of a claim; readers see either the old one or the new one. */
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
 * Reads the record of a claim.
 *
 * @returns the record and its last heartbeat, or `undefined` when there is no claim
 */
async function readClaimRecord(folder: string): Promise<{ record: ClaimRecord; heartbeatMs: number } | undefined> {
  const path = join(folder, claimRecordFile);
  try {
    const record = JSON.parse(await readFile(path, 'utf8')) as ClaimRecord;
    return { record, heartbeatMs: (await lstat(path)).mtimeMs };
  } catch (error) {
    if (error instanceof SyntaxError || ['ENOENT', 'ENOTDIR'].includes(readSystemCode(error))) return undefined;
    throw error;
  }
}

/** A file that only this process may work on. */
export interface Claim {
  readonly id: string;
  /** Contains the file and what the import writes beside it. */
  readonly folder: string;
  /** Path of the claimed file. */
  readonly path: string;
  readonly record: ClaimRecord;
  /** Changes the record. */
  update(change: Partial<ClaimRecord>): Promise<void>;
  /** Puts the file back where it was dropped. @returns false when a new file has its name; then it stays claimed */
  returnFile(): Promise<boolean>;
  /** Leaves the claim to a later sweep of this instance. */
  release(): void;
  /** Removes the claim, when everything is done. */
  finish(): Promise<void>;
}

const heartbeatIntervalMs = 10_000;

/** The claim of a file whose lock this process holds. */
function holdClaim(inbox: Inbox, id: string, first: ClaimRecord, unlock: () => void): Claim {
  const folder = join(buildProcessingPath(inbox.folder), id);
  let record = first;
  const heartbeat = setInterval(() => {
    const now = new Date();
    // Other instances only check that the time changes, so the clocks need not agree.
    utimes(join(folder, claimRecordFile), now, now).catch(() => undefined);
  }, heartbeatIntervalMs).unref();
  const release = () => {
    clearInterval(heartbeat);
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
      const isReturned = await moveBack(inbox, folder, record);
      if (isReturned) await finish();
      else release();
      return isReturned;
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

/** Identifies this process in a record. */
function describeOwner(inbox: Inbox): Pick<ClaimRecord, 'machine' | 'host' | 'pid' | 'processStartedAt'> {
  return {
    machine: inbox.instanceId,
    host: hostname(),
    pid: process.pid,
    processStartedAt: new Date(Date.now() - process.uptime() * 1000).toISOString(),
  };
}

/**
 * Locks a claim with a lock of the operating system, which ends with its process, however that ends. Unlike a process
 * id, it cannot belong to another process by chance. So a claim is never stolen, however long its process sleeps.
 *
 * @returns the release, or `undefined` when a live process holds the claim
 */
function lockClaim(inbox: Inbox, id: string): (() => void) | undefined {
  mkdirSync(join(inbox.stateFolder, 'inbox', 'claims'), { recursive: true, mode: 0o700 });
  return tryLockFile(lockPath(inbox, id));
}

/** Removes the lock of a claim that no longer exists. */
function removeLock(inbox: Inbox, id: string): void {
  for (const suffix of ['', '-journal']) rmSync(`${lockPath(inbox, id)}${suffix}`, { force: true });
}

/** Whether this instance made the claim. */
function hasLock(inbox: Inbox, id: string): Promise<boolean> {
  return exists(lockPath(inbox, id));
}

function lockPath(inbox: Inbox, id: string): string {
  return join(inbox.stateFolder, 'inbox', 'claims', `${id}.lock.db`);
}

type TakeResult =
  | { readonly kind: 'taken'; readonly claim: Claim }
  /** Another process claimed it, or it was removed. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'not-yet'; readonly why: string };

/** Claims a file by renaming it, which succeeds for only one of several processes. */
export async function takeFile(
  inbox: Inbox,
  stat: FileStat,
  facts: { readonly job: string; readonly firstSeenMs: number; readonly doneFile?: string },
): Promise<TakeResult> {
  const id = createClaimName(new Date());
  const release = lockClaim(inbox, id);
  // The random name makes this practically impossible.
  if (release === undefined) return { kind: 'not-yet', why: 'another process has claimed it' };
  const { job, firstSeenMs, doneFile } = facts;
  const record: ClaimRecord = {
    ...{ version: 1, file: stat.name, job, identity: stat.identity, firstSeenMs },
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
    // The done-file first: left behind, it would vouch for the next file of this name.
    if (doneFile !== undefined) await rename(join(inbox.folder, doneFile), join(claim.folder, doneFile));
    await rename(join(inbox.folder, claim.record.file), claim.path);
  } catch (error) {
    const code = readSystemCode(error);
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
  return { kind: 'not-yet', why: 'it changed while it was being claimed' };
}

const lockedFileCodes: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EBUSY', 'ETXTBSY']);

/** The folder gets its final name when its record is in it, so that no claim is ever without one. */
async function createClaim(inbox: Inbox, id: string, record: ClaimRecord, release: () => void): Promise<Claim> {
  const folder = join(buildProcessingPath(inbox.folder), id);
  const unfinished = join(buildProcessingPath(inbox.folder), `${newClaimPrefix}${id}`);
  try {
    await mkdir(unfinished);
    await writeClaimRecord(unfinished, record);
    await rename(unfinished, folder);
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

/** A claim that an earlier process left, or that another process holds. */
type FoundClaim =
  | { readonly kind: 'ours'; readonly claim: Claim }
  | { readonly kind: 'live' }
  /** Of another instance; only its ledger knows what was sent. */
  | { readonly kind: 'foreign'; readonly id: string; readonly record: ClaimRecord; readonly heartbeatMs: number };

/** Lists the claims in the folder, and adopts those of this instance that no process holds. */
export async function findClaims(inbox: Inbox): Promise<readonly FoundClaim[]> {
  const found: FoundClaim[] = [];
  for (const id of (await readdir(buildProcessingPath(inbox.folder))).sort()) {
    if (id.startsWith(newClaimPrefix)) await removeUnfinishedClaim(inbox, id);
    else {
      const claim = await adoptClaim(inbox, id);
      if (claim !== undefined) found.push(claim);
    }
  }
  return found;
}

async function adoptClaim(inbox: Inbox, id: string): Promise<FoundClaim | undefined> {
  const folder = join(buildProcessingPath(inbox.folder), id);
  const seen = await readClaimRecord(folder);
  if (seen === undefined) return undefined;
  if (seen.record.machine !== inbox.instanceId) return { kind: 'foreign', id, ...seen };
  const release = lockClaim(inbox, id);
  if (release === undefined) return { kind: 'live' };
  // Another process may have finished it before the lock was taken.
  const locked = await readClaimRecord(folder);
  if (locked === undefined) {
    release();
    return undefined;
  }
  const { record } = locked;
  const claim = holdClaim(inbox, id, record, release);
  if ((await exists(claim.path)) || record.plan !== undefined) {
    await claim.update({ ...describeOwner(inbox), attempts: record.attempts + 1 });
    return { kind: 'ours', claim };
  }
  // Its process died before the file was moved in, perhaps after the done-file was.
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
