import { type FileHandle, open, stat } from 'node:fs/promises';
import { InputError } from '#src/errors.js';
import { inputFailure } from './input-failure.js';

/** A file on disk as it was when it was found. */
export interface InputFile {
  readonly path: string;
  /** The name that the user knows. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** Large enough that the cost per read vanishes, small enough that a chunk's rows fit any memory. */
const readChunkBytes = 256 * 1024;

const failureOf: Readonly<Record<string, { code: string; fact: string; nextStep: string }>> = {
  ENOENT: { code: 'FILE_NOT_FOUND', fact: 'there is no such file.', nextStep: 'Check the name and the folder.' },
  ENOTDIR: {
    code: 'FILE_NOT_FOUND',
    fact: 'a part of the path is a file, not a folder.',
    nextStep: 'Check the name and the folder.',
  },
  EISDIR: {
    code: 'IS_A_FOLDER',
    fact: 'this is a folder, not a file.',
    nextStep: 'Name one file, or use: mypos-customers sweep <folder>',
  },
  EACCES: {
    code: 'FILE_NOT_READABLE',
    fact: 'reading it is not allowed.',
    nextStep: 'Ask for the right to read the file, and close the program that has it open.',
  },
};

const unknownFailure = {
  code: 'READ_FAILED',
  fact: 'the disk or network drive failed while reading.',
  nextStep: 'Copy the file to a local disk and try again.',
};

const sameFailure: Readonly<Record<string, string>> = { EPERM: 'EACCES', EBUSY: 'EACCES' };

/**
 * Finds a readable file.
 *
 * @throws InputError `FILE_NOT_FOUND`, `IS_A_FOLDER`, `NOT_A_FILE`, `FILE_NOT_READABLE` or `READ_FAILED`
 */
export async function findInputFile(path: string, name: string = path): Promise<InputFile> {
  try {
    // Before opening: to open a pipe would wait for somebody to write into it.
    const facts = await stat(path);
    if (facts.isDirectory()) throw failure('EISDIR', name);
    if (!facts.isFile()) throw notAFile(name);
    const file = { path, name, sizeBytes: facts.size, modifiedMs: facts.mtimeMs };
    await readHead(file, 1);
    return file;
  } catch (error) {
    throw asInputError(error, name);
  }
}

/** The first bytes of a file. */
export async function readHead(file: InputFile, bytes: number): Promise<Buffer> {
  for await (const chunk of readBytes(file, bytes)) return chunk;
  return Buffer.alloc(0);
}

/** Bytes of a file or text that lie together: from one to before another. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

const allBytes: ByteRange = { from: 0, to: Number.POSITIVE_INFINITY };

/**
 * The bytes of a file, chunk by chunk. The file is closed when the caller stops, for whatever reason.
 *
 * @throws InputError `FILE_CHANGED` when it is not the file that was found, else as {@link findInputFile}
 */
export async function* readBytes(
  file: InputFile,
  chunkBytes: number = readChunkBytes,
  { from, to }: ByteRange = allBytes,
): AsyncGenerator<Buffer> {
  const handle = await opened(file);
  try {
    await refuseChangedFile(handle, file);
    for (let at = from; at < to; ) {
      const wanted = Math.min(chunkBytes, to - at);
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw asInputError(error, file.name);
  } finally {
    await handle.close();
  }
}

async function opened(file: InputFile): Promise<FileHandle> {
  try {
    return await open(file.path, 'r');
  } catch (error) {
    throw asInputError(error, file.name);
  }
}

async function refuseChangedFile(handle: FileHandle, file: InputFile): Promise<void> {
  const { size, mtimeMs } = await handle.stat();
  if (size === file.sizeBytes && mtimeMs === file.modifiedMs) return;
  throw inputFailure({
    code: 'FILE_CHANGED',
    file: file.name,
    fact: 'the file was changed while it was in use.',
    nextStep: 'Close it in other programs and start again.',
  });
}

function notAFile(name: string): InputError {
  return inputFailure({
    code: 'NOT_A_FILE',
    file: name,
    fact: 'this is a pipe or a device, not a file.',
    nextStep: 'Save the data to a file, or pipe it in and name the input "-".',
  });
}

function asInputError(error: unknown, name: string): unknown {
  if (error instanceof InputError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Without a system code it is a fault of ours, or of the consumer that iterates: not the file's.
  return /^E[A-Z]+$/.test(code) ? failure(code, name, error) : error;
}

function failure(systemCode: string, name: string, cause?: unknown): InputError {
  return inputFailure({
    file: name,
    cause,
    ...(failureOf[sameFailure[systemCode] ?? systemCode] ?? unknownFailure),
  });
}
