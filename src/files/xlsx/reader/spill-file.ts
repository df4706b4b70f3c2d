import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Place, refusal } from './refusal.js';

/** A temporary file for what does not fit in memory; readable by its owner only, gone after `close`. */
export interface SpillFile {
  append(bytes: Buffer): void;
  /** Fills `target` from `position`; what lies past the end stays as it was. */
  read(target: Buffer, position: number): void;
  close(): void;
}

/** Calls are synchronous: texts are looked up once per cell, where a promise would cost more than the disk. */
export function openSpillFile(place: Place): SpillFile {
  const path = join(tmpdir(), `mypos-customers-${process.pid}-${randomUUID()}.spill`);
  const descriptor = attempt(place, () => openSync(path, 'wx+', 0o600));
  const isUnlinked = tryUnlink(path);
  let end = 0;
  return {
    append: (bytes) => {
      attempt(place, () => writeAll(descriptor, bytes, end));
      end += bytes.length;
    },
    read: (target, position) => {
      attempt(place, () => readSync(descriptor, target, 0, target.length, position));
    },
    close: () => {
      closeSync(descriptor);
      if (!isUnlinked) tryUnlink(path);
    },
  };
}

/** An open file that has no name any more leaves nothing behind, not even after `kill -9`. Windows may refuse. */
function tryUnlink(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  for (let written = 0; written < bytes.length; )
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
}

function attempt<T>(place: Place, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refusal('SPILL_FAILED', place, `the texts of this workbook need a temporary file (${reason}).`, error);
  }
}
