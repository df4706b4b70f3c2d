import { type FileHandle, open, stat } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError } from '#src/errors.js';

interface InputErrorDetails {
  readonly code: string;
  /** The file as its owner named it. */
  readonly file: string;
  readonly line?: number;
  /** What is wrong, as the rest of a sentence that begins with the place. */
  readonly fact: string;
  readonly nextStep: string;
  readonly cause?: unknown;
}

/** An {@link InputError} whose message begins with the place: file, then line. */
export function createInputError({ code, file, line, fact, nextStep, cause }: InputErrorDetails): InputError {
  const place = line === undefined ? file : `${file}, line ${line}`;
  return new InputError(`${place}: ${fact}`, { code, nextStep, cause });
}

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

const failuresBySystemCode: Readonly<Record<string, { code: string; fact: string; nextStep: string }>> = {
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

const otherFailure = {
  code: 'READ_FAILED',
  fact: 'the disk or network drive failed while reading.',
  nextStep: 'Copy the file to a local disk and try again.',
};

const systemCodeAliases: Readonly<Record<string, string>> = { EPERM: 'EACCES', EBUSY: 'EACCES' };

/**
 * Finds a readable file.
 *
 * @throws InputError `FILE_NOT_FOUND`, `IS_A_FOLDER`, `NOT_A_FILE`, `FILE_NOT_READABLE` or `READ_FAILED`
 */
export async function findInputFile(path: string, name: string = path): Promise<InputFile> {
  try {
    // Before opening: to open a pipe would wait for somebody to write into it.
    const facts = await stat(path);
    if (facts.isDirectory()) throw createFileError('EISDIR', name);
    if (!facts.isFile()) throw createNotAFileError(name);
    const file = { path, name, sizeBytes: facts.size, modifiedMs: facts.mtimeMs };
    await readHead(file, 1);
    return file;
  } catch (error) {
    throw toInputError(error, name);
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
  const handle = await openFile(file);
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
    throw toInputError(error, file.name);
  } finally {
    await handle.close();
  }
}

async function openFile(file: InputFile): Promise<FileHandle> {
  try {
    return await open(file.path, 'r');
  } catch (error) {
    throw toInputError(error, file.name);
  }
}

async function refuseChangedFile(handle: FileHandle, file: InputFile): Promise<void> {
  const { size, mtimeMs } = await handle.stat();
  if (size === file.sizeBytes && mtimeMs === file.modifiedMs) return;
  throw createInputError({
    code: 'FILE_CHANGED',
    file: file.name,
    fact: 'the file was changed while it was in use.',
    nextStep: 'Close it in other programs and start again.',
  });
}

function createNotAFileError(name: string): InputError {
  return createInputError({
    code: 'NOT_A_FILE',
    file: name,
    fact: 'this is a pipe or a device, not a file.',
    nextStep: 'Save the data to a file, or pipe it in and name the input "-".',
  });
}

function toInputError(error: unknown, name: string): unknown {
  if (error instanceof InputError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Without a system code it is a fault of ours, or of the consumer that iterates: not the file's.
  return /^E[A-Z]+$/.test(code) ? createFileError(code, name, error) : error;
}

function createFileError(systemCode: string, name: string, cause?: unknown): InputError {
  return createInputError({
    file: name,
    cause,
    ...(failuresBySystemCode[systemCodeAliases[systemCode] ?? systemCode] ?? otherFailure),
  });
}

/** What a compressed file may expand to: a guard against files made to fill memory and disk. */
export interface GzipLimits {
  readonly maxBytes: number;
  /** Expanded bytes per compressed byte; not looked at below 64 MiB. */
  readonly maxRatio: number;
}

const defaultGzipLimits: GzipLimits = { maxBytes: 16 * 1024 ** 3, maxRatio: 200 };

const ratioMattersFromBytes = 64 * 1024 ** 2;
const expandedChunkBytes = 128 * 1024;

/**
 * Decompresses gzip data as it comes.
 *
 * @throws InputError `GZIP_CUT`, `GZIP_DAMAGED` or `GZIP_TOO_LARGE`, and whatever `compressed` throws
 */
export async function* gunzip(
  compressed: AsyncIterable<Buffer>,
  file: string,
  limits: GzipLimits = defaultGzipLimits,
): AsyncGenerator<Buffer> {
  const expander = createGunzip({ chunkSize: expandedChunkBytes });
  // pipe() forwards no errors; pipeline destroys the expander with them, so that the loop below rejects.
  pipeline(Readable.from(compressed), expander, () => {});
  let expandedBytes = 0;
  try {
    for await (const chunk of expander as AsyncIterable<Buffer>) {
      expandedBytes += chunk.length;
      if (exceedsLimits(limits, expandedBytes, expander.bytesWritten)) throw createTooLargeError(file);
      yield chunk;
    }
  } catch (error) {
    throw toGzipError(error, file);
  }
}

function exceedsLimits(limits: GzipLimits, expandedBytes: number, compressedBytes: number): boolean {
  if (expandedBytes > limits.maxBytes) return true;
  return expandedBytes > ratioMattersFromBytes && expandedBytes > compressedBytes * limits.maxRatio;
}

function createTooLargeError(file: string): InputError {
  return createInputError({
    code: 'GZIP_TOO_LARGE',
    file,
    fact: 'it expands to far more data than a customer file holds.',
    nextStep: 'If the file is good, decompress it yourself and import the result.',
  });
}

const zlibFailures: Readonly<Record<string, { code: string; fact: string }>> = {
  Z_BUF_ERROR: { code: 'GZIP_CUT', fact: 'the compressed data stops in the middle: the file was cut.' },
  Z_DATA_ERROR: { code: 'GZIP_DAMAGED', fact: 'the compressed data is damaged.' },
};

function toGzipError(error: unknown, file: string): unknown {
  const known = error instanceof Error && 'code' in error ? zlibFailures[String(error.code)] : undefined;
  if (known === undefined) return error;
  return createInputError({ file, nextStep: 'Copy or download the file again.', cause: error, ...known });
}
