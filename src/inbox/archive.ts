import type { Stats } from 'node:fs';
import { chmod, chown, lstat, readdir, rm, rmdir, unlink, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { publishMilestone } from '#pipelines/milestones.js';
import { InputError, readSystemCode } from '#src/errors.js';
import type { Move, Product } from './claim-records.js';
import { type Claim, isClaimedFile } from './claims.js';
import {
  adviseOnLink,
  type Destination,
  type FolderPlace,
  findDestination,
  folderNames,
  type NamedDestinations,
} from './folder-layout.js';
import { type HeldFolder, inFolder } from './held-folder.js';
import { exists, placeFile } from './place-file.js';

/** The folders to archive to. They are worked out anew for each process, and never read from the drop folder. */
export interface ArchiveFolders {
  /** The drop folder. */
  readonly folder: string;
  /** Folders of the job instead of those in the drop folder. */
  readonly named: NamedDestinations;
  /** If not beside the input. */
  readonly resultsFolder?: string;
  readonly rejectsFolder?: string;
  /** Permission bits of what is put beside the input. @default those of the input, for reading */
  readonly fileMode?: number | undefined;
}

/** What is to be archived, and where. */
export interface ArchiveRequest {
  readonly destination: Destination;
  /** A text file to put beside the file, named after it with this ending. */
  readonly note?: { readonly ending: string; readonly text: string };
  /** Names of the files that the import wrote beside the input. */
  readonly products: { readonly results?: string; readonly rejects?: string; readonly review?: string };
}

/** Decides under which names the files of a claim are archived. If any name is in use, all of them get the same addition. */
export async function planArchive(claim: Claim, folders: ArchiveFolders, request: ArchiveRequest): Promise<void> {
  const { destination, note, products } = request;
  const { file, doneFile } = claim.record;
  if (note !== undefined) await writeFile(join(claim.folder, `${file}${note.ending}`), note.text, { mode: 0o600 });
  const written = (await readdir(claim.folder)).filter((name) => !name.startsWith('.') && name !== file).sort();
  const atMs = Date.now();
  const moves: Move[] = [
    { product: 'input', from: file, to: file },
    ...(doneFile === undefined ? [] : [{ product: 'other', from: doneFile, to: doneFile } as const]),
    ...written.map((name) => ({ product: classifyProduct(name, products), from: name, to: name })),
  ];
  let isAnyInUse = false;
  for (const { product, to } of moves)
    isAnyInUse ||= await inArchive(findPlace(product, destination, folders, atMs), destination, (target) =>
      exists(target.at(to)),
    );
  const renamed = isAnyInUse ? moves.map((move) => renameMove(move, claim)) : moves;
  await claim.update({ plan: { destination, atMs, moves: renamed } });
}

function classifyProduct(name: string, products: ArchiveRequest['products']): Product {
  if (name === products.results) return 'results';
  if (name === products.review) return 'review';
  return name === products.rejects ? 'rejects' : 'other';
}

function findPlace(
  product: Product,
  destination: Destination,
  { folder, named, resultsFolder, rejectsFolder }: ArchiveFolders,
  atMs: number,
): FolderPlace {
  const bases: Readonly<Record<Product, string | undefined>> = {
    input: undefined,
    other: undefined,
    results: resultsFolder,
    rejects: rejectsFolder ?? resultsFolder,
    // Both are for a person to edit.
    review: rejectsFolder ?? resultsFolder,
  };
  const base = bases[product];
  return base === undefined ? findDestination(folder, destination, named, new Date(atMs)) : { base, names: [] };
}

function inArchive<T>(
  { base, names }: FolderPlace,
  destination: Destination,
  work: (folder: HeldFolder) => Promise<T>,
): Promise<T> {
  return inFolder(base, names, { create: true, linkAdvice: adviseOnLink(destination) }, work);
}

/** `customers.results.csv` becomes `customers.<claim>.results.csv`. */
function renameMove(move: Move, claim: Claim): Move {
  const { from } = move;
  const stem = removeExtensions(claim.record.file);
  const name = from.startsWith(stem) ? `${stem}.${claim.id}${from.slice(stem.length)}` : `${claim.id}.${from}`;
  return { ...move, to: name };
}

function removeExtensions(name: string): string {
  const unzippedName = name.replace(/\.gz$/i, '');
  return unzippedName.slice(0, unzippedName.length - extname(unzippedName).length);
}

/** The current paths of the files of a claim. */
export type ArchivedPaths = Readonly<Partial<Record<Product, string>>>;

/** Moves the files of a claim as planned. After a crash, it continues where it stopped. */
export async function executePlan(claim: Claim, folders: ArchiveFolders): Promise<ArchivedPaths> {
  const { plan } = claim.record;
  if (plan === undefined) throw new Error(`There is no archive plan for ${claim.record.file}.`);
  const rights = await readRights(claim, folders.fileMode);
  // The input goes last: while it is in the claim's folder, the claim counts as unfinished.
  const moves = [...plan.moves].sort((a, b) => Number(a.product === 'input') - Number(b.product === 'input'));
  const paths: Partial<Record<Product, string>> = {};
  for (const move of moves) {
    const place = findPlace(move.product, plan.destination, folders, plan.atMs);
    await inArchive(place, plan.destination, async (target) => {
      const name = await executeMove(claim, move, target, rights);
      if (name !== undefined) paths[move.product] = join(target.path, name);
    });
    publishMilestone('during-archive');
  }
  return paths;
}

/** Who may read the dropped file. What is put beside it is for the same people. */
type Rights = Pick<Stats, 'mode' | 'uid' | 'gid'> | undefined;

async function readRights(claim: Claim, fileMode: number | undefined): Promise<Rights> {
  const found = await lstat(claim.path).catch(() => undefined);
  if (found === undefined) return undefined;
  const { uid, gid } = found;
  return { uid, gid, mode: fileMode ?? (found.mode & 0o444) | 0o600 };
}

async function grantRights(path: string, rights: Rights): Promise<void> {
  if (rights === undefined) return;
  const isRoot = process.getuid?.() === 0;
  // Without the right to give a file to a group it stays in ours.
  await chown(path, isRoot ? rights.uid : (process.getuid?.() ?? rights.uid), rights.gid).catch(() => undefined);
  await chmod(path, rights.mode);
}

/** @returns the name that the file has now, or `undefined` when there is no such file */
async function executeMove(claim: Claim, move: Move, target: HeldFolder, rights: Rights): Promise<string | undefined> {
  const { file, doneFile } = claim.record;
  if (move.from === file || move.from === doneFile) {
    const moved = await claim
      .inProcessing(async (held) => {
        const isOurs = move.from === file ? await isClaimedFile(held, claim) : await isFile(held.at(move.from));
        return isOurs ? placeUnderFreeName(claim, move, held.at(move.from), target) : undefined;
      })
      .catch(ignoreReplacedFolder);
    // The copy takes the place of a file that somebody has removed or replaced.
    const copy = join(claim.folder, move.from);
    if (moved !== undefined) {
      await rm(copy, { force: true });
      return moved;
    }
  }
  const from = join(claim.folder, move.from);
  if (!(await exists(from))) return (await exists(target.at(move.to))) ? move.to : undefined;
  if (move.from !== file) await grantRights(from, rights);
  return placeUnderFreeName(claim, move, from, target);
}

function ignoreReplacedFolder(error: unknown): undefined {
  if (!(error instanceof InputError)) throw error;
}

async function isFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isFile() === true;
}

