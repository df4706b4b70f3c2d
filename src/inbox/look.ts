import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { markerFile } from './layout.js';
import { systemCode } from './system-code.js';

/** A file as one look into the folder saw it. */
export interface Sighting {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Size, time of change and inode: any write or exchange shows in one of them. */
  readonly identity: string;
}

export interface Look {
  readonly files: readonly Sighting[];
  readonly ignored: readonly { readonly name: string; readonly why: string }[];
  /** Nothing can be done with them as they are called. */
  readonly misnamed: readonly { readonly name: string; readonly why: string }[];
}

/** A file system takes 255; what is made of a name, such as the result file of the second one of its name, is longer. */
const mostNameBytes = 180;

/** Names that are nobody's data: programs use them while they write, or for themselves. */
const ignoredNames: readonly { readonly fits: RegExp; readonly why: string }[] = [
  { fits: /^\./, why: 'its name begins with a dot' },
  { fits: /^~\$/, why: 'it is the lock file of an office program' },
  { fits: /\.(?:tmp|temp)$/i, why: 'it is a temporary file' },
  { fits: /\.(?:part|partial|filepart|crdownload|download)$/i, why: 'it is the beginning of a copy or download' },
];

/** Looks into a folder once. Links are ignored, wherever they lead: to move one away is not to move its file. */
export async function lookInto(folder: string): Promise<Look> {
  const files: Sighting[] = [];
  const ignored: { name: string; why: string }[] = [];
  const misnamed: { name: string; why: string }[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (name === markerFile) continue;
    const why = ignoredNames.find(({ fits }) => fits.test(name))?.why;
    if (why !== undefined) {
      ignored.push({ name, why });
      continue;
    }
    const seen = await sight(folder, name);
    const fault = whyMisnamed(name, seen);
    if (fault !== undefined) misnamed.push({ name, why: fault });
    else if (typeof seen === 'string') ignored.push({ name, why: seen });
    else if (seen !== undefined) files.push(seen);
  }
  return { files, ignored, misnamed };
}

function whyMisnamed(name: string, seen: Sighting | string | undefined): string | undefined {
  // Node shows what is not UTF-8 by this sign, and then finds no such file.
  if (seen === undefined && name.includes('\ufffd')) return 'it is not in UTF-8, so that the file cannot be opened';
  const bytes = Buffer.byteLength(name);
  if (typeof seen !== 'object' || bytes <= mostNameBytes) return undefined;
  return `it has ${bytes} bytes; with more than ${mostNameBytes}, that of its result file would be too long`;
}

/** @returns why it is no file to take, or `undefined` when it has gone meanwhile or is a folder */
async function sight(folder: string, name: string): Promise<Sighting | string | undefined> {
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
export async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { size, mtimeNs, ino } = await lstat(path, { bigint: true });
    return `${size} ${mtimeNs} ${ino}`;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
