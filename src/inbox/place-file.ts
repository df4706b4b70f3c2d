import { createHash, randomBytes } from 'node:crypto';
import { constants, type FileHandle, link, lstat, mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readSystemCode } from '#src/errors.js';

/** Error codes of file systems without hard links. */
const noHardLinkCodes: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

/**
 * Moves a file to a name that is not in use, possibly on another disk, and creates the folder if necessary. Repeated
 * after a crash in the middle, it completes the move. A link is never followed.
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
  const part = join(dirname(to), `.${basename(to)}.${process.pid}-${randomBytes(3).toString('hex')}.part`);
  const source = await openRegularFile(from);
  try {
    await copyContent(source, part);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await source.close();
  }
  const placed = await linkToFreeName(part, to);
  if (placed === 'placed') await unlink(from);
  else await rm(part, { force: true });
  return placed === 'placed' ? 'placed' : 'taken';
}

/**
 * Opens a file that somebody else may have put there.
 *
 * @throws an error with the code `NOT_REGULAR` for a link, a pipe, a folder or a device. None of them is waited for
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const handle = await open(path, safeReadFlags).catch((error: unknown) => {
    throw ['ELOOP', 'EISDIR', 'ENXIO'].includes(readSystemCode(error)) ? createNotRegularError(path) : error;
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw createNotRegularError(path);
}

/** Windows has neither of the two. */
const safeReadFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

function createNotRegularError(path: string): Error {
  return Object.assign(new Error(`${path} is not a regular file.`), { code: 'NOT_REGULAR' });
}

/** Copies an open file to a new one, with its rights and times. @throws the system's error when there is something already */
export async function copyContent(source: FileHandle, to: string): Promise<void> {
  const { mode, uid, gid, atime, mtime } = await source.stat();
  const target = await open(to, 'wx', 0o600);
  try {
    for await (const chunk of readChunks(source)) await target.writeFile(chunk);
    // Only root can give it to another user, and only a member of a group to that group.
    const toGroup = () => target.chown(unchanged, gid).catch(() => undefined);
    await target.chown(uid, gid).catch(toGroup);
    // Whoever has a file by the rights of a group owns the copy.
    await target.chmod((mode & 0o777) | 0o600);
    await target.utimes(atime, mtime);
    await target.sync();
  } finally {
    await target.close();
  }
}

/** Leaves the owner of a file as it is. */
const unchanged = -1;

const chunkBytes = 1 << 20;

async function* readChunks(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Two names of one file, or two copies: either way, the first is no longer needed. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([lstat(a, { bigint: true }), lstat(b, { bigint: true })]);
  if (!first.isFile() || !second.isFile()) return false;
  if (first.ino === second.ino && first.dev === second.dev) return true;
  return first.size === second.size && (await hashContent(a)) === (await hashContent(b));
}

async function hashContent(path: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await openRegularFile(path);
  try {
    for await (const chunk of readChunks(handle)) hash.update(chunk);
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** Whether the name is in use. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
