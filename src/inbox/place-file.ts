import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, lstat, mkdir, open, rename, rm, unlink, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readSystemCode } from '#src/errors.js';

/** Error codes of file systems without hard links. */
const noHardLinkCodes: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

/**
 * Moves a file to a name that is not in use, possibly on another disk, and creates the folder if necessary. Repeated
 * after a crash in the middle, it completes the move.
 *
 * @returns `taken` when the name is in use by something else; then nothing was moved
 */
export async function placeFile(from: string, to: string): Promise<'placed' | 'taken'> {
  await mkdir(dirname(to), { recursive: true });
  const result = await linkToFreeName(from, to);
  return result === 'other-disk' ? copyToOtherDisk(from, to) : result;
}

/** A rename would replace an existing file; a hard link cannot. */
async function linkToFreeName(from: string, to: string): Promise<'placed' | 'taken' | 'other-disk'> {
  try {
    await link(from, to);
  } catch (error) {
    const code = readSystemCode(error);
    if (code === 'EXDEV') return 'other-disk';
    if (code === 'EEXIST') return finishEarlierMove(from, to);
    if (!noHardLinkCodes.has(code)) throw error;
    return renameToFreeName(from, to);
  }
  await unlink(from);
  return 'placed';
}

async function finishEarlierMove(from: string, to: string): Promise<'placed' | 'taken'> {
  if (!(await isSameFile(from, to))) return 'taken';
  await unlink(from);
  return 'placed';
}

/** Without hard links, two processes that choose the same name at the same instant cannot be told apart. */
async function renameToFreeName(from: string, to: string): Promise<'placed' | 'taken' | 'other-disk'> {
  if (await exists(to)) return finishEarlierMove(from, to);
  try {
    await rename(from, to);
    return 'placed';
  } catch (error) {
    if (readSystemCode(error) === 'EXDEV') return 'other-disk';
    throw error;
  }
}

async function copyToOtherDisk(from: string, to: string): Promise<'placed' | 'taken'> {
  if (await exists(to)) return finishEarlierMove(from, to);
  const part = join(dirname(to), `.${basename(to)}.${process.pid}.part`);
  try {
    await copyFile(from, part);
    const handle = await open(part, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    const { atime, mtime } = await lstat(from);
    await utimes(part, atime, mtime);
    const placed = await linkToFreeName(part, to);
    if (placed === 'placed') await unlink(from);
    return placed === 'placed' ? 'placed' : 'taken';
  } finally {
    await rm(part, { force: true });
  }
}

/** Two names of one file, or two copies: either way, the first is no longer needed. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([lstat(a, { bigint: true }), lstat(b, { bigint: true })]);
  if (first.ino === second.ino && first.dev === second.dev) return true;
  if (!first.isFile() || !second.isFile() || first.size !== second.size) return false;
  return (await hashContent(a)) === (await hashContent(b));
}

async function hashContent(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Whether the name is in use. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
