import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import type { Watched } from './quiet.js';

/** What is counted since the beginning, for metrics. */
export interface Tally {
  /** By metric and label. */
  totals: Record<string, number>;
  lastSuccessMs?: number;
}

/**
 * What this machine remembers of a drop folder, or of an export job, between its runs. Nothing in it decides what was
 * imported.
 */
export interface Memory extends Tally {
  /** The name in the marker of the folder. */
  inbox?: string;
  /** By file name. */
  watched: Record<string, Watched>;
  /** Claims of other machines: the last sign of life, and when it was first seen. */
  others: Record<string, { readonly beat: number; readonly sinceMs: number }>;
  /** Of sweeps for one job only, by its name; they are none of the folder's own. */
  jobs: Record<string, Tally>;
  /** Somebody was told that the folder is not there. */
  outageTold?: boolean;
}

/** The place of a drop folder in the state folder, by the folder's path; or of a job, by what tells it from others. */
export function memoryFolder(stateFolder: string, name: string): string {
  const place = join(stateFolder, 'inbox', createHash('sha256').update(name).digest('hex').slice(0, 16));
  mkdirSync(place, { recursive: true, mode: 0o700 });
  return place;
}

/** Where to count what a sweep has done: of one job only, or of all in the folder. */
export function tallyOf(memory: Memory, job: string | undefined): Tally {
  if (job === undefined) return memory;
  const tally = memory.jobs[job] ?? { totals: {} };
  memory.jobs[job] = tally;
  return tally;
}

const memoryFile = 'memory.json';

/** Reads what is remembered; a memory that cannot be read is an empty one, at the price of looking anew. */
export function recall(place: string): Memory {
  const empty: Memory = { watched: {}, others: {}, totals: {}, jobs: {} };
  try {
    return { ...empty, ...(JSON.parse(readFileSync(join(place, memoryFile), 'utf8')) as Partial<Memory>) };
  } catch {
    return empty;
  }
}

export async function remember(place: string, memory: Memory): Promise<void> {
  const file = await beginAtomicFile(join(place, memoryFile));
  try {
    await file.handle.writeFile(JSON.stringify(memory));
    await file.commit();
  } finally {
    await file.discard();
  }
}
