import { join } from 'node:path';

/** The folders inside a drop folder. */
export const folderNames = {
  /** Claimed files, each in a folder of its own with a record of who claimed it. */
  processing: 'processing',
  done: 'done',
  failed: 'failed',
  duplicate: 'duplicate',
} as const;

/** Where a processed file goes. */
export type Destination = Exclude<keyof typeof folderNames, 'processing'>;

/** Distinguishes the drop folder from the empty mount point of a share that is not mounted. */
export const markerFile = '.mypos-customers-inbox.json';

/** The record of a claim, beside the claimed file. No dropped file has this name, since dotfiles are ignored. */
export const claimRecordFile = '.claim.json';

/** Prefix of a claim's folder until its record has been written. */
export const newClaimPrefix = '.new-';

/** The folder of the claimed files. */
export function buildProcessingPath(folder: string): string {
  return join(folder, folderNames.processing);
}

/** The path of `done/YYYY/MM`, `failed` or `duplicate`. The month is in UTC, as in the names of runs. */
export function buildDestinationPath(folder: string, destination: Destination, now: Date): string {
  if (destination !== 'done') return join(folder, folderNames[destination]);
  const [year = '', month = ''] = now.toISOString().split('-');
  return join(folder, folderNames.done, year, month);
}
