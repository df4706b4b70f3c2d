import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { BusyError } from '#src/errors.js';
import { isProcessAlive } from '#src/is-process-alive.js';
import { tryLockFile } from '#src/sqlite/open-database.js';

/** Held while a process changes a tenant's customers; it ends with the process, however that ends. */
export interface TenantLock {
  release(): void;
}

/**
 * Lets one process at a time change a tenant's customers: two would exceed the rate limit together, and not see each
 * other's rows. The lock is the operating system's (through SQLite), so a killed process does not leave one.
 *
 * @throws BusyError when another process holds it
 */
export function lockTenant(folder: string, purpose: string): TenantLock {
  const note = join(folder, holderFile);
  const release = tryLockFile(join(folder, 'lock.db'));
  if (release === undefined) throw createBusyError(describeHolder(note));
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
 * Whether a process seems to hold the lock, by the note that the holder leaves: trying the lock would keep others from
 * it. A process of another machine counts as alive, because we cannot know.
 */
export function seemsLocked(folder: string): boolean {
  const holder = readNote(join(folder, holderFile));
  if (holder === undefined) return false;
  return (holder.host !== undefined && holder.host !== hostname()) || isProcessAlive(Number(holder.pid));
}

const holderFile = 'lock-holder.json';

function readNote(file: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function describeHolder(note: string): string {
  const holder = readNote(note);
  if (holder === undefined) return 'another process';
  return `process ${String(holder.pid)} (${String(holder.purpose)}, since ${String(holder.since)})`;
}

function createBusyError(holder: string): BusyError {
  return new BusyError(`The customers of this login are being changed by ${holder}.`, {
    code: 'BUSY',
    nextStep: 'Wait until it has finished, or stop it with Ctrl-C; then try again.',
  });
}
