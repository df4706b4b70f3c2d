import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { markerFile } from './folder-layout.js';
import { systemCode } from './place-file.js';

/** A file as one look into the folder saw it. */
export interface FileStat {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Size, time of change and inode: any write or exchange shows in one of them. */
  readonly identity: string;
}

export interface FolderScan {
  readonly files: readonly FileStat[];
  readonly ignored: readonly { readonly name: string; readonly why: string }[];
  /** Nothing can be done with them as they are called. */
  readonly misnamed: readonly { readonly name: string; readonly why: string }[];
}

/** A file system takes 255; what is made of a name, such as the result file of the second one of its name, is longer. */
const maxNameBytes = 180;

/** Names that are nobody's data: programs use them while they write, or for themselves. */
const ignoredNames: readonly { readonly fits: RegExp; readonly why: string }[] = [
  { fits: /^\./, why: 'its name begins with a dot' },
  { fits: /^~\$/, why: 'it is the lock file of an office program' },
  { fits: /\.(?:tmp|temp)$/i, why: 'it is a temporary file' },
  { fits: /\.(?:part|partial|filepart|crdownload|download)$/i, why: 'it is the beginning of a copy or download' },
];

/** Looks into a folder once. Links are ignored, wherever they lead: to move one away is not to move its file. */
export async function scanFolder(folder: string): Promise<FolderScan> {
  const files: FileStat[] = [];
  const ignored: { name: string; why: string }[] = [];
  const misnamed: { name: string; why: string }[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (name === markerFile) continue;
    const why = ignoredNames.find(({ fits }) => fits.test(name))?.why;
    if (why !== undefined) {
      ignored.push({ name, why });
      continue;
    }
    const seen = await statFile(folder, name);
    const fault = explainUnusableName(name, seen);
    if (fault !== undefined) misnamed.push({ name, why: fault });
    else if (typeof seen === 'string') ignored.push({ name, why: seen });
    else if (seen !== undefined) files.push(seen);
  }
  return { files, ignored, misnamed };
}

function explainUnusableName(name: string, seen: FileStat | string | undefined): string | undefined {
  // Node shows what is not UTF-8 by this sign, and then finds no such file.
  if (seen === undefined && name.includes('\ufffd')) return 'it is not in UTF-8, so that the file cannot be opened';
  const bytes = Buffer.byteLength(name);
  if (typeof seen !== 'object' || bytes <= maxNameBytes) return undefined;
  return `it has ${bytes} bytes; with more than ${maxNameBytes}, that of its result file would be too long`;
}

/** @returns why it is no file to take, or `undefined` when it has gone meanwhile or is a folder */
async function statFile(folder: string, name: string): Promise<FileStat | string | undefined> {
  try {
    const facts = await lstat(join(folder, name), { bigint: true });
    if (facts.isDirectory()) return undefined;
    if (facts.isSymbolicLink()) return 'it is a link';
    if (!facts.isFile()) return 'it is a pipe or a device';
    return {
      name,
      sizeBytes: Number(facts.size),
      modifiedMs: Number(facts.mtimeMs),
      identity: `${facts.size} ${facts.mtimeNs} ${facts.ino}`,
    };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What a file is like now, or `undefined` when it has gone. */
export async function readFileIdentity(path: string): Promise<string | undefined> {
  try {
    const { size, mtimeNs, ino } = await lstat(path, { bigint: true });
    return `${size} ${mtimeNs} ${ino}`;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What the looks so far have shown of a file, by our own clock: times that a file brings along say nothing. */
export interface ObservedFile {
  readonly identity: string;
  /** When something of this name was first seen, since it was last absent. Epoch milliseconds. */
  readonly firstSeenMs: number;
  /** Since when it has not changed. */
  readonly unchangedSinceMs: number;
  /** How often it was seen as it is. */
  readonly scans: number;
  /** Reading this very file has shown that its end is missing; why. */
  readonly incompleteReason?: string;
  /** Somebody was told that it waits too long. */
  readonly isReported?: boolean;
}

/** Two could be the same moment of a slow writer. */
const minScans = 3;

/** Adds one look to what is known of a file. */
export function observe(known: ObservedFile | undefined, seen: FileStat, nowMs: number): ObservedFile {
  if (known === undefined || nowMs < known.unchangedSinceMs)
    return { identity: seen.identity, firstSeenMs: nowMs, unchangedSinceMs: nowMs, scans: 1 };
  if (known.identity === seen.identity) return { ...known, scans: known.scans + 1 };
  const { firstSeenMs, isReported: told = false } = known;
  return { identity: seen.identity, firstSeenMs, unchangedSinceMs: nowMs, scans: 1, isReported: told };
}

/** Nobody has touched the file for a while, as far as several looks can tell. */
export function isStable(known: ObservedFile, quietMs: number, nowMs: number): boolean {
  return known.scans >= minScans && nowMs - known.unchangedSinceMs >= quietMs;
}
