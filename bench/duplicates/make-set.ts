import type { Draft } from '#pipelines/model.js';
import { duplicateShares, makeDuplicate, makeNearMisses, makeOriginal, nearMissShares } from './planted.js';
import { makeStyle, Population, plainStyle, toRow } from './population.js';
import { allot, Chance } from './random.js';

/** A row of which it is known who it is. */
export interface LabelledRow {
  /** Rows of one customer have the same number. */
  readonly customer: number;
  /** How the row came about: `base`, or a kind of duplicate or near-miss. */
  readonly kind: string;
  readonly draft: Draft;
}

export interface LabelledSet {
  readonly rows: readonly LabelledRow[];
  /** Pairs of rows that are one customer. */
  readonly truePairs: number;
}

export interface SetSize {
  readonly rows: number;
  /** Rows that are a customer for the second time. */
  readonly duplicates: number;
  /** Rows that look like another customer and are not. */
  readonly nearMisses: number;
}

/** What the accuracy is promised for. */
export const defaultSetSize: SetSize = { rows: 10_000, duplicates: 500, nearMisses: 500 };

/** Collects labelled rows. */
export class SetBuilder {
  readonly #rows: LabelledRow[] = [];
  #customers = 0;
  #truePairs = 0;

  get size(): number {
    return this.#rows.length;
  }

  /** A customer of one row. */
  add(kind: string, draft: Draft): void {
    this.#rows.push({ customer: this.#customers++, kind, draft });
  }

  /** A customer of two rows. */
  addTwice(kind: string, first: Draft, second: Draft): void {
    const customer = this.#customers++;
    this.#rows.push({ customer, kind: 'base', draft: first }, { customer, kind, draft: second });
    this.#truePairs += 1;
  }

  finish(chance: Chance): LabelledSet {
    return { rows: chance.shuffle(this.#rows), truePairs: this.#truePairs };
  }
}

/** Customers with planted duplicates and near-misses, in the order of chance. */
export function makeLabelledSet(seed: number, size: SetSize = defaultSetSize): LabelledSet {
  const chance = new Chance(seed);
  const population = new Population(chance);
  const tools = { chance, population };
  const set = new SetBuilder();
  for (const kind of allot(duplicateShares, size.duplicates)) {
    const original = makeOriginal(kind, tools);
    set.addTwice(kind, toRow(original, plainStyle), makeDuplicate(kind, original, tools));
  }
  addNearMisses(set, size.nearMisses, tools);
  while (set.size < size.rows) set.add('base', toRow(population.make(), makeStyle(chance)));
  return set.finish(chance);
}

/** Each group has one row that counts as the customer whom the others look like. */
function addNearMisses(set: SetBuilder, wanted: number, tools: { chance: Chance; population: Population }): void {
  const total = Object.values(nearMissShares).reduce((sum, share) => sum + share, 0);
  for (const [kind, share] of Object.entries(nearMissShares)) {
    let missing = Math.round((share / total) * wanted);
    while (missing > 0) {
      const group = makeNearMisses(kind as keyof typeof nearMissShares, missing + 1, tools);
      for (const [at, draft] of group.entries()) set.add(at === 0 ? 'base' : kind, draft);
      missing -= group.length - 1;
    }
  }
}

export interface TwoSides {
  readonly file: readonly LabelledRow[];
  readonly account: readonly LabelledRow[];
}

/** A file and an account that share customers; for measuring time and memory. */
export function makeTwoSides(seed: number, size: { file: number; account: number; shared: number }): TwoSides {
  const chance = new Chance(seed);
  const population = new Population(chance);
  const tools = { chance, population };
  const file: LabelledRow[] = [];
  const account: LabelledRow[] = [];
  const kinds = allot(duplicateShares, size.shared);
  for (const [customer, kind] of kinds.entries()) {
    const original = makeOriginal(kind, tools);
    account.push({ customer, kind: 'base', draft: toRow(original, plainStyle) });
    file.push({ customer, kind, draft: makeDuplicate(kind, original, tools) });
  }
  for (const side of [file, account])
    while (side.length < (side === file ? size.file : size.account))
      side.push({
        customer: kinds.length + file.length + account.length,
        kind: 'base',
        draft: toRow(population.make(), plainStyle),
      });
  return { file: chance.shuffle(file), account: chance.shuffle(account) };
}
