import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BusyError } from '#src/errors.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { onlyThisUser } from '#src/files/file-rights.js';
import { tryLockFile } from '#src/sqlite/open-database.js';
import type { ObservedFile } from './scan-folder.js';

/** Totals over all runs, for metrics. */
export interface Tally {
  /** By metric and label value, e.g. `files done`. */
  totals: Record<string, number>;
  lastSuccessMs?: number;
}

/**
 * What an instance remembers of a drop folder or an export job from one run to the next. Losing it costs time and
 * totals, but nothing in it decides what was imported.
 */
export interface Memory extends Tally {
  /** The id in the folder's marker file. */
  inbox?: string;
  /** By file name. */
  observed: Record<string, ObservedFile>;
  /** Claims of other instances, by id: their last heartbeat, and when this instance first saw it. */
  others: Record<string, { readonly heartbeatMs: number; readonly sinceMs: number }>;
  /** Totals of runs of a single job, by its name; they are not included in those of the folder. */
  jobs: Record<string, Tally>;
  /** Whether it was reported that the folder is unavailable. */
  isOutageReported?: boolean;
}

/** Creates the folder, inside the state folder, for the memory of what is named. */
export function makeMemoryFolder(stateFolder: string, name: string): string {
  const folder = join(stateFolder, 'inbox', createHash('sha256').update(name).digest('hex').slice(0, 16));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** The totals to add a sweep to: those of its job, if it was for one job only, or those of the folder. */
export function findTally(memory: Memory, job: string | undefined): Tally {
  if (job === undefined) return memory;
  const tally = memory.jobs[job] ?? { totals: {} };
  memory.jobs[job] = tally;
  return tally;
}

const memoryFile = 'memory.json';

/** Reads the memory. One that cannot be read counts as empty. */
export function loadMemory(folder: string): Memory {
  const empty: Memory = { observed: {}, others: {}, totals: {}, jobs: {} };
  try {
    return { ...empty, ...(JSON.parse(readFileSync(join(folder, memoryFile), 'utf8')) as Partial<Memory>) };
  } catch {
    return empty;
  }
}

/** Replaces the saved memory. */
export async function saveMemory(folder: string, memory: Memory): Promise<void> {
  const file = await beginAtomicFile(join(folder, memoryFile), onlyThisUser);
  try {
    await file.handle.writeFile(JSON.stringify(memory));
    await file.commit();
  } finally {
    await file.discard();
  }
}

/** The memory of a job without a drop folder. No other process of this instance can open it at the same time. */
interface JobMemory {
  readonly memory: Memory;
  save(): Promise<void>;
  close(): void;
}

/**
 * Opens the memory of a job, for this process only.
 *
 * @param output - the job's output, which distinguishes jobs of the same name in two configuration files
 * @throws BusyError when another process is running the job
 */
export function openJobMemory(stateFolder: string, job: string, output: string): JobMemory {
  const folder = makeMemoryFolder(stateFolder, `job ${job} ${output}`);
  const release = tryLockFile(join(folder, 'job.lock.db'));
  if (release === undefined)
    throw new BusyError(`Another process is already running the job ${job}.`, {
      code: 'JOB_BUSY',
      nextStep: 'Nothing to do: that process will finish it.',
    });
  const memory = loadMemory(folder);
  return { memory, save: () => saveMemory(folder, memory), close: release };
}
