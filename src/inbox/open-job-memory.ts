import { join } from 'node:path';
import { BusyError } from '#src/errors.js';
import { openExclusively } from '#src/sqlite/open-database.js';
import { type Memory, memoryFolder, recall, remember } from './memory.js';

/** What is remembered of a job that has no drop folder; nobody else on this machine is at the job meanwhile. */
export interface JobMemory {
  readonly memory: Memory;
  remember(): Promise<void>;
  close(): void;
}

/**
 * Takes a job for this process.
 *
 * @param about - what the job is about, so that jobs of one name in two configuration files keep apart
 * @throws BusyError when another process of this machine is at it
 */
export function openJobMemory(stateFolder: string, job: string, about: string): JobMemory {
  const place = memoryFolder(stateFolder, `job ${job} ${about}`);
  const release = openExclusively(join(place, 'job.lock.db'));
  if (release === undefined)
    throw new BusyError(`Another process is at the job ${job}.`, {
      code: 'JOB_BUSY',
      nextStep: 'Nothing to do: it takes care of it.',
    });
  const memory = recall(place);
  return { memory, remember: () => remember(place, memory), close: release };
}
