import { randomUUID } from 'node:crypto';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BusyError, InputError, readSystemCode } from '#src/errors.js';
import { tryLockFile } from '#src/sqlite/open-database.js';
import { type ClaimRecords, openClaimRecords } from './claim-records.js';
import {
  adviseOnLink,
  type Destination,
  findDestination,
  folderNames,
  markerFile,
  type NamedDestinations,
} from './folder-layout.js';
import { inFolder } from './held-folder.js';
import { loadMemory, type Memory, makeMemoryFolder, saveMemory } from './memory.js';
import { openRegularFile, placeFile } from './place-file.js';

/** A drop folder that only this process of the instance is sweeping. */
export interface Inbox {
  /** Absolute path. */
  readonly folder: string;
  /** Of this instance, for this and other drop folders. */
  readonly claims: ClaimRecords;
  readonly memory: Memory;
  /** Checks that the folder is available, and the same one as before. @throws InputError */
  assertAvailable(): Promise<void>;
  /** Saves the memory for the next sweep. */
  saveMemory(): Promise<void>;
  close(): void;
}

interface OpenInboxOptions {
  readonly stateFolder: string;
  /** Accept the folder although it is not the one that was swept before. */
  readonly adopt: boolean;
  /** Create nothing in the folder. */
  readonly dryRun: boolean;
  /** For each job, the folders that take the place of those in the drop folder. @default none */
  readonly named?: readonly NamedDestinations[];
  /** Receives what a person should know about the folder, a sentence each. */
  readonly warn: (message: string) => void;
}

/**
 * Opens a drop folder for this process only. The folder need not be available yet: see {@link Inbox.assertAvailable}.
 *
 * @throws BusyError when another process of this instance is sweeping it
 */
export function openInbox(folder: string, options: OpenInboxOptions): Inbox {
  const { stateFolder, adopt, dryRun, named = [{}] } = options;
  const path = resolve(folder);
  const memoryFolder = makeMemoryFolder(stateFolder, path);
  const release = tryLockFile(join(memoryFolder, 'sweep.lock.db'));
  if (release === undefined)
    throw new BusyError(`Another process is sweeping ${path}.`, {
      code: 'INBOX_BUSY',
      nextStep: 'Nothing to do: that process will import the files.',
    });
  const memory = loadMemory(memoryFolder);
  let mayAdopt = adopt;
  return {
    folder: path,
    claims: openClaimRecords(stateFolder),
    memory,
    async assertAvailable() {
      await withUnusableError(path, async () => {
        if (!(await stat(path)).isDirectory()) throw createUnusableError(path, 'it is not a folder');
        await checkMarker(path, memory, { ...options, adopt: mayAdopt });
        mayAdopt = false;
        await refuseLinks(path, named);
        if (!dryRun) await useFolder(path, folderNames.processing, [folderNames.processing], true);
      });
    },
    saveMemory: () => saveMemory(memoryFolder, memory),
    close: release,
  };
}

/**
 * A link in the place of one of our folders would lead what is read, written and deleted there to another place. So it is
 * refused before anything is imported.
 */
async function refuseLinks(path: string, named: readonly NamedDestinations[]): Promise<void> {
  await useFolder(path, folderNames.processing, [folderNames.processing], false);
  for (const destination of ['done', 'failed', 'duplicate'] satisfies Destination[])
    for (const folders of named) {
      const { base, names } = findDestination(path, destination, folders, new Date());
      for (let depth = 1; depth <= names.length; depth += 1)
        await useFolder(base, destination, names.slice(0, depth), false);
    }
}

async function useFolder(
  base: string,
  name: keyof typeof folderNames,
  names: readonly string[],
  create: boolean,
): Promise<void> {
  try {
    await inFolder(base, names, { create, linkAdvice: adviseOnLink(name) }, async () => undefined);
  } catch (error) {
    if (create || readSystemCode(error) !== 'ENOENT') throw error;
  }
}

type Marker =
  | { readonly kind: 'missing' }
  | { readonly kind: 'read'; readonly inbox: string }
  /** Something else is in its place. */
  | { readonly kind: 'damaged' };

