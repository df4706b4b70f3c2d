import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BusyError, InputError, readSystemCode } from '#src/errors.js';
import { tryLockFile } from '#src/sqlite/open-database.js';
import { buildProcessingPath, markerFile } from './folder-layout.js';
import { loadMemory, type Memory, makeMemoryFolder, saveMemory } from './memory.js';
import { placeFile } from './place-file.js';

/** A drop folder that only this process of the instance is sweeping. */
export interface Inbox {
  /** Absolute path. */
  readonly folder: string;
  readonly stateFolder: string;
  /** Identifies the state folder, and so the ledger; claims with this id are ours to finish. */
  readonly instanceId: string;
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
}

/**
 * Opens a drop folder for this process only. The folder need not be available yet: see {@link Inbox.assertAvailable}.
 *
 * @throws BusyError when another process of this instance is sweeping it
 */
export function openInbox(folder: string, { stateFolder, adopt, dryRun }: OpenInboxOptions): Inbox {
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
    stateFolder,
    instanceId: readInstanceId(stateFolder),
    memory,
    async assertAvailable() {
      await withUnusableError(path, async () => {
        if (!(await stat(path)).isDirectory()) throw createUnusableError(path, 'it is not a folder');
        await checkMarker(path, memory, mayAdopt, dryRun);
        mayAdopt = false;
        if (!dryRun) await mkdir(buildProcessingPath(path), { recursive: true });
      });
    },
    saveMemory: () => saveMemory(memoryFolder, memory),
    close: release,
  };
}

/**
 * The mount point of a share that is not mounted is an empty folder, which would look as if there were no files. So the
 * first sweep puts a marker into the folder, and later sweeps refuse a folder without it.
 */
async function checkMarker(path: string, memory: Memory, adopt: boolean, dryRun: boolean): Promise<void> {
  const found = await readMarker(join(path, markerFile));
  const known = memory.inbox;
  if (found !== undefined && (known === undefined || known === found || adopt)) {
    memory.inbox = found;
    return;
  }
  if (found !== undefined) throw createUnusableError(path, 'it is not the folder that was swept before', adoptAdvice);
  if (known !== undefined && !adopt)
    throw createUnusableError(
      path,
      `it was swept before, but its marker ${markerFile} is missing. Is the share mounted?`,
      adoptAdvice,
    );
  if (dryRun) return;
  memory.inbox = await createMarker(path, known ?? randomUUID());
}

/** If two instances create a marker at the same time, the first one wins. */
async function createMarker(path: string, inbox: string): Promise<string> {
  const part = join(path, `${markerFile}.${randomUUID()}.part`);
  try {
    await writeFile(part, `${JSON.stringify({ inbox })}\n`, { flag: 'wx' });
    if ((await placeFile(part, join(path, markerFile))) === 'placed') return inbox;
  } finally {
    await rm(part, { force: true });
  }
  return (await readMarker(join(path, markerFile))) ?? '';
}

const adoptAdvice = 'Mount the share. If this is the right folder, sweep it once with --adopt.';

async function readMarker(path: string): Promise<string | undefined> {
  try {
    const marker: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof marker === 'object' && marker !== null && 'inbox' in marker ? String(marker.inbox) : '';
  } catch (error) {
    if (readSystemCode(error) === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return '';
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

/**
 * The id of a state folder, created when there is none. Processes with the same id share a ledger, so each of them may
 * finish what another has started.
 */
function readInstanceId(stateFolder: string): string {
  const folder = join(stateFolder, 'inbox');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'machine');
  const ownFile = `${file}.${process.pid}`;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (readSystemCode(error) !== 'ENOENT') throw error;
  }
  // If two processes create one at the same time, the first link wins.
  writeFileSync(ownFile, `${randomUUID()}\n`, { mode: 0o600 });
  try {
    linkSync(ownFile, file);
  } catch (error) {
    if (readSystemCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(ownFile, { force: true });
  }
  return readFileSync(file, 'utf8').trim();
}
