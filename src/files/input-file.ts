import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import type { Code } from '#pipelines/codes.js';
import { InputError } from '#src/errors.js';
import { findSimilarFile } from './similar-name.js';

interface InputErrorDetails {
  readonly code: Code;
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

/** What tells one input from another: the bytes on disk, before decompression. */
export interface Fingerprint {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** The fingerprint of bytes that are read from the first to the last. */
export async function hashChunks(chunks: AsyncIterable<Buffer>): Promise<Fingerprint> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
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

const failuresBySystemCode: Readonly<Record<string, { code: Code; fact: string; nextStep: string }>> = {
  ENOENT: { code: 'FILE_NOT_FOUND', fact: 'there is no such file.', nextStep: 'Check the name and the folder.' },
  ENOTDIR: {
    code: 'FILE_NOT_FOUND',
    fact: 'a part of the path is a file, not a folder.',
    nextStep: 'Check the name and the folder.',
  },
  EISDIR: {
    code: 'IS_A_FOLDER',
    fact: 'this is a folder, not a file.',
    nextStep: 'Give one file, or use: mypos-customers sweep <folder>',
  },
  EACCES: {
    code: 'FILE_NOT_READABLE',
    fact: 'you are not allowed to read it.',
    nextStep: 'Ask for permission to read the file, and close the program that has it open.',
  },
  EMFILE: {
    code: 'TOO_MANY_FILES',
    fact: 'the system does not allow this program to open more files.',
    nextStep: 'Raise the limit (ulimit -n), or close other programs.',
  },
};

const otherFailure: { readonly code: Code; readonly fact: string; readonly nextStep: string } = {
  code: 'READ_FAILED',
  fact: 'the disk or network drive failed while reading.',
  nextStep: 'Copy the file to a local disk and try again.',
};

const systemCodeAliases: Readonly<Record<string, string>> = { EPERM: 'EACCES', EBUSY: 'EACCES', ENFILE: 'EMFILE' };

async function findInputFile(path: string, name: string = path): Promise<InputFile> {
  try {
    // Before opening: to open a pipe would wait for somebody to write into it.
    const facts = await stat(path);
    if (facts.isDirectory()) throw createFileError('EISDIR', name);
    if (!facts.isFile()) throw createNotAFileError(name);
    return { path, name, sizeBytes: facts.size, modifiedMs: facts.mtimeMs };
  } catch (error) {
    const failure = toInputError(error, name);
    if (!(failure instanceof InputError) || failure.code !== 'FILE_NOT_FOUND') throw failure;
    const similar = findSimilarFile(path);
    if (similar === undefined) throw failure;
    throw createInputError({
      ...{ code: 'FILE_NOT_FOUND', file: name, cause: error, fact: 'there is no such file.' },
      nextStep: `Did you mean "${basename(similar)}"?`,
    });
  }
}

/** Enough to tell what a file is, which encoding and delimiter it has, and in most files where the header is. */
export const headBytes = 256 * 1024;

/** The first reading of a file. Its beginning is held in memory, so that nothing has to be read twice to look at it. */
export interface FirstReading {
  readonly file: InputFile;
  /** The first 256 KiB, or the whole file if it is shorter. */
  readonly head: Buffer;
  /** The whole file from its first byte; a second call reads it from the disk again. Closes the file at its end. */
  chunks(): AsyncGenerator<Buffer>;
  /** Closes the file, however far it was read. */
  close(): Promise<void>;
}

/**
 * Opens a file and reads its beginning.
 *
 * @param name - the name that the user knows
 * @throws InputError `FILE_NOT_FOUND`, `IS_A_FOLDER`, `NOT_A_FILE`, `FILE_NOT_READABLE`, `FILE_CHANGED` or `READ_FAILED`
 */
export async function startReading(path: string, name: string = path): Promise<FirstReading> {
  const file = await findInputFile(path, name);
  const handle = await openFile(file);
  let isOpen = true;
  let isStarted = false;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  };
  async function* firstChunks(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      yield* readFrom(handle, file, { from: head.length, to: Number.POSITIVE_INFINITY });
    } finally {
      await close();
    }
  }
  let head: Buffer;
  try {
    head = await readHead(handle, file);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    file,
    head,
    close,
    chunks() {
      if (!isOpen || isStarted) return readBytes(file);
      isStarted = true;
      return firstChunks();
    },
  };
}

