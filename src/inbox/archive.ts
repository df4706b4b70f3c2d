import { readdir, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { reached } from '#pipelines/milestones.js';
import type { Move, Product } from './claim-record.js';
import type { Claim } from './hold-claim.js';
import { type Shelf, shelfFolder } from './layout.js';
import { exists, placeFile } from './place-file.js';

export interface ArchiveWish {
  readonly folder: string;
  readonly shelf: Shelf;
  /** What to say beside the file, under its name with this ending. */
  readonly note?: { readonly ending: string; readonly text: string };
  /** Names of what the import wrote beside the file. */
  readonly products: { readonly results?: string; readonly rejects?: string };
  /** Where else than beside the file. */
  readonly resultsFolder?: string;
  readonly rejectsFolder?: string;
}

/** Decides where a claim's files go: to names that are free, all with the same addition if one of them is not. */
export async function planArchive(claim: Claim, wish: ArchiveWish): Promise<void> {
  if (wish.note !== undefined)
    await writeFile(join(claim.folder, `${claim.record.file}${wish.note.ending}`), wish.note.text);
  const beside = shelfFolder(wish.folder, wish.shelf, new Date());
  const folders: Readonly<Record<Product, string>> = {
    input: beside,
    other: beside,
    results: wish.resultsFolder ?? beside,
    rejects: wish.rejectsFolder ?? wish.resultsFolder ?? beside,
  };
  const names = (await readdir(claim.folder)).filter((name) => !name.startsWith('.')).sort();
  const moves = names.map((from) => {
    const product = productOf(from, claim, wish);
    return { product, from, to: join(folders[product], from) };
  });
  const isFree = (await Promise.all(moves.map(({ to }) => exists(to)))).every((taken) => !taken);
  await claim.note({
    plan: { shelf: wish.shelf, moves: isFree ? moves : moves.map((move) => renamed(move, claim, folders)) },
  });
}

function productOf(name: string, claim: Claim, { products }: ArchiveWish): Product {
  if (name === claim.record.file) return 'input';
  if (name === products.results) return 'results';
  return name === products.rejects ? 'rejects' : 'other';
}

/** `customers.results.csv` becomes `customers.<claim>.results.csv`. */
function renamed(move: Move, claim: Claim, folders: Readonly<Record<Product, string>>): Move {
  const { from, product } = move;
  const stem = stemOf(claim.record.file);
  const name = from.startsWith(stem) ? `${stem}.${claim.id}${from.slice(stem.length)}` : `${claim.id}.${from}`;
  return { ...move, to: join(folders[product], name) };
}

function stemOf(name: string): string {
  const bare = name.replace(/\.gz$/i, '');
  return bare.slice(0, bare.length - extname(bare).length);
}

/**
 * Moves a claim's files as planned; again after a crash, it goes on where it was.
 *
 * @returns where they are now
 */
export async function carryOut(claim: Claim): Promise<Readonly<Partial<Record<Product, string>>>> {
  const { plan } = claim.record;
  if (plan === undefined) throw new Error(`Nobody has planned where ${claim.record.file} goes.`);
  // The file itself goes last: until then, whoever looks into the claim sees that it is not through.
  const moves = [...plan.moves].sort(
    (one, other) => Number(one.product === 'input') - Number(other.product === 'input'),
  );
  const places: Partial<Record<Product, string>> = {};
  for (const move of moves) {
    places[move.product] = await carry(claim, move);
    reached('during-archive');
  }
  return places;
}

async function carry(claim: Claim, move: Move): Promise<string> {
  const from = join(claim.folder, move.from);
  if (!(await exists(from)) || (await placeFile(from, move.to)) === 'placed') return move.to;
  // Somebody has taken the name since it was chosen; one with the claim in it is ours, whatever it holds.
  const dot = move.to.length - extname(move.to).length;
  const to = `${move.to.slice(0, dot)}.${claim.id}${move.to.slice(dot)}`;
  const { plan } = claim.record;
  if (plan !== undefined)
    await claim.note({
      plan: { ...plan, moves: plan.moves.map((one) => (one.from === move.from ? { ...one, to } : one)) },
    });
  if ((await placeFile(from, to)) === 'taken') throw new Error(`${to} was taken by somebody else.`);
  return to;
}
