import { statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { hasFileModes } from '#src/platform.js';

/** Who may read and write a file, as on POSIX systems. */
export interface FileRights {
  /** The permission bits, e.g. `0o640`. */
  readonly mode: number;
  /** The group that the bits for a group are for. @default the one that the system gives a new file */
  readonly gid?: number;
}

/** For what only this program reads. */
export const onlyThisUser: FileRights = { mode: 0o600 };

/**
 * The rights of a file that is made of another one: who may read that one may read this one, and nobody else.
 *
 * @param fileMode - permission bits that the user has chosen instead
 * @param source - the other file; when it is not there any more, as standard input, the file is for this user only
 */
export function deriveRights(fileMode: number | undefined, source: string | undefined): FileRights {
  if (fileMode !== undefined) return { mode: fileMode };
  const found = source === undefined || source === '' ? undefined : statSync(source, { throwIfNoEntry: false });
  return found?.isFile() === true ? { mode: (found.mode & 0o444) | 0o600, gid: found.gid } : onlyThisUser;
}

/** Gives a file that this process has created its rights, whatever the umask is. */
export async function grantRights(file: FileHandle, { mode, gid }: FileRights): Promise<void> {
  if (!hasFileModes()) return;
  const created = await file.stat();
  const isGroupRight =
    gid === undefined ||
    gid === created.gid ||
    (await file.chown(created.uid, gid).then(
      () => true,
      () => false,
    ));
  // Our own group is another one: it may read what everybody may read.
  await file.chmod(isGroupRight ? mode : (mode & ~0o070) | ((mode & 0o007) << 3));
}
