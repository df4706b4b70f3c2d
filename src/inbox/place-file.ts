import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, lstat, mkdir, open, rename, rm, unlink, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** How file systems say that they have no hard links. */
const noHardLinkCodes: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

/**
 * Moves a file to a name that nothing has yet, also to another disk; makes the folder. A second try after a crash in
 * the middle finishes what the first began.
 *
 * @returns `taken` when something else has the name; then nothing was moved
 */
export async function placeFile(from: string, to: string): Promise<'placed' | 'taken'> {
  await mkdir(dirname(to), { recursive: true });
  const how = await linkToFreeName(from, to);
  if (how === 'other-disk') return copyToOtherDisk(from, to);
  return how;
}

/** A rename would replace whatever is there; a second name for the same file cannot. */
async function linkToFreeName(from: string, to: string): Promise<'placed' | 'taken' | 'other-disk'> {
  try {
    await link(from, to);
  } catch (error) {
    const code = systemCode(error);
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

/** Where there are no hard links, two that choose one name in the same instant are not told apart. */
async function renameToFreeName(from: string, to: string): Promise<'placed' | 'taken' | 'other-disk'> {
  if (await exists(to)) return finishEarlierMove(from, to);
  try {
    await rename(from, to);
    return 'placed';
  } catch (error) {
    if (systemCode(error) === 'EXDEV') return 'other-disk';
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

/** The same file under two names, or two copies: either way the first is not needed any more. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([lstat(one, { bigint: true }), lstat(other, { bigint: true })]);
  if (first.ino === second.ino && first.dev === second.dev) return true;
  if (!first.isFile() || !second.isFile() || first.size !== second.size) return false;
  return (await hashContent(one)) === (await hashContent(other));
}

async function hashContent(path: string): Promise<string> {
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

/** The code of an error of the operating system, e.g. `ENOENT`; empty for any other error. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
