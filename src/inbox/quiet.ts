import type { Sighting } from './look.js';

/** What the looks so far have shown of a file, by our own clock: times that a file brings along say nothing. */
export interface Watched {
  readonly identity: string;
  /** When something of this name was first seen, since it was last absent. Epoch milliseconds. */
  readonly firstSeenMs: number;
  /** Since when it has not changed. */
  readonly unchangedSinceMs: number;
  /** How often it was seen as it is. */
  readonly looks: number;
  /** Reading this very file has shown that its end is missing; why. */
  readonly cut?: string;
  /** Somebody was told that it waits too long. */
  readonly told?: boolean;
}

/** Two could be the same moment of a slow writer. */
const fewestLooks = 3;

/** Adds one look to what is known of a file. */
export function watch(known: Watched | undefined, seen: Sighting, nowMs: number): Watched {
  if (known === undefined || nowMs < known.unchangedSinceMs)
    return { identity: seen.identity, firstSeenMs: nowMs, unchangedSinceMs: nowMs, looks: 1 };
  if (known.identity === seen.identity) return { ...known, looks: known.looks + 1 };
  const { firstSeenMs, told = false } = known;
  return { identity: seen.identity, firstSeenMs, unchangedSinceMs: nowMs, looks: 1, told };
}

/** Nobody has touched the file for a while, as far as several looks can tell. */
export function isQuiet(known: Watched, quietMs: number, nowMs: number): boolean {
  return known.looks >= fewestLooks && nowMs - known.unchangedSinceMs >= quietMs;
}
