import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { BusyError } from '#src/errors.js';
import { isProcessAlive } from '#src/is-process-alive.js';
import { tryLockFile } from '#src/sqlite/open-database.js';

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
  const note = join(folder, holderFile);
  const release = tryLockFile(join(folder, 'lock.db'));
  if (release === undefined) throw busy(readHolder(note));
  const since = new Date().toISOString();
  writeFileSync(note, JSON.stringify({ pid: process.pid, host: hostname(), purpose, since }), { mode: 0o600 });
  return {
    release: () => {
      rmSync(note, { force: true });
      release();
    },
  };
}

/**
 * Whether some process seems to hold the lock, by the note that it left: to try the lock would keep others from it. Of a
 * process of another machine nobody here can tell whether it lives, so it counts.
 */
export function seemsLocked(folder: string): boolean {
  const holder = noteOf(join(folder, holderFile));
  if (holder === undefined) return false;
  return (holder.host !== undefined && holder.host !== hostname()) || isProcessAlive(Number(holder.pid));
}

const holderFile = 'lock-holder.json';

function noteOf(file: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function readHolder(note: string): string {
  const holder = noteOf(note);
  if (holder === undefined) return 'another process';
  return `process ${String(holder.pid)} (${String(holder.purpose)}, since ${String(holder.since)})`;
}

function busy(holder: string): BusyError {
  return new BusyError(`The customers of this login are being changed by ${holder}.`, {
    code: 'BUSY',
    nextStep: 'Wait until it has finished, or stop it with Ctrl-C; then try again.',
  });
}
