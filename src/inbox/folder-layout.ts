import { join } from 'node:path';

/** The folders inside a drop folder. */
export const folderNames = {
  /** Claimed files, each in a folder of its own with a note for people. */
  processing: 'processing',
  done: 'done',
  failed: 'failed',
  duplicate: 'duplicate',
} as const;

/** Where a processed file goes. */
export type Destination = Exclude<keyof typeof folderNames, 'processing'>;

/** Distinguishes the drop folder from the empty mount point of a share that is not mounted. */
export const markerFile = '.mypos-customers-inbox.json';

/**
 * Says who claimed the file beside it. It is for people: no process reads it, because anybody may have written it. Its
 * modification time shows other instances that the claim is alive.
 */
export const claimNoteFile = '.claim.txt';

/** Prefix of a claim's folder until its note has been written. */
export const newClaimPrefix = '.new-';

/** The folder of the claimed files. */
export function buildProcessingPath(folder: string): string {
  return join(folder, folderNames.processing);
}

/** A folder that exists or is created below one that the configuration names. */
export interface FolderPlace {
  /** Where it begins: the drop folder, or a folder of the job. */
  readonly base: string;
  /** Folders below it, one in the other. */
  readonly names: readonly string[];
}

/** Folders that a job names instead of those in the drop folder. */
export type NamedDestinations = Readonly<Partial<Record<Destination, string | undefined>>>;

/** The place of `done/YYYY/MM`, `failed` or `duplicate`. The month is in UTC, as in the names of runs. */
export function findDestination(
  folder: string,
  destination: Destination,
  named: NamedDestinations,
  now: Date,
): FolderPlace {
  const base = named[destination];
  const first = base === undefined ? [folderNames[destination]] : [];
  const month = destination === 'done' ? now.toISOString().split('-').slice(0, 2) : [];
  return { base: base ?? folder, names: [...first, ...month] };
}

/** What to do about a link in the place of a folder. */
export function adviseOnLink(name: keyof typeof folderNames): string {
  if (name === 'processing') return 'Remove it: claimed files stay in the drop folder.';
  return `Remove it. To keep these files elsewhere, name that folder in the job: "${name}": "/archive".`;
}
