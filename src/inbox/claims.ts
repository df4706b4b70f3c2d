import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { lstat, lutimes, mkdir, readdir, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { publishMilestone } from '#pipelines/milestones.js';
import { InputError, readSystemCode } from '#src/errors.js';
import { tryLockFile } from '#src/sqlite/open-database.js';
import type { ClaimRecord } from './claim-records.js';
import { adviseOnLink, buildProcessingPath, claimNoteFile, folderNames, newClaimPrefix } from './folder-layout.js';
import { type HeldFolder, inFolder } from './held-folder.js';
import type { Inbox } from './open-inbox.js';
import { copyContent, exists, isSameFile, openRegularFile, placeFile } from './place-file.js';
import { buildIdentity, type FileStat, isSameInode } from './scan-folder.js';

/** A file that only this process may work on. */
export interface Claim {
  readonly id: string;
  /** Contains the copy of the file that is imported, and what the import writes beside it. In the state folder. */
  readonly folder: string;
  /** Path of the copy. */
  readonly path: string;
  readonly record: ClaimRecord;
  /** Changes the record. */
  update(change: Partial<ClaimRecord>): Promise<void>;
  /** Makes the copy, unless there is one. @throws InputError `CLAIM_REPLACED` when something else has taken the file's place */
  copyFile(): Promise<void>;
  /** Whether the writer of the file has continued with it since it was claimed. */
  hasGrown(): Promise<boolean>;
  /** Works with what was claimed, in its folder in `processing/`. @returns `undefined` when that folder is no longer there */
  inProcessing<T>(work: (folder: HeldFolder) => Promise<T>): Promise<T | undefined>;
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
  const folder = inbox.claims.path(id);
  const path = join(folder, first.file);
  let record = first;
  const inProcessing: Claim['inProcessing'] = (work) => inClaimFolder(inbox, id, work);
  const heartbeat = setInterval(() => {
    const now = new Date();
    // Other instances only check that the time changes, so the clocks need not agree.
    inProcessing((held) => lutimes(held.at(claimNoteFile), now, now)).catch(() => undefined);
  }, heartbeatIntervalMs).unref();
  const release = () => {
    clearInterval(heartbeat);
    unlock();
  };
  const finish = async () => {
    await rm(folder, { recursive: true, force: true });
    await removeClaimFolders(inbox, id);
    await inbox.claims.remove(id);
    release();
    removeLock(inbox, id);
  };
  return {
    id,
    folder,
    path,
    get record() {
      return record;
    },
    async update(change) {
      record = { ...record, ...change };
      await inbox.claims.write(id, record);
    },
    async copyFile() {
      if (!(await exists(path))) await copyClaimedFile(inbox, id, record, folder);
    },
    async hasGrown() {
      const identity = await inProcessing((held) => readIdentity(held.at(record.file))).catch(ignoreInputError);
      return identity !== undefined && identity !== record.identity && isSameInode(identity, record.identity);
    },
    inProcessing,
    async returnFile() {
      const isReturned = (await inProcessing((held) => moveBack(inbox, held, record))) ?? true;
      if (isReturned) await finish();
      else release();
      return isReturned;
    },
    release,
    finish,
  };
}

/** The folder of a claim, if it is there. @throws InputError `FOLDER_IS_LINK` */
async function inClaimFolder<T>(
  inbox: Inbox,
  id: string,
  work: (folder: HeldFolder) => Promise<T>,
): Promise<T | undefined> {
  const linkAdvice = 'Remove it. If it was the folder of a claimed file, import that file again.';
  let isThere = false;
  try {
    return await inFolder(inbox.folder, [folderNames.processing, id], { create: false, linkAdvice }, (folder) => {
      isThere = true;
      return work(folder);
    });
  } catch (error) {
    if (!isThere && readSystemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** `undefined` for what is not there, or is not a file. */
async function readIdentity(path: string): Promise<string | undefined> {
  try {
    const stats = await lstat(path, { bigint: true });
    return stats.isFile() ? buildIdentity(stats) : undefined;
  } catch (error) {
    if (readSystemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The import reads a copy that nobody else can write to, or put a link in the place of. */
async function copyClaimedFile(inbox: Inbox, id: string, record: ClaimRecord, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, record.file);
  const part = `${path}.part`;
  await rm(part, { force: true });
  const isCopied = await inClaimFolder(inbox, id, async (held) => {
    const source = await openRegularFile(held.at(record.file)).catch((error: unknown) => {
      throw readSystemCode(error) === 'NOT_REGULAR' ? createReplacedError(held, record) : error;
    });
    try {
      const stats = await source.stat({ bigint: true });
      if (stats.dev !== held.device || !isSameInode(buildIdentity(stats), record.identity))
        throw createReplacedError(held, record);
      await copyContent(source, part);
    } finally {
      await source.close();
    }
    await rename(part, path);
    return true;
  });
  if (isCopied === undefined) throw createReplacedError({ path: join(buildProcessingPath(inbox.folder), id) }, record);
}

function createReplacedError({ path }: Pick<HeldFolder, 'path'>, { file }: ClaimRecord): InputError {
  return new InputError(`${join(path, file)} is no longer the file that was claimed, so it is not read.`, {
    code: 'CLAIM_REPLACED',
  });
}

/** Whether the file of this name in the folder of a claim is the one that was claimed; a copy of it also counts. */
export async function isClaimedFile(held: HeldFolder, { record, path }: Claim): Promise<boolean> {
  const identity = await readIdentity(held.at(record.file));
  if (identity === undefined) return false;
  if (isSameInode(identity, record.identity)) return true;
  return (await exists(path)) && isSameFile(held.at(record.file), path);
}

async function moveBack(inbox: Inbox, held: HeldFolder, { file, doneFile }: ClaimRecord): Promise<boolean> {
  return inFolder(inbox.folder, [], { create: false }, async (dropFolder) => {
    for (const name of doneFile === undefined ? [file] : [file, doneFile])
      if (
        (await readIdentity(held.at(name))) !== undefined &&
        (await placeFile(held.at(name), dropFolder.at(name))) === 'taken'
      )
        return false;
    return true;
  });
}

/** Removes the folder of a claim in `processing/`. What somebody else has put into it stays, and is reported by the next sweep. */
async function removeClaimFolders(inbox: Inbox, id: string): Promise<void> {
  const options = { create: false };
  await inFolder(inbox.folder, [folderNames.processing], options, async (processing) => {
    for (const name of [id, `${newClaimPrefix}${id}`]) {
      await inFolder(processing.at('.'), [name], options, async (held) => {
        for (const entry of await readdir(held.at('.'))) if (entry.startsWith('.')) await unlink(held.at(entry));
      }).catch(() => undefined);
      await rmdir(processing.at(name)).catch(() => undefined);
    }
  }).catch(() => undefined);
}

/**
 * Locks a claim with a lock of the operating system, which ends with its process, however that ends. Unlike a process
 * id, it cannot belong to another process by chance. So a claim is never stolen, however long its process sleeps.
 *
 * @returns the release, or `undefined` when a live process holds the claim
 */
function lockClaim(inbox: Inbox, id: string): (() => void) | undefined {
  return tryLockFile(lockPath(inbox, id));
}

/** Removes the lock of a claim that no longer exists. */
function removeLock(inbox: Inbox, id: string): void {
  for (const suffix of ['', '-journal']) rmSync(`${lockPath(inbox, id)}${suffix}`, { force: true });
}

function lockPath(inbox: Inbox, id: string): string {
  return `${inbox.claims.path(id)}.lock.db`;
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
    ...{ version: 1, inbox: inbox.memory.inbox ?? '', file: stat.name, job, identity: stat.identity, firstSeenMs },
    ...(doneFile === undefined ? {} : { doneFile }),
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
  const { file, identity } = claim.record;
  try {
    const moved = await inFolder(inbox.folder, [], { create: false }, (dropFolder) =>
      claim.inProcessing(async (held) => {
        // The done-file first: left behind, it would vouch for the next file of this name.
        if (doneFile !== undefined) await rename(dropFolder.at(doneFile), held.at(doneFile));
        await rename(dropFolder.at(file), held.at(file));
        return readIdentity(held.at(file));
      }),
    );
    if (moved === identity) return { kind: 'taken', claim };
    return { kind: 'not-yet', why: 'it changed while it was being claimed' };
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
}

const lockedFileCodes: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EBUSY', 'ETXTBSY']);

/** The record is written first, and the folder gets its final name when its note is in it: neither is ever without the other. */
async function createClaim(inbox: Inbox, id: string, record: ClaimRecord, release: () => void): Promise<Claim> {
  const unfinished = `${newClaimPrefix}${id}`;
  try {
    await inbox.claims.write(id, record);
    await inFolder(
      inbox.folder,
      [folderNames.processing],
      { create: true, linkAdvice: adviseOnLink('processing') },
      async (processing) => {
        await inFolder(processing.at('.'), [unfinished], { create: true }, (held) =>
          writeFile(held.at(claimNoteFile), describeClaim(record), { flag: 'wx' }),
        );
        await rename(processing.at(unfinished), processing.at(id));
      },
    );
  } catch (error) {
    await removeClaimFolders(inbox, id);
    await inbox.claims.remove(id);
    release();
    removeLock(inbox, id);
    throw error;
  }
  return holdClaim(inbox, id, record, release);
}

/** The note beside a claimed file. */
function describeClaim({ file, job }: ClaimRecord): string {
  return [
    `${file} was claimed at ${new Date().toISOString()} by the job ${job}:`,
    `process ${process.pid} on ${hostname()}.`,
    'It is being imported, or the next sweep on that machine continues with it. Please change nothing here.',
    'This note is for people. No program reads it.',
    '',
  ].join('\n');
}

function createClaimName(now: Date): string {
  const [date = '', time = ''] = now.toISOString().replaceAll(/[-:]/g, '').split('T');
  return `${date}-${time.slice(0, 6)}-${randomBytes(4).toString('hex')}`;
}

/** What is in `processing/` and is not a claim of this instance. Nothing in it is read. */
export interface Stranger {
  readonly name: string;
  /** The last sign of life of another instance, or what is in the place of a claim. Epoch milliseconds. */
  readonly found: { readonly heartbeatMs: number } | { readonly fact: string };
}

interface FoundClaims {
  /** Left by an earlier process of this instance. */
  readonly ours: readonly Claim[];
  readonly strangers: readonly Stranger[];
  /** How many more there are, at which nobody has looked. */
  readonly more: number;
}

/** Anybody who may write to the folder can make thousands of them, and each costs two calls to the file system. */
const maxStrangers = 200;

/** Adopts the claims of this instance that no process holds, and lists whatever else is in `processing/`. */
export async function findClaims(inbox: Inbox): Promise<FoundClaims> {
  const known = new Set<string>();
  const ours: Claim[] = [];
  for (const id of await inbox.claims.list()) {
    const record = await inbox.claims.read(id);
    if (record === undefined || record.inbox !== inbox.memory.inbox) continue;
    known.add(id);
    const claim = await adoptClaim(inbox, id);
    if (claim !== undefined) ours.push(claim);
  }
  return inFolder(inbox.folder, [folderNames.processing], { create: false }, async (processing) => {
    const names = (await readdir(processing.at('.')))
      .filter((name) => !name.startsWith('.') && !known.has(name))
      .sort();
    const strangers: Stranger[] = [];
    for (const name of names.slice(0, maxStrangers)) {
      const stranger = await describeStranger(processing, name);
      if (stranger !== undefined) strangers.push(stranger);
    }
    return { ours, strangers, more: Math.max(0, names.length - maxStrangers) };
  });
}

async function describeStranger(processing: HeldFolder, name: string): Promise<Stranger | undefined> {
  try {
    const stats = await lstat(processing.at(name));
    if (stats.isSymbolicLink()) return { name, found: { fact: 'it is a link' } };
    if (!stats.isDirectory()) return { name, found: { fact: 'it is not a folder' } };
    const note = await lstat(processing.at(join(name, claimNoteFile))).catch(() => undefined);
    if (note?.isFile() === true) return { name, found: { heartbeatMs: note.mtimeMs } };
    return { name, found: { fact: 'no program of this kind has made it, or somebody has changed it' } };
  } catch (error) {
    if (readSystemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function adoptClaim(inbox: Inbox, id: string): Promise<Claim | undefined> {
  const release = lockClaim(inbox, id);
  if (release === undefined) return undefined;
  // Another process may have finished it before the lock was taken.
  const record = await inbox.claims.read(id);
  if (record === undefined) {
    release();
    removeLock(inbox, id);
    return undefined;
  }
  const claim = holdClaim(inbox, id, record, release);
  if (record.plan !== undefined || (await exists(claim.path)) || (await isOccupied(claim))) {
    await claim.update({ attempts: record.attempts + 1 });
    return claim;
  }
  // Its process died before the file was moved in, perhaps after the done-file was.
  await claim.returnFile();
  return undefined;
}

/** Whether anything is in the place of the claimed file, or of its folder. */
async function isOccupied(claim: Claim): Promise<boolean> {
  const found = claim.inProcessing((held) => exists(held.at(claim.record.file)));
  return (await found.then((isFound) => isFound ?? false, ignoreInputError)) ?? true;
}

function ignoreInputError(error: unknown): undefined {
  if (!(error instanceof InputError)) throw error;
}
