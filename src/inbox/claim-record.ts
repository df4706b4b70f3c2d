import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { claimFile, type Shelf } from './layout.js';
import { systemCode } from './system-code.js';

/** What a claim's folder says of it, for other machines and for people. */
export interface ClaimRecord {
  readonly version: 1;
  /** As it was dropped. */
  readonly file: string;
  /** The writer's word that the file is whole, taken along with it. */
  readonly doneFile?: string;
  readonly job: string;
  /** What the file was like when it was taken: any change since then is a writer who was not done. */
  readonly identity: string;
  readonly firstSeenMs: number;
  /** Name of the state folder whose ledger knows what was sent. */
  readonly machine: string;
  readonly host: string;
  readonly pid: number;
  readonly processStartedAt: string;
  readonly claimedAt: string;
  /** How often a process has taken it up. */
  readonly attempts: number;
  /** Where everything goes, once that is settled. */
  readonly plan?: ArchivePlan;
}

export type Product = 'input' | 'results' | 'rejects' | 'other';

/** Where each file of a claim goes. It is written down before the first one goes, so that a crash changes nothing. */
export interface ArchivePlan {
  readonly shelf: Shelf;
  readonly moves: readonly Move[];
}

export interface Move {
  readonly product: Product;
  /** Name in the claim's folder. */
  readonly from: string;
  /** Absolute. */
  readonly to: string;
}

/** Writes the note of a claim; whoever reads it sees the old one or the new one. */
export async function writeNote(folder: string, record: ClaimRecord): Promise<void> {
  const file = await beginAtomicFile(join(folder, claimFile));
  try {
    await file.handle.writeFile(`${JSON.stringify(record, null, 2)}\n`);
    await file.commit();
  } finally {
    await file.discard();
  }
}

/**
 * Reads the note of a claim.
 *
 * @returns with it its last sign of life; `undefined` when there is no claim
 */
export async function readNote(folder: string): Promise<{ record: ClaimRecord; beat: number } | undefined> {
  const path = join(folder, claimFile);
  try {
    const record = JSON.parse(await readFile(path, 'utf8')) as ClaimRecord;
    return { record, beat: (await lstat(path)).mtimeMs };
  } catch (error) {
    if (error instanceof SyntaxError || ['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return undefined;
    throw error;
  }
}
