import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const preload = pathToFileURL(resolve('test/crash/kill-at.mjs')).href;

/** How a process is to end: at the n-th time that a moment comes. See `kill-at.mjs`. */
export type Kill = `${string}:${number}`;

/** The environment in which a command ends at that moment, as by a power cut. */
export function killAt(kill: Kill): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${preload}`, KILL_AT: kill };
}
