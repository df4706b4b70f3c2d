import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '#src/errors.js';
import { isProcessAlive } from '#src/is-process-alive.js';
import { findNameProblem, replaceFile } from '#src/platform.js';
import { type FileRights, grantRights } from './file-rights.js';

/** A file that appears under its name only when it is complete. */
export interface AtomicFile {
  /** Where it is written until then, beside its name. */
  readonly partPath: string;
  readonly handle: FileHandle;
  /** Syncs and closes it; it stays where it is. */
  close(): Promise<void>;
  /** Syncs and closes it unless that is done, and renames; to another name in the same folder where one is given. */
  commit(to?: string): Promise<void>;
  /** Removes it. Does nothing after a commit. */
  discard(): Promise<void>;
}

/** A file that is complete on disk, beside its name. */
export interface FinishedFile {
  /** Where it is until it is published. */
  readonly partPath: string;
  /** Size and SHA-256, read back from the disk. */
  fingerprint(): Promise<{ readonly sha256: string; readonly sizeBytes: number }>;
  /** Renames it to its name, or to another one in the same folder. */
  publish(to?: string): Promise<void>;
  /** Removes it. Does nothing once it is published. */
  discard(): Promise<void>;
}

/** Closes a file that is written to its end. */
export async function finishFile(file: AtomicFile): Promise<FinishedFile> {
  await file.close();
  return {
    partPath: file.partPath,
    async fingerprint() {
      const hash = createHash('sha256');
      let sizeBytes = 0;
      for await (const chunk of createReadStream(file.partPath, { highWaterMark: 1 << 20 })) {
        hash.update(chunk as Buffer);
        sizeBytes += (chunk as Buffer).length;
      }
      return { sha256: hash.digest('hex'), sizeBytes };
    },
    publish: (to) => file.commit(to),
    discard: () => file.discard(),
  };
}

/**
 * Begins a file beside its name.
 *
 * @param rights - its permissions, from the first byte on. @default those of the system
 * @throws UsageError `CANNOT_WRITE`
 */
export async function beginAtomicFile(path: string, rights?: FileRights): Promise<AtomicFile> {
  const problem = findNameProblem(path);
  if (problem !== undefined) throw cannotWrite(path, problem);
  await removeLeftovers(path);
  const unique = `${process.pid}-${randomBytes(3).toString('hex')}`;
  const partPath = join(dirname(path), `.${basename(path)}.${unique}.part`);
  let handle: FileHandle;
  try {
    handle = await open(partPath, 'wx', rights === undefined ? undefined : 0o600);
    if (rights !== undefined) await grantRights(handle, rights);
  } catch (error) {
    throw cannotWrite(path, error);
  }
  let state: 'open' | 'closed' | 'committed' | 'discarded' = 'open';
  const close = async () => {
    if (state !== 'open') return;
    await handle.sync();
    await handle.close();
    state = 'closed';
  };
  return {
    partPath,
    handle,
    close,
    async commit(to = path) {
      await close();
      try {
        await replaceFile(partPath, to);
      } catch (error) {
        state = 'discarded';
        await rm(partPath, { force: true });
        throw error;
      }
      state = 'committed';
    },
    async discard() {
      if (state === 'committed' || state === 'discarded') return;
      if (state === 'open') await handle.close().catch(() => undefined);
      state = 'discarded';
      await rm(partPath, { force: true });
    },
  };
}

/** Writes a file that appears only when it is complete. @throws UsageError */
export async function writeAtomically(path: string, text: string, rights?: FileRights): Promise<void> {
  const file = await beginAtomicFile(path, rights);
  try {
    await file.handle.writeFile(text);
    await file.commit();
  } finally {
    await file.discard();
  }
}

/** Removes what killed processes began of this file; the parts of living processes stay. */
async function removeLeftovers(path: string): Promise<void> {
  const prefix = `.${basename(path)}.`;
  const names = await readdir(dirname(path)).catch(() => []);
  for (const name of names) {
    const writer = name.startsWith(prefix) ? /^(\d+)-[0-9a-f]+\.part$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (writer !== undefined && !isProcessAlive(Number(writer))) await rm(join(dirname(path), name), { force: true });
  }
}

/** Checks before anything is sent that a file can be written later. @throws UsageError `CANNOT_WRITE` */
export async function assertWritable(path: string): Promise<void> {
  const probe = await beginAtomicFile(path);
  await probe.discard();
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) throw cannotWrite(path, Object.assign(new Error('a folder has this name'), { code: 'EISDIR' }));
}

function cannotWrite(path: string, cause: unknown): UsageError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return new UsageError(`${path} cannot be written (${reason}).`, {
    code: 'CANNOT_WRITE',
    nextStep: 'Nothing was sent. Choose an existing folder that you may write to, e.g. with --results.',
    cause,
  });
}