async function readHead(handle: FileHandle, file: InputFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readFrom(handle, file, { from: 0, to: headBytes })) chunks.push(chunk);
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

/** Bytes of a file or text that lie together: from one to before another. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

const allBytes: ByteRange = { from: 0, to: Number.POSITIVE_INFINITY };

/** The SHA-256 of a whole file, in hexadecimal. @throws InputError as {@link startReading} */
export async function hashFile(path: string): Promise<string> {
  const reading = await startReading(path);
  return (await hashChunks(reading.chunks())).sha256;
}

/**
 * The bytes of a file, chunk by chunk. The file is closed when the caller stops, for whatever reason.
 *
 * @throws InputError `FILE_CHANGED` when it is not the file that was found, else as {@link startReading}
 */
export async function* readBytes(file: InputFile, range: ByteRange = allBytes): AsyncGenerator<Buffer> {
  const handle = await openFile(file);
  try {
    yield* readFrom(handle, file, range);
  } finally {
    await handle.close();
  }
}

async function* readFrom(handle: FileHandle, file: InputFile, { from, to }: ByteRange): AsyncGenerator<Buffer> {
  try {
    // What is added to the file while it is in use belongs to the next import. Some file systems say 0 of every file.
    const end = file.sizeBytes === 0 ? to : Math.min(to, file.sizeBytes);
    for (let at = from; at < end; ) {
      const length = Math.min(readChunkBytes, end - at);
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(length), 0, length, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw toInputError(error, file.name);
  }
}

async function openFile(file: InputFile): Promise<FileHandle> {
  try {
    const handle = await open(file.path, 'r');
    try {
      const { size, mtimeMs } = await handle.stat();
      refuseChange(file, { sizeBytes: size, modifiedMs: mtimeMs });
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw toInputError(error, file.name);
  }
}

function refuseChange(file: InputFile, now: Pick<InputFile, 'sizeBytes' | 'modifiedMs'>): void {
  if (now.sizeBytes === file.sizeBytes && now.modifiedMs === file.modifiedMs) return;
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
    nextStep: 'Save the data to a file, or pipe it in and give "-" as the input.',
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

/** What a compressed file (gzip or zip) may expand to: a guard against files made to fill memory and disk. */
export interface GzipLimits {
  readonly maxBytes: number;
  /** Expanded bytes per compressed byte; ignored below 64 MiB. */
  readonly maxRatio: number;
}

export const defaultGzipLimits: GzipLimits = { maxBytes: 16 * 1024 ** 3, maxRatio: 200 };

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

/**
 * What the first bytes of a gzip file expand to, 256 KiB at most.
 *
 * @throws InputError `GZIP_DAMAGED`
 */
export async function gunzipHead(head: Buffer, file: string): Promise<Buffer> {
  // The head is cut somewhere, which is an error only at the end of a file.
  const expander = createGunzip({ chunkSize: expandedChunkBytes, finishFlush: constants.Z_SYNC_FLUSH });
  expander.end(head);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of expander as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= headBytes) break;
    }
  } catch (error) {
    throw toGzipError(error, file);
  }
  return Buffer.concat(chunks).subarray(0, headBytes);
}

function exceedsLimits(limits: GzipLimits, expandedBytes: number, compressedBytes: number): boolean {
  if (expandedBytes > limits.maxBytes) return true;
  return expandedBytes > ratioMattersFromBytes && expandedBytes > compressedBytes * limits.maxRatio;
}

function createTooLargeError(file: string): InputError {
  return createInputError({
    code: 'GZIP_TOO_LARGE',
    file,
    fact: 'it expands to far more data than a customer file contains.',
    nextStep: 'If you trust the file, decompress it yourself and import the result.',
  });
}

const zlibFailures: Readonly<Record<string, { code: Code; fact: string }>> = {
  Z_BUF_ERROR: { code: 'GZIP_CUT', fact: 'the compressed data is incomplete: the end of the file is missing.' },
  Z_DATA_ERROR: { code: 'GZIP_DAMAGED', fact: 'the compressed data is damaged.' },
};

function toGzipError(error: unknown, file: string): unknown {
  const known = error instanceof Error && 'code' in error ? zlibFailures[String(error.code)] : undefined;
  if (known === undefined) return error;
  return createInputError({ file, nextStep: 'Copy or download the file again.', cause: error, ...known });
}
