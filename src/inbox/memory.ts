import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BusyError } from '#src/errors.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { tryLockFile } from '#src/sqlite/open-database.js';
import type { ObservedFile } from './scan-folder.js';

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
  observed: Record<string, ObservedFile>;
  /** Claims of other machines: the last sign of life, and when it was first seen. */
  others: Record<string, { readonly beat: number; readonly sinceMs: number }>;
  /** Of sweeps for one job only, by its name; they are none of the folder's own. */
  jobs: Record<string, Tally>;
  /** Somebody was told that the folder is not there. */
  isOutageReported?: boolean;
}

/** The place of a drop folder in the state folder, by the folder's path; or of a job, by what tells it from others. */
export function makeMemoryFolder(stateFolder: string, name: string): string {
  const place = join(stateFolder, 'inbox', createHash('sha256').update(name).digest('hex').slice(0, 16));
  mkdirSync(place, { recursive: true, mode: 0o700 });
  return place;
}

/** Where to count what a sweep has done: of one job only, or of all in the folder. */
export function findTally(memory: Memory, job: string | undefined): Tally {
  if (job === undefined) return memory;
  const tally = memory.jobs[job] ?? { totals: {} };
  memory.jobs[job] = tally;
  return tally;
}

const memoryFile = 'memory.json';

/** Reads what is remembered; a memory that cannot be read is an empty one, at the price of looking anew. */
export function loadMemory(place: string): Memory {
  const empty: Memory = { observed: {}, others: {}, totals: {}, jobs: {} };
  try {
    return { ...empty, ...(JSON.parse(readFileSync(join(place, memoryFile), 'utf8')) as Partial<Memory>) };
  } catch {
    return empty;
  }
}

export async function saveMemory(place: string, memory: Memory): Promise<void> {
  const file = await beginAtomicFile(join(place, memoryFile));
  try {
    await file.handle.writeFile(JSON.stringify(memory));
    await file.commit();
  } finally {
    await file.discard();
  }
}

/** What is remembered of a job that has no drop folder; nobody else on this machine is at the job meanwhile. */
interface JobMemory {
  readonly memory: Memory;
  save(): Promise<void>;
  close(): void;
}

/**
 * Takes a job for this process.
 *
 * @param about - what the job is about, so that jobs of one name in two configuration files keep apart
 * @throws BusyError when another process of this machine is at it
 */
export function openJobMemory(stateFolder: string, job: string, about: string): JobMemory {
  const place = makeMemoryFolder(stateFolder, `job ${job} ${about}`);
  const release = tryLockFile(join(place, 'job.lock.db'));
  if (release === undefined)
    throw new BusyError(`Another process is at the job ${job}.`, {
      code: 'JOB_BUSY',
      nextStep: 'Nothing to do: it takes care of it.',
    });
  const memory = loadMemory(place);
  return { memory, save: () => saveMemory(place, memory), close: release };
}
