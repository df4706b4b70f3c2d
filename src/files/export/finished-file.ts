import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { AtomicFile } from '#src/files/atomic-file.js';
import type { FinishedFile } from './export-table.js';

/** Closes a file and takes its fingerprint of what is on disk. */
export async function finishedFile(file: AtomicFile): Promise<FinishedFile> {
  await file.close();
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(file.partPath, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  return {
    partPath: file.partPath,
    sha256: hash.digest('hex'),
    sizeBytes,
    publish: () => file.commit(),
    discard: () => file.discard(),
  };
}
