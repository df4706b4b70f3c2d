import { lstat, readdir, rmdir, unlink, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { publishMilestone } from '#pipelines/milestones.js';
import type { Claim, Move, Product } from './claims.js';
import { buildDestinationPath, type Destination, folderNames } from './folder-layout.js';
import { exists, placeFile, systemCode } from './place-file.js';

export interface ArchiveRequest {
  readonly folder: string;
  readonly destination: Destination;
  /** What to say beside the file, under its name with this ending. */
  readonly note?: { readonly ending: string; readonly text: string };
  /** Names of what the import wrote beside the file. */
  readonly products: { readonly results?: string; readonly rejects?: string };
  /** Where else than beside the file. */
  readonly resultsFolder?: string;
  readonly rejectsFolder?: string;
}

/** Decides where a claim's files go: to names that are free, all with the same addition if one of them is not. */
export async function planArchive(claim: Claim, wish: ArchiveRequest): Promise<void> {
  if (wish.note !== undefined)
    await writeFile(join(claim.folder, `${claim.record.file}${wish.note.ending}`), wish.note.text);
  const beside = buildDestinationPath(wish.folder, wish.destination, new Date());
  const folders: Readonly<Record<Product, string>> = {
    input: beside,
    other: beside,
    results: wish.resultsFolder ?? beside,
    rejects: wish.rejectsFolder ?? wish.resultsFolder ?? beside,
  };
  const names = (await readdir(claim.folder)).filter((name) => !name.startsWith('.')).sort();
  const moves = names.map((from) => {
    const product = classifyProduct(from, claim, wish);
    return { product, from, to: join(folders[product], from) };
  });
  const isFree = (await Promise.all(moves.map(({ to }) => exists(to)))).every((taken) => !taken);
  await claim.update({
    plan: { shelf: wish.destination, moves: isFree ? moves : moves.map((move) => renameMove(move, claim, folders)) },
  });
}

function classifyProduct(name: string, claim: Claim, { products }: ArchiveRequest): Product {
  if (name === claim.record.file) return 'input';
  if (name === products.results) return 'results';
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
  const bare = name.replace(/\.gz$/i, '');
  return bare.slice(0, bare.length - extname(bare).length);
}

/**
 * Moves a claim's files as planned; again after a crash, it goes on where it was.
 *
 * @returns where they are now
 */
export async function executePlan(claim: Claim): Promise<Readonly<Partial<Record<Product, string>>>> {
  const { plan } = claim.record;
  if (plan === undefined) throw new Error(`Nobody has planned where ${claim.record.file} goes.`);
  // The file itself goes last: until then, whoever looks into the claim sees that it is not through.
  const moves = [...plan.moves].sort(
    (one, other) => Number(one.product === 'input') - Number(other.product === 'input'),
  );
  const places: Partial<Record<Product, string>> = {};
  for (const move of moves) {
    places[move.product] = await executeMove(claim, move);
    publishMilestone('during-archive');
  }
  return places;
}

async function executeMove(claim: Claim, move: Move): Promise<string> {
  const from = join(claim.folder, move.from);
  if (!(await exists(from)) || (await placeFile(from, move.to)) === 'placed') return move.to;
  // Somebody has taken the name since it was chosen; one with the claim in it is ours, whatever it holds.
  const dot = move.to.length - extname(move.to).length;
  const to = `${move.to.slice(0, dot)}.${claim.id}${move.to.slice(dot)}`;
  const { plan } = claim.record;
  if (plan !== undefined)
    await claim.update({
      plan: { ...plan, moves: plan.moves.map((one) => (one.from === move.from ? { ...one, to } : one)) },
    });
  if ((await placeFile(from, to)) === 'taken') throw new Error(`${to} was taken by somebody else.`);
  return to;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Only what is through is ever deleted: a file in `failed/` is still somebody's work. */
const prunedFolders = [folderNames.done, folderNames.duplicate] as const;

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
  for (const shelf of prunedFolders) await pruneFolder(join(folder, shelf), nowMs - keepDays * dayMs, isDryRun, old);
  return old;
}

async function pruneFolder(folder: string, beforeMs: number, isDryRun: boolean, old: string[]): Promise<void> {
  for (const name of await listNames(folder)) {
    const path = join(folder, name);
    const facts = await lstat(path);
    // Never through a link: it may lead anywhere.
    if (facts.isDirectory()) {
      await pruneFolder(path, beforeMs, isDryRun, old);
      if (!isDryRun) await rmdir(path).catch(() => undefined);
    } else if (facts.isFile() && readArchivedAtMs(facts) < beforeMs) {
      old.push(path);
      if (!isDryRun) await unlink(path);
    }
  }
}

/** A file keeps the time of change that it came with, but the move into the archive shows in the others. */
function readArchivedAtMs(facts: {
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly birthtimeMs: number;
}): number {
  return Math.max(facts.mtimeMs, facts.ctimeMs, facts.birthtimeMs);
}

async function listNames(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
