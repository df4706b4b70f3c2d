import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSystemCode } from '#src/errors.js';
import { markerFile } from './folder-layout.js';

/** A file at the time of a scan. */
export interface FileStat {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Size, modification time and inode: a write to the file, or its replacement, changes at least one of them. */
  readonly identity: string;
  /** How many names the file has. A second one may belong to a program that is still writing it. */
  readonly links: number;
}

/** What a scan found in the folder. */
export interface FolderScan {
  readonly files: readonly FileStat[];
  readonly ignored: readonly { readonly name: string; readonly why: string }[];
  /** Files that cannot be processed under their name. */
  readonly misnamed: readonly { readonly name: string; readonly why: string }[];
}

/** File systems allow 255 bytes, and names derived from this one, such as that of the result file, are longer. */
const maxNameBytes = 180;

/** Names that programs use while they write a file, or for their own purposes. */
const ignoredNames: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /^\./, why: 'its name begins with a dot' },
  { pattern: /^~\$/, why: 'it is the lock file of an office program' },
  { pattern: /\.(?:tmp|temp)$/i, why: 'it is a temporary file' },
  { pattern: /\.(?:part|partial|filepart|crdownload|download)$/i, why: 'it is an unfinished copy or download' },
];

/** Lists the files of a folder. Links are ignored: moving a link would not move its file. */
export async function scanFolder(folder: string): Promise<FolderScan> {
  const files: FileStat[] = [];
  const ignored: { name: string; why: string }[] = [];
  const misnamed: { name: string; why: string }[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (name === markerFile) continue;
    const why = ignoredNames.find(({ pattern }) => pattern.test(name))?.why;
    if (why !== undefined) {
      ignored.push({ name, why });
      continue;
    }
    const stat = await statFile(folder, name);
    const nameError = explainUnusableName(name, stat);
    if (nameError !== undefined) misnamed.push({ name, why: nameError });
    else if (typeof stat === 'string') ignored.push({ name, why: stat });
    else if (stat !== undefined) files.push(stat);
  }
  return { files, ignored, misnamed };
}

function explainUnusableName(name: string, stat: FileStat | string | undefined): string | undefined {
  // Node replaces bytes that are not UTF-8 by this character, and then does not find the file.
  if (stat === undefined && name.includes('\ufffd')) return 'it is not in UTF-8, so the file cannot be opened';
  const bytes = Buffer.byteLength(name);
  if (typeof stat !== 'object' || bytes <= maxNameBytes) return undefined;
  return `it has ${bytes} bytes; with more than ${maxNameBytes}, the name of its result file would be too long`;
}

/** @returns why it must be ignored, or `undefined` when it is a folder or no longer exists */
async function statFile(folder: string, name: string): Promise<FileStat | string | undefined> {
  try {
    const stats = await lstat(join(folder, name), { bigint: true });
    if (stats.isDirectory()) return undefined;
    if (stats.isSymbolicLink()) return 'it is a link';
    if (!stats.isFile()) return 'it is a pipe or a device';
    return {
      name,
      sizeBytes: Number(stats.size),
      modifiedMs: Number(stats.mtimeMs),
      identity: buildIdentity(stats),
      links: Number(stats.nlink),
    };
  } catch (error) {
    if (readSystemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The identity of a file that was looked at. */
export function buildIdentity({ size, mtimeNs, ino }: Pick<BigIntStats, 'size' | 'mtimeNs' | 'ino'>): string {
  return `${size} ${mtimeNs} ${ino}`;
}

/** Whether two identities are of the same file, which may have changed meanwhile. */
export function isSameInode(a: string, b: string): boolean {
  return a.split(' ')[2] === b.split(' ')[2];
}

/** What the scans so far have shown of a file. All times are by our own clock: those of the file may be wrong. */
export interface ObservedFile {
  readonly identity: string;
  /** When a file of this name appeared. Epoch milliseconds. */
  readonly firstSeenMs: number;
  /** When it was last seen to change. */
  readonly unchangedSinceMs: number;
  /** Scans since then. */
  readonly scans: number;
  /** Why an attempt to import this very file found it incomplete. */
  readonly incompleteReason?: string;
  /** Whether it was reported that the file has waited too long. */
  readonly isReported?: boolean;
}

/** Two scans could see the same moment of a slow writer. */
const minScans = 3;

/** Adds a scan to what is known of a file. */
export function observe(known: ObservedFile | undefined, { identity }: FileStat, nowMs: number): ObservedFile {
  if (known === undefined || nowMs < known.unchangedSinceMs)
    return { identity, firstSeenMs: nowMs, unchangedSinceMs: nowMs, scans: 1 };
  if (known.identity === identity) return { ...known, scans: known.scans + 1 };
  const { firstSeenMs, isReported = false } = known;
  return { identity, firstSeenMs, unchangedSinceMs: nowMs, scans: 1, isReported };
}

/** Whether several scans over at least `quietMs` saw no change. */
export function isStable(known: ObservedFile, quietMs: number, nowMs: number): boolean {
  return known.scans >= minScans && nowMs - known.unchangedSinceMs >= quietMs;
}
