import { type Stats, statfsSync } from 'node:fs';
import { UsageError } from '#src/errors.js';
import { hasFileModes } from '#src/platform.js';

/**
 * File systems that show the same rights for every file, by their Linux type numbers: shares of Windows, its disks under WSL,
 * memory cards, and what a program serves.
 */
const fileSystemsWithoutRights: ReadonlySet<number> = new Set([
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2
  0x517b, // SMB
  0x01021997, // 9p, as WSL mounts the disks of Windows
  0x53464846, // wslfs
  0x4d44, // FAT
  0x2011bab0, // exFAT
  0x5346544e, // NTFS
  0x7366746e, // NTFS 3
  0x65735546, // FUSE
  0x786f4256, // folders of VirtualBox
]);

/** Whether the rights that the system shows for a file are those that it has. */
export function keepsRights(path: string): boolean {
  if (!hasFileModes()) return false;
  try {
    return !fileSystemsWithoutRights.has(statfsSync(path).type);
  } catch {
    return true;
  }
}

/**
 * Refuses a configuration file that somebody else has written, or may write: it can name a program to run, and an address to
 * send the login to.
 *
 * @throws UsageError `CONFIG_NOT_OURS`
 */
export function assertOwnFile(path: string, { uid, mode }: Pick<Stats, 'uid' | 'mode'>): void {
  const user = process.getuid?.();
  if (user === undefined) return;
  if (uid !== user && uid !== 0)
    throw new UsageError(`The configuration file ${path} belongs to another user (${uid}), so it is not used.`, {
      code: 'CONFIG_NOT_OURS',
      nextStep: `Look at what is in it. If that is as you want it: chown ${user} ${path}`,
    });
  if ((mode & 0o002) !== 0 && keepsRights(path))
    throw new UsageError(`Everybody on this machine can write to the configuration file ${path}, so it is not used.`, {
      code: 'CONFIG_NOT_OURS',
      nextStep: `Look at what is in it. If that is as you want it: chmod o-w ${path}`,
    });
}
