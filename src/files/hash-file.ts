import { createHash } from 'node:crypto';
import { type InputFile, readBytes } from './input-file.js';
import type { Fingerprint } from './input-source.js';

/** Hashes a file as it is on disk. */
export async function hashFile(file: InputFile): Promise<Fingerprint> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of readBytes(file)) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}
