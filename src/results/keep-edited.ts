import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { Issue } from '#pipelines/issue.js';
import type { FinishedFile } from '#src/files/atomic-file.js';
import { hashFile } from '#src/files/input-file.js';

/** Remembers how files were when they were written. */
export interface WrittenFiles {
  find(path: string): { readonly sha256: string; readonly sizeBytes: number } | undefined;
  record(path: string, file: { readonly sha256: string; readonly sizeBytes: number }): void;
}

/** A file under its name, which may not be the one that was wanted. */
export interface PublishedFile {
  readonly path: string;
  /** Says so when another name had to be chosen. */
  readonly notices: readonly Issue[];
}

/**
 * Puts a file under its name, unless a file is there that is not as this program wrote it: somebody has edited that, so
 * it stays, and the new one gets a number.
 *
 * @param written - without it, whatever is there is replaced
 */
export async function publishBesideEdited(
  file: FinishedFile,
  wanted: string,
  written: WrittenFiles | undefined,
): Promise<PublishedFile> {
  if (written === undefined) {
    await file.publish();
    return { path: wanted, notices: [] };
  }
  const fingerprint = await file.fingerprint();
  const path = await findFreePath(wanted, written, fingerprint);
  await file.publish(path);
  written.record(path, fingerprint);
  return { path, notices: path === wanted ? [] : [describeKept(wanted, path)] };
}

type Fingerprint = NonNullable<ReturnType<WrittenFiles['find']>>;

async function findFreePath(wanted: string, written: WrittenFiles, wanting: Fingerprint): Promise<string> {
  for (let number = 1; ; number += 1) {
    const path = number === 1 ? wanted : addNumber(wanted, number);
    if (await mayBeReplaced(path, written, wanting)) return path;
  }
}

/** `customers.rejects-2.csv`. */
function addNumber(path: string, number: number): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${number}${extension}`;
}

/** A file that has the very bytes loses nothing, whoever wrote it: the state folder may be new. */
async function mayBeReplaced(path: string, written: WrittenFiles, wanting: Fingerprint): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return true;
  const replaceable = [written.find(path), wanting].filter((known) => known?.sizeBytes === stats.size);
  if (replaceable.length === 0) return false;
  const sha256 = await hashFile(path);
  return replaceable.some((known) => known?.sha256 === sha256);
}

function describeKept(wanted: string, path: string): Issue {
  return {
    severity: 'warning',
    code: 'EDITED_FILE_KEPT',
    message: `${wanted} was changed after it was written, or this state folder did not write it, so it stays as it is; the new file is ${basename(path)}.`,
    file: path,
  };
}
