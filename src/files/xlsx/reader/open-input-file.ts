import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Place, refusal } from './refusal.js';

const readBytes = 256 * 1024;

/** Opens a file for reading; every reason why that cannot be done is said in the user's words. */
export async function openInputFile(path: string, place: Place): Promise<FileHandle> {
  const handle = await openOrRefuse(path, place);
  const stats = await handle.stat();
  if (stats.isFile()) return handle;
  await handle.close();
  const kind = stats.isDirectory() ? 'a folder' : 'no regular file';
  throw refusal('FILE_UNREADABLE', place, `this is ${kind}, and a workbook is read from a file.`);
}

async function openOrRefuse(path: string, place: Place): Promise<FileHandle> {
  try {
    // A pipe would hang until somebody writes to it; with O_NONBLOCK it opens and is turned away above.
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw refusal('FILE_NOT_FOUND', place, 'there is no such file.', error);
    throw refusal('FILE_UNREADABLE', place, `the file cannot be opened (${code}).`, error);
  }
}

/** What tells two states of a file apart: size and SHA-256 of its bytes. */
export async function fingerprintOf(handle: FileHandle): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(readBytes);
  let sizeBytes = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, readBytes, sizeBytes);
    if (bytesRead === 0) return { sha256: hash.digest('hex'), sizeBytes };
    hash.update(buffer.subarray(0, bytesRead));
    sizeBytes += bytesRead;
  }
}