async function placeUnderFreeName(claim: Claim, move: Move, from: string, target: HeldFolder): Promise<string> {
  if ((await placeFile(from, target.at(move.to))) === 'placed') return move.to;
  // The name was used by another file after the plan was made. A name with the claim's id in it can only be ours.
  const extensionStart = move.to.length - extname(move.to).length;
  const to = `${move.to.slice(0, extensionStart)}.${claim.id}${move.to.slice(extensionStart)}`;
  const { plan } = claim.record;
  if (plan !== undefined) {
    const moves = plan.moves.map((planned) => (planned.from === move.from ? { ...planned, to } : planned));
    await claim.update({ plan: { ...plan, moves } });
  }
  if ((await placeFile(from, target.at(to))) === 'taken')
    throw new Error(`${join(target.path, to)} is in use by another file.`);
  return to;
}

const dayMs = 24 * 60 * 60 * 1000;

/** A file in `failed/` still needs a person, so it is never deleted. */
const prunedFolders = [folderNames.done, folderNames.duplicate] as const;

/**
 * Deletes files that have been in `done/` or `duplicate/` for more than `keepDays` days. Links are not followed, because
 * they may lead anywhere.
 *
 * @param isDryRun - only list them
 * @param named - folders of jobs that take the place of those in the drop folder
 * @returns their paths
 */
