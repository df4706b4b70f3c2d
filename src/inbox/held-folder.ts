import { existsSync } from 'node:fs';
import { constants, type FileHandle, lstat, mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, readSystemCode } from '#src/errors.js';
import { hasDescriptorPaths } from '#src/platform.js';
import { openRegularFile } from './place-file.js';

/**
 * A folder that others may write to, held so that they cannot put another one, or a link, in its place while we work in it.
 * On Linux its names are reached through the open folder itself. Elsewhere the folder is looked at before each use.
 */
export interface HeldFolder {
  /** For people. */
  readonly path: string;
  /** The disk that it is on. */
  readonly device: bigint;
  /** The path of a name in it, for the file system. */
  at(name: string): string;
}

/**
 * Works with a dropped file through its descriptor.
 *
 * @returns `replaced` when a link, a pipe or something on another disk has taken the place of the file
 */
export async function withDroppedFile<T>(
  folder: string,
  name: string,
  work: (path: string) => Promise<T>,
): Promise<T | 'replaced'> {
  return inFolder(folder, [], { create: false }, async (held) => {
    let handle: FileHandle;
    try {
      handle = await openRegularFile(held.at(name));
    } catch (error) {
      if (readSystemCode(error) === 'NOT_REGULAR') return 'replaced';
      // The reader explains what cannot be opened.
      return work(join(held.path, name));
    }
    try {
      const { dev } = await handle.stat({ bigint: true });
      if (dev !== held.device) return 'replaced';
      return await work(canHold ? `${openFolders}/${handle.fd}` : join(held.path, name));
    } finally {
      await handle.close();
    }
  });
}

/** Linux: open a folder without any right but to name what is in it. Node has no name for this flag. */
const openPathOnly = 0o10000000;
const openFolders = '/proc/self/fd';
const canHold = hasDescriptorPaths() && existsSync(openFolders);

/**
 * Works in a folder below another one.
 *
 * @param base - a folder that the configuration names; a link to a folder will do
 * @param names - the folders below it, one in the other; none of them may be a link
 * @param create - create those that are missing
 * @throws InputError `FOLDER_IS_LINK`; the system's error `ENOENT` for a folder that does not exist
 */
export async function inFolder<T>(
  base: string,
  names: readonly string[],
  { create, linkAdvice }: { readonly create: boolean /** What to do about a link. */; readonly linkAdvice?: string },
  work: (folder: HeldFolder) => Promise<T>,
): Promise<T> {
  const closers: (() => Promise<void>)[] = [];
  try {
    let folder = await holdFolder(base, base, { follow: true }, closers);
    for (const name of names) {
      const path = join(folder.path, name);
      if (create) await mkdir(folder.at(name)).catch(ignoreExisting);
      folder = await holdFolder(folder.at(name), path, { follow: false }, closers);
    }
    return await work(folder);
  } catch (error) {
    throw error instanceof LinkFound ? createLinkError(error, linkAdvice) : error;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function holdFolder(
  reachedAt: string,
  path: string,
  { follow }: { readonly follow: boolean },
  closers: (() => Promise<void>)[],
): Promise<HeldFolder> {
  if (!follow) await assertFolder(reachedAt, path);
  if (!canHold) {
    const { dev } = await stat(path, { bigint: true });
    return { path, device: dev, at: (name) => join(path, name) };
  }
  const flags = openPathOnly | constants.O_DIRECTORY | (follow ? 0 : constants.O_NOFOLLOW);
  const handle = await open(reachedAt, flags).catch((error: unknown) => {
    // It was a folder a moment ago.
    if (!follow && ['ELOOP', 'ENOTDIR'].includes(readSystemCode(error))) throw new LinkFound(path, 'is a link');
    throw error;
  });
  closers.push(() => handle.close());
  const { dev } = await handle.stat({ bigint: true });
  return { path, device: dev, at: (name) => `${openFolders}/${handle.fd}/${name}` };
}

async function assertFolder(reachedAt: string, path: string): Promise<void> {
  const stats = await lstat(reachedAt);
  if (!stats.isDirectory()) throw new LinkFound(path, stats.isSymbolicLink() ? 'is a link' : 'is not a folder');
}

/** Something that is not a folder, in the place of one. */
class LinkFound extends Error {
  constructor(path: string, fact: string) {
    super(`${path} ${fact}`);
  }
}

function createLinkError({ message }: LinkFound, nextStep: string | undefined): InputError {
  return new InputError(`${message}, so nothing is read or written there.`, {
    code: 'FOLDER_IS_LINK',
    ...(nextStep === undefined ? {} : { nextStep }),
  });
}

function ignoreExisting(error: unknown): void {
  if (readSystemCode(error) !== 'EEXIST') throw error;
}
