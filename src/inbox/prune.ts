import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { shelves } from './layout.js';
import { systemCode } from './system-code.js';

const dayMs = 24 * 60 * 60 * 1000;

/** Only what is through is ever deleted: a file in `failed/` is still somebody's work. */
const prunedShelves = [shelves.done, shelves.duplicate] as const;

/**
 * Deletes archived files that have lain in `done/` or `duplicate/` for more than so many days.
 *
 * @param isDryRun - only name them
 * @returns their paths
 */
export async function prune(
  folder: string,
  keepDays: number,
  isDryRun: boolean,
  nowMs: number,
): Promise<readonly string[]> {
  const old: string[] = [];
  for (const shelf of prunedShelves) await pruneFolder(join(folder, shelf), nowMs - keepDays * dayMs, isDryRun, old);
  return old;
}

async function pruneFolder(folder: string, beforeMs: number, isDryRun: boolean, old: string[]): Promise<void> {
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const facts = await lstat(path);
    // Never through a link: it may lead anywhere.
    if (facts.isDirectory()) {
      await pruneFolder(path, beforeMs, isDryRun, old);
      if (!isDryRun) await rmdir(path).catch(() => undefined);
    } else if (facts.isFile() && archivedAtMs(facts) < beforeMs) {
      old.push(path);
      if (!isDryRun) await unlink(path);
    }
  }
}

/** A file keeps the time of change that it came with, but the move into the archive shows in the others. */
function archivedAtMs(facts: {
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly birthtimeMs: number;
}): number {
  return Math.max(facts.mtimeMs, facts.ctimeMs, facts.birthtimeMs);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