export async function prune(
  folder: string,
  keepDays: number,
  isDryRun: boolean,
  nowMs: number,
  named: readonly NamedDestinations[] = [],
): Promise<readonly string[]> {
  const pruned: string[] = [];
  const work: Pruning = { beforeMs: nowMs - keepDays * dayMs, isDryRun, pruned };
  for (const name of prunedFolders) await pruneFolder({ base: folder, names: [name] }, everything, work);
  for (const { done, duplicate } of named) {
    if (done !== undefined) await pruneFolder({ base: done, names: [] }, onlyMonths, work);
    if (duplicate !== undefined) await pruneFolder({ base: duplicate, names: [] }, onlyFiles, work);
  }
  return pruned;
}

/** What may be deleted below a folder. In one that a job names, there may be folders that are not ours. */
interface PruningScope {
  /** @param path - names below the folder */
  enters(path: readonly string[]): boolean;
  deletes(path: readonly string[]): boolean;
}

const everything: PruningScope = { enters: () => true, deletes: () => true };
const onlyMonths: PruningScope = {
  enters: (path) => /^\d{4}(?:\/\d{2})?$/.test(path.join('/')),
  deletes: ({ length }) => length === 3,
};
const onlyFiles: PruningScope = { enters: () => false, deletes: () => true };

interface Pruning {
  readonly beforeMs: number;
  readonly isDryRun: boolean;
  readonly pruned: string[];
}

async function pruneFolder(
  place: FolderPlace,
  scope: PruningScope,
  work: Pruning,
  below: readonly string[] = [],
): Promise<void> {
  const { beforeMs, isDryRun, pruned } = work;
  const linkAdvice = adviseOnLink(place.names[0] === folderNames.duplicate ? 'duplicate' : 'done');
  await inFolder(place.base, [...place.names, ...below], { create: false, linkAdvice }, async (folder) => {
    for (const name of (await readdir(folder.at('.'))).sort()) {
      const path = [...below, name];
      const stats = await lstat(folder.at(name));
      if (stats.isDirectory() && scope.enters(path)) {
        await pruneFolder(place, scope, work, path);
        if (!isDryRun) await rmdir(folder.at(name)).catch(() => undefined);
      } else if (stats.isFile() && scope.deletes(path) && readArchivedAtMs(stats) < beforeMs) {
        pruned.push(join(folder.path, name));
        if (!isDryRun) await unlink(folder.at(name));
      }
    }
  }).catch((error: unknown) => {
    if (readSystemCode(error) !== 'ENOENT') throw error;
  });
}

/** The modification time is that of the dropped file, but one of the other times is that of the move. */
function readArchivedAtMs({ mtimeMs, ctimeMs, birthtimeMs }: Stats): number {
  return Math.max(mtimeMs, ctimeMs, birthtimeMs);
}
