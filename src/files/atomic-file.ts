import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../errors.js';

/** A file that appears under its name only when it is whole. */
export interface AtomicFile {
  /** Where it is written meanwhile, beside its name. */
  readonly partPath: string;
  readonly handle: FileHandle;
  /** Syncs, closes and renames. */
  commit(): Promise<void>;
  /** Leaves nothing behind. Does nothing after a commit. */
  discard(): Promise<void>;
}

/**
 * Begins a file beside its name.
 *
 * @throws UsageError when its folder cannot be written
 */
export async function beginAtomicFile(path: string): Promise<AtomicFile> {
  const partPath = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.part`);
  let handle: FileHandle;
  try {
    handle = await open(partPath, 'wx');
  } catch (error) {
    throw cannotWrite(path, error);
  }
  let open_ = true;
  return {
    partPath,
    handle,
    async commit() {
      await handle.sync();
      await handle.close();
      open_ = false;
      await rename(partPath, path);
    },
    async discard() {
      if (!open_) return;
      open_ = false;
      await handle.close().catch(() => undefined);
      await rm(partPath, { force: true });
    },
  };
}

/** Proves before anything is sent that a file can be written later. @throws UsageError */
export async function assertWritable(path: string): Promise<void> {
  const probe = await beginAtomicFile(path);
  await probe.discard();
}

function cannotWrite(path: string, cause: unknown): UsageError {
  const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return new UsageError(`${path} cannot be written (${why}).`, {
    code: 'CANNOT_WRITE',
    nextStep: 'Nothing was sent. Choose a folder that exists and that you may write to, e.g. with --results.',
    cause,
  });
}
