import { join } from 'node:path';

/** Folders inside a drop folder, by what they hold. */
export const shelves = {
  /** Claimed files, each in a folder of its own with a note of whose it is. */
  processing: 'processing',
  done: 'done',
  failed: 'failed',
  duplicate: 'duplicate',
} as const;

/** Where a file goes when it is through. */
export type Shelf = Exclude<keyof typeof shelves, 'processing'>;

/** Tells the drop folder from the empty mount point of a share that is not there. */
export const markerFile = '.mypos-customers-inbox.json';

/** Note of a claim, beside the claimed file; nobody can drop a file of this name, since dotfiles are ignored. */
export const claimFile = '.claim.json';

/** A claim appears with its note in it; until then, its folder has this before its name. */
export const beginningPrefix = '.new-';

export function processingFolder(folder: string): string {
  return join(folder, shelves.processing);
}

/** `done/YYYY/MM`, and `failed` and `duplicate` as they are. The month is that of UTC, as in the names of runs. */
export function shelfFolder(folder: string, shelf: Shelf, now: Date): string {
  if (shelf !== 'done') return join(folder, shelves[shelf]);
  const [year = '', month = ''] = now.toISOString().split('-');
  return join(folder, shelves.done, year, month);
}
