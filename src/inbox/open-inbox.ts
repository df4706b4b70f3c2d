import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BusyError, InputError } from '#src/errors.js';
import { tryLockFile } from '#src/sqlite/open-database.js';
import { buildProcessingPath, markerFile } from './folder-layout.js';
import { loadMemory, type Memory, makeMemoryFolder, saveMemory } from './memory.js';
import { placeFile, systemCode } from './place-file.js';

/** A drop folder that this process, alone on this machine, works through. */
export interface Inbox {
  /** Absolute. */
  readonly folder: string;
  readonly stateFolder: string;
  /** Whose claims are ours to finish. */
  readonly instanceId: string;
  readonly memory: Memory;
  /** Proves that it is the very folder that it was. @throws InputError */
  assertAvailable(): Promise<void>;
  /** Keeps the memory for the next sweep. */
  saveMemory(): Promise<void>;
  close(): void;
}

interface OpenInboxOptions {
  readonly stateFolder: string;
  /** The folder is right although it is not the one that was here before. */
  readonly adopt: boolean;
  /** Make nothing in the folder. */
  readonly dryRun: boolean;
}

/**
 * Takes a drop folder for this process. The folder itself may be away: see {@link Inbox.assertAvailable}.
 *
 * @throws BusyError when another process of this machine works on it
 */
export function openInbox(folder: string, { stateFolder, adopt, dryRun }: OpenInboxOptions): Inbox {
  const path = resolve(folder);
  const place = makeMemoryFolder(stateFolder, path);
  const release = tryLockFile(join(place, 'sweep.lock.db'));
  if (release === undefined)
    throw new BusyError(`Another process is sweeping ${path}.`, {
      code: 'INBOX_BUSY',
      nextStep: 'Nothing to do: it takes care of the files.',
    });
  const memory = loadMemory(place);
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
    saveMemory: () => saveMemory(place, memory),
    close: release,
  };
}

/**
 * A mount point without its share is an empty folder like any other, and its emptiness would pass for "no files". So a
 * folder that is swept for the first time gets a marker, and is not believed without it later.
 */
async function checkMarker(path: string, memory: Memory, adopt: boolean, dryRun: boolean): Promise<void> {
  const found = await readMarker(join(path, markerFile));
  const known = memory.inbox;
  if (found !== undefined && (known === undefined || known === found || adopt)) {
    memory.inbox = found;
    return;
  }
  if (found !== undefined)
    throw createUnusableError(path, 'it is another folder than the one that was swept before', adoptAdvice);
  if (known !== undefined && !adopt)
    throw createUnusableError(
      path,
      `it was swept before, but its marker ${markerFile} is not there: is the share mounted?`,
      adoptAdvice,
    );
  if (dryRun) return;
  memory.inbox = await createMarker(path, known ?? randomUUID());
}

/** Of two machines that make one at the same time, the first wins. */
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

const adoptAdvice = 'Mount the share. If this is the right folder all the same, sweep it once with --adopt.';

async function readMarker(path: string): Promise<string | undefined> {
  try {
    const marker: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof marker === 'object' && marker !== null && 'inbox' in marker ? String(marker.inbox) : '';
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return '';
    throw error;
  }
}

const unusableReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'it is not a folder',
  EACCES: 'this user may not read and write there',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk or network drive reports an error',
  ESTALE: 'the network drive has gone',
  ENOTCONN: 'the network drive has gone',
  EHOSTDOWN: 'the network drive has gone',
};

async function withUnusableError(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = systemCode(error);
    if (error instanceof InputError || code === '') throw error;
    throw createUnusableError(path, unusableReasons[code] ?? code, undefined, error);
  }
}

function createUnusableError(path: string, why: string, nextStep?: string, cause?: unknown): InputError {
  return new InputError(`The folder ${path} cannot be swept: ${why}.`.replace(/\?\.$/, '?'), {
    code: 'INBOX_UNUSABLE',
    nextStep: nextStep ?? 'Check the path, the rights of this user, and that the share is mounted.',
    cause,
  });
}

/**
 * The name of a state folder, made when it has none: whoever has the same one also has the same ledger, and may finish
 * what another process of it has begun.
 */
function readInstanceId(stateFolder: string): string {
  const place = join(stateFolder, 'inbox');
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const file = join(place, 'machine');
  const mine = `${file}.${process.pid}`;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  // Of two that make one at the same time, the first to give it its name wins.
  writeFileSync(mine, `${randomUUID()}\n`, { mode: 0o600 });
  try {
    linkSync(mine, file);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(mine, { force: true });
  }
  return readFileSync(file, 'utf8').trim();
}
