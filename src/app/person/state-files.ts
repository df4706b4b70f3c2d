import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { cellToText } from '#pipelines/model.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { isSpareCopy } from '#src/ledger/ledger-copies.js';
import { eraseFromDatabase } from '#src/ledger/person-data.js';
import type { TextFinder } from '#src/ledger/person-texts.js';

/** Whether a file holds what is looked for; `unknown` for one that cannot be read. */
export type Holds = 'yes' | 'no' | 'unknown';

/** Archives and workbooks, whose texts are compressed. */
const packed: readonly (readonly number[])[] = [
  [0x50, 0x4b],
  [0x1f, 0x8b],
];
const maxBytesInMemory = 512 * 1024 * 1024;

/** Looks for texts in a file: in its bytes, or where they are compressed in its rows. */
export async function fileHolds(path: string, finder: TextFinder): Promise<Holds> {
  try {
    if (statSync(path).size > maxBytesInMemory) return 'unknown';
    const bytes = readFileSync(path);
    if (!packed.some((magic) => magic.every((byte, place) => bytes[place] === byte)))
      return bytesHold(bytes, finder) ? 'yes' : 'no';
    const source = await openRowSource(path, {});
    for await (const rows of source.batches())
      for (const { cells } of rows) if (cells.some((cell) => finder.isIn(cellToText(cell)))) return 'yes';
    return 'no';
  } catch {
    return 'unknown';
  }
}

/** In the encodings that files of customers have. */
function bytesHold(bytes: Buffer, finder: TextFinder): boolean {
  return (
    finder.isIn(bytes.toString('utf8')) ||
    finder.isIn(bytes.toString('latin1')) ||
    finder.isIn(bytes.toString('utf16le'))
  );
}

/** A file of the state folder, and what an erase does with it. */
export interface StateFile {
  readonly path: string;
  readonly holds: Holds;
  /** `input`: an unfinished run may need it. `database`: texts in it are replaced. `copy`: it can be removed. */
  readonly kind: 'input' | 'database' | 'copy';
}

/** Files of the state folder that hold a person, the ledgers apart: those know themselves what they hold. */
export async function findStateFiles(stateFolder: string, finder: TextFinder): Promise<readonly StateFile[]> {
  const found: StateFile[] = [];
  for (const path of listFiles(stateFolder)) {
    const kind = chooseKind(relative(stateFolder, path));
    if (kind === undefined) continue;
    const holds = await fileHolds(path, finder);
    if (holds !== 'no') found.push({ path, holds, kind });
  }
  return found;
}

function chooseKind(path: string): StateFile['kind'] | undefined {
  const [first] = path.split(sep);
  const name = basename(path);
  if (/-(?:wal|shm)$/.test(name)) return undefined;
  if (first === 'inputs') return 'input';
  if (first === 'inbox') return path.split(sep).length > 3 ? 'input' : undefined;
  if (first === 'tenants') return isSpareCopy(name) ? 'copy' : undefined;
  if (first === 'alerts') return 'copy';
  return first === 'sandbox' && name.endsWith('.db') ? 'database' : undefined;
}

/** Removes the files, or what they hold of the person. */
export function eraseStateFiles(files: readonly StateFile[], texts: readonly string[]): void {
  for (const { path, kind } of files)
    if (kind === 'database') eraseFromDatabase(path, texts);
    else for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

/** Every file of the state folder in which the texts still are. */
export function findTraces(stateFolder: string, finder: TextFinder): readonly string[] {
  return listFiles(stateFolder).filter((path) => {
    try {
      return bytesHold(readFileSync(path), finder);
    } catch {
      return false;
    }
  });
}

function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
