import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, lstat, mkdir, open, rename, rm, unlink, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCode } from './system-code.js';

/** How file systems say that they have no hard links. */
const noLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

/**
 * Moves a file to a name that nothing has yet, also to another disk; makes the folder. A second try after a crash in
 * the middle finishes what the first began.
 *
 * @returns `taken` when something else has the name; then nothing was moved
 */
export async function placeFile(from: string, to: string): Promise<'placed' | 'taken'> {
  await mkdir(dirname(to), { recursive: true });
  const how = await give(from, to);
  if (how === 'other-disk') return copyAcross(from, to);
  return how;
}

/** A rename would replace whatever is there; a second name for the same file cannot. */
async function give(from: string, to: string): Promise<'placed' | 'taken' | 'other-disk'> {
  try {
    await link(from, to);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EXDEV') return 'other-disk';
    if (code === 'EEXIST') return giveAgain(from, to);
    if (!noLinks.has(code)) throw error;
    return renameToFree(from, to);
  }
  await unlink(from);
  return 'placed';
}

async function giveAgain(from: string, to: string): Promise<'placed' | 'taken'> {
  if (!(await isSameFile(from, to))) return 'taken';
  await unlink(from);
  return 'placed';
}

/** Where there are no hard links, two that choose one name in the same instant are not told apart. */
async function renameToFree(from: string, to: string): Promise<'placed' | 'taken' | 'other-disk'> {
  if (await exists(to)) return giveAgain(from, to);
  try {
    await rename(from, to);
    return 'placed';
  } catch (error) {
    if (systemCode(error) === 'EXDEV') return 'other-disk';
    throw error;
  }
}

async function copyAcross(from: string, to: string): Promise<'placed' | 'taken'> {
  if (await exists(to)) return giveAgain(from, to);
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
    const placed = await give(part, to);
    if (placed === 'placed') await unlink(from);
    return placed === 'placed' ? 'placed' : 'taken';
  } finally {
    await rm(part, { force: true });
  }
}

/** The same file under two names, or two copies: either way the first is not needed any more. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([lstat(one, { bigint: true }), lstat(other, { bigint: true })]);
  if (first.ino === second.ino && first.dev === second.dev) return true;
  if (!first.isFile() || !second.isFile() || first.size !== second.size) return false;
  return (await contentOf(one)) === (await contentOf(other));
}

async function contentOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Whether anything has this name. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
