import type { Stats } from 'node:fs';
import { lstat, readdir, rmdir, unlink, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { publishMilestone } from '#pipelines/milestones.js';
import { readSystemCode } from '#src/errors.js';
import type { Claim, Move, Product } from './claims.js';
import { buildDestinationPath, type Destination, folderNames } from './folder-layout.js';
import { exists, placeFile } from './place-file.js';

/** Where the files of a claim are to go. */
export interface ArchiveRequest {
  /** The drop folder. */
  readonly folder: string;
  readonly destination: Destination;
  /** A text file to put beside the file, named after it with this ending. */
  readonly note?: { readonly ending: string; readonly text: string };
  /** Names of the files that the import wrote beside the input. */
  readonly products: { readonly results?: string; readonly rejects?: string; readonly review?: string };
  /** If not beside the input. */
  readonly resultsFolder?: string;
  readonly rejectsFolder?: string;
}

/** Decides where the files of a claim go. If any name is in use, all of them get the same addition to their names. */
export async function planArchive(claim: Claim, request: ArchiveRequest): Promise<void> {
  const { folder, destination, note, resultsFolder, rejectsFolder } = request;
  if (note !== undefined) await writeFile(join(claim.folder, `${claim.record.file}${note.ending}`), note.text);
  const defaultFolder = buildDestinationPath(folder, destination, new Date());
  const folders: Readonly<Record<Product, string>> = {
    input: defaultFolder,
    other: defaultFolder,
    results: resultsFolder ?? defaultFolder,
    rejects: rejectsFolder ?? resultsFolder ?? defaultFolder,
    // Both are for a person to edit.
    review: rejectsFolder ?? resultsFolder ?? defaultFolder,
  };
  const names = (await readdir(claim.folder)).filter((name) => !name.startsWith('.')).sort();
  const moves = names.map((from) => {
    const product = classifyProduct(from, claim, request);
    return { product, from, to: join(folders[product], from) };
  });
  const isAnyInUse = (await Promise.all(moves.map(({ to }) => exists(to)))).some((isInUse) => isInUse);
  await claim.update({
    plan: { shelf: destination, moves: isAnyInUse ? moves.map((move) => renameMove(move, claim, folders)) : moves },
  });
}

function classifyProduct(name: string, claim: Claim, { products }: ArchiveRequest): Product {
  if (name === claim.record.file) return 'input';
  if (name === products.results) return 'results';
  if (name === products.review) return 'review';
  return name === products.rejects ? 'rejects' : 'other';
}

/** `customers.results.csv` becomes `customers.<claim>.results.csv`. */
function renameMove(move: Move, claim: Claim, folders: Readonly<Record<Product, string>>): Move {
  const { from, product } = move;
  const stem = removeExtensions(claim.record.file);
  const name = from.startsWith(stem) ? `${stem}.${claim.id}${from.slice(stem.length)}` : `${claim.id}.${from}`;
  return { ...move, to: join(folders[product], name) };
}

function removeExtensions(name: string): string {
  const unzippedName = name.replace(/\.gz$/i, '');
  return unzippedName.slice(0, unzippedName.length - extname(unzippedName).length);
}

/** The current paths of the files of a claim. */
export type ArchivedPaths = Readonly<Partial<Record<Product, string>>>;

/** Moves the files of a claim as planned. After a crash, it continues where it stopped. */
export async function executePlan(claim: Claim): Promise<ArchivedPaths> {
  const { plan } = claim.record;
  if (plan === undefined) throw new Error(`There is no archive plan for ${claim.record.file}.`);
  // The input goes last: while it is in the claim's folder, the claim counts as unfinished.
  const moves = [...plan.moves].sort((a, b) => Number(a.product === 'input') - Number(b.product === 'input'));
  const paths: Partial<Record<Product, string>> = {};
  for (const move of moves) {
    paths[move.product] = await executeMove(claim, move);
    publishMilestone('during-archive');
  }
  return paths;
}

async function executeMove(claim: Claim, move: Move): Promise<string> {
  const from = join(claim.folder, move.from);
  if (!(await exists(from)) || (await placeFile(from, move.to)) === 'placed') return move.to;
  // The name was used by another file after the plan was made. A name with the claim's id in it can only be ours.
  const extensionStart = move.to.length - extname(move.to).length;
  const to = `${move.to.slice(0, extensionStart)}.${claim.id}${move.to.slice(extensionStart)}`;
  const { plan } = claim.record;
  if (plan !== undefined) {
    const moves = plan.moves.map((planned) => (planned.from === move.from ? { ...planned, to } : planned));
    await claim.update({ plan: { ...plan, moves } });
  }
  if ((await placeFile(from, to)) === 'taken') throw new Error(`${to} is in use by another file.`);
  return to;
}

const dayMs = 24 * 60 * 60 * 1000;

/** A file in `failed/` still needs a person, so it is never deleted. */
const prunedFolders = [folderNames.done, folderNames.duplicate] as const;

/**
 * Deletes files that have been in `done/` or `duplicate/` for more than `keepDays` days.
 *
 * @param isDryRun - only list them
 * @returns their paths
 */
export async function prune(
  folder: string,
  keepDays: number,
  isDryRun: boolean,
  nowMs: number,
): Promise<readonly string[]> {
  const pruned: string[] = [];
  for (const name of prunedFolders) await pruneFolder(join(folder, name), nowMs - keepDays * dayMs, isDryRun, pruned);
  return pruned;
}

async function pruneFolder(folder: string, beforeMs: number, isDryRun: boolean, pruned: string[]): Promise<void> {
  for (const name of await listNames(folder)) {
    const path = join(folder, name);
    const stats = await lstat(path);
    // Links are not followed, because they may lead anywhere.
    if (stats.isDirectory()) {
      await pruneFolder(path, beforeMs, isDryRun, pruned);
      if (!isDryRun) await rmdir(path).catch(() => undefined);
    } else if (stats.isFile() && readArchivedAtMs(stats) < beforeMs) {
      pruned.push(path);
      if (!isDryRun) await unlink(path);
    }
  }
}

/** The modification time is that of the dropped file, but one of the other times is that of the move. */
function readArchivedAtMs({ mtimeMs, ctimeMs, birthtimeMs }: Stats): number {
  return Math.max(mtimeMs, ctimeMs, birthtimeMs);
}

async function listNames(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (readSystemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
