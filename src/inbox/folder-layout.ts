import { join } from 'node:path';

/** Folders inside a drop folder, by what they hold. */
export const folderNames = {
  /** Claimed files, each in a folder of its own with a note of whose it is. */
  processing: 'processing',
  done: 'done',
  failed: 'failed',
  duplicate: 'duplicate',
} as const;

/** Where a file goes when it is through. */
export type Destination = Exclude<keyof typeof folderNames, 'processing'>;

/** Tells the drop folder from the empty mount point of a share that is not there. */
export const markerFile = '.mypos-customers-inbox.json';

/** Note of a claim, beside the claimed file; nobody can drop a file of this name, since dotfiles are ignored. */
export const claimRecordFile = '.claim.json';

/** A claim appears with its note in it; until then, its folder has this before its name. */
export const newClaimPrefix = '.new-';

export function buildProcessingPath(folder: string): string {
  return join(folder, folderNames.processing);
}

/** `done/YYYY/MM`, and `failed` and `duplicate` as they are. The month is that of UTC, as in the names of runs. */
export function buildDestinationPath(folder: string, shelf: Destination, now: Date): string {
  if (shelf !== 'done') return join(folder, folderNames[shelf]);
  const [year = '', month = ''] = now.toISOString().split('-');
  return join(folder, folderNames.done, year, month);
}
