import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const preload = pathToFileURL(resolve('test/crash/kill-at.mjs')).href;

/** When to kill a process: the n-th time that a moment comes. See `kill-at.mjs`. */
export type Kill = `${string}:${number}`;

/** The environment variables that make a command kill itself at that moment. */
export function killAt(kill: Kill): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${preload}`, KILL_AT: kill };
}
