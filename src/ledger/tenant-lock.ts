import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BusyError } from '../errors.js';
import { openExclusively } from '../sqlite/open-database.js';

/** Held while a process writes to a tenant; ends with the process, however that ends. */
export interface TenantLock {
  release(): void;
}

/**
 * Lets one process at a time change a tenant's customers, since two would together be faster than the allowed rate and
 * blind to each other's rows. The lock is the operating system's (through SQLite), so a killed process leaves none.
 *
 * @throws BusyError when another process holds it
 */
export function lockTenant(folder: string, purpose: string): TenantLock {
  const note = join(folder, 'lock-holder.json');
  const release = openExclusively(join(folder, 'lock.db'));
  if (release === undefined) throw busy(readHolder(note));
  writeFileSync(note, JSON.stringify({ pid: process.pid, purpose, since: new Date().toISOString() }), { mode: 0o600 });
  return {
    release: () => {
      rmSync(note, { force: true });
      release();
    },
  };
}

function readHolder(note: string): string {
  try {
    const holder = JSON.parse(readFileSync(note, 'utf8')) as Record<string, unknown>;
    return `process ${String(holder.pid)} (${String(holder.purpose)}, since ${String(holder.since)})`;
  } catch {
    return 'another process';
  }
}

function busy(holder: string): BusyError {
  return new BusyError(`The customers of this login are being changed by ${holder}.`, {
    code: 'BUSY',
    nextStep: 'Wait until it has finished, or stop it with Ctrl-C; then try again.',
  });
}