/**
 * The mount point of a share that is not mounted is an empty folder, which would look as if there were no files. So the
 * first sweep puts a marker into the folder, and later sweeps refuse a folder without it. Somebody who puts something else
 * in its place stops nothing: an empty folder does not have that either.
 */
async function checkMarker(
  path: string,
  memory: Memory,
  { adopt, dryRun, warn }: Pick<OpenInboxOptions, 'adopt' | 'dryRun' | 'warn'>,
): Promise<void> {
  const marker = await readMarker(join(path, markerFile));
  const known = memory.inbox;
  switch (marker.kind) {
    case 'read':
      if (known !== undefined && known !== marker.inbox && !adopt)
        throw createUnusableError(path, 'it is not the folder that was swept before', adoptAdvice);
      memory.inbox = marker.inbox;
      return;
    case 'missing':
      if (known !== undefined && !adopt)
        throw createUnusableError(
          path,
          `it was swept before, but its marker ${markerFile} is missing. Is the share mounted?`,
          adoptAdvice,
        );
      if (!dryRun) memory.inbox = await createMarker(path, known ?? randomUUID());
      return;
    case 'damaged':
      warn(
        `${join(path, markerFile)} is not the file that this program wrote, and is not read. Somebody has changed it.`,
      );
      memory.inbox = known ?? randomUUID();
      if (!dryRun) await replaceMarker(path, memory.inbox);
  }
}

/** If two instances create a marker at the same time, the first one wins. */
async function createMarker(path: string, inbox: string): Promise<string> {
  const place = (part: string) => placeFile(part, join(path, markerFile));
  if ((await writeMarker(path, inbox, place)) === 'placed') return inbox;
  const marker = await readMarker(join(path, markerFile));
  return marker.kind === 'read' ? marker.inbox : inbox;
}

/** A folder in the place of the marker cannot be replaced, and does no harm. */
async function replaceMarker(path: string, inbox: string): Promise<void> {
  await writeMarker(path, inbox, (part) =>
    rename(part, join(path, markerFile)).catch((error: unknown) => {
      if (!['EISDIR', 'ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'].includes(readSystemCode(error))) throw error;
    }),
  );
}

async function writeMarker<T>(path: string, inbox: string, place: (part: string) => Promise<T>): Promise<T> {
  const part = join(path, `${markerFile}.${randomUUID()}.part`);
  try {
    await writeFile(part, `${JSON.stringify({ inbox })}\n`, { flag: 'wx' });
    return await place(part);
  } finally {
    await rm(part, { force: true });
  }
}

const adoptAdvice = 'Mount the share. If this is the right folder, sweep it once with --adopt.';

/** Longer than any marker. */
const maxMarkerBytes = 4096;

async function readMarker(path: string): Promise<Marker> {
  try {
    const handle = await openRegularFile(path);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxMarkerBytes), 0, maxMarkerBytes, 0);
      const marker: unknown = JSON.parse(buffer.subarray(0, bytesRead).toString());
      const inbox = typeof marker === 'object' && marker !== null && 'inbox' in marker ? marker.inbox : undefined;
      return typeof inbox === 'string' && inbox !== '' ? { kind: 'read', inbox } : { kind: 'damaged' };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (readSystemCode(error) === 'ENOENT') return { kind: 'missing' };
    if (error instanceof SyntaxError || ['NOT_REGULAR', 'EACCES', 'EPERM'].includes(readSystemCode(error)))
      return { kind: 'damaged' };
    throw error;
  }
}

const unusableReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'it is not a folder',
  EACCES: 'this user is not allowed to read and write it',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk or network drive reports an error',
  ESTALE: 'the network drive is not connected',
  ENOTCONN: 'the network drive is not connected',
  EHOSTDOWN: 'the network drive is not connected',
};

async function withUnusableError(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = readSystemCode(error);
    if (error instanceof InputError || code === '') throw error;
    throw createUnusableError(path, unusableReasons[code] ?? code, undefined, error);
  }
}

function createUnusableError(path: string, why: string, nextStep?: string, cause?: unknown): InputError {
  return new InputError(`The folder ${path} cannot be swept: ${why}.`.replace(/\?\.$/, '?'), {
    code: 'INBOX_UNUSABLE',
    nextStep: nextStep ?? 'Check the path, the permissions of this user, and that the share is mounted.',
    cause,
  });
}
