import { DuplicateSearch } from '#pipelines/quality/duplicates/find-duplicates.js';
import type { LabelledSet } from './make-set.js';

/** How well the search tells who is there twice. */
export interface Accuracy {
  /** Of the pairs called *same*, those that are. */
  readonly precision: number;
  /** Of the pairs that are one customer, those called *same*. */
  readonly recall: number;
  /** Of the pairs that are one customer, those called *same* or given to a person. */
  readonly recallWithReview: number;
  /** Pairs for a person to decide, for each 1,000 rows. */
  readonly reviewsPerThousand: number;
  /** Kinds of the pairs that were called *same* and are not, with their number. */
  readonly falsePairs: Readonly<Record<string, number>>;
  /** Kinds of the pairs that were missed altogether, with their number. */
  readonly missedPairs: Readonly<Record<string, number>>;
  /** Kinds of the pairs that a person has to decide, with their number. */
  readonly reviewed: Readonly<Record<string, number>>;
}

/** Searches a labelled set and compares with what is known of it. */
export async function measureAccuracy({ rows, truePairs }: LabelledSet): Promise<Accuracy> {
  const search = new DuplicateSearch('AU');
  for (const { draft } of rows) search.add(draft, 'file');
  const { groups, reviews } = await search.find();
  const isTrue = (a: number, b: number) => rows[a]?.customer === rows[b]?.customer;
  const kindOf = (a: number, b: number) => [rows[a]?.kind, rows[b]?.kind].find((kind) => kind !== 'base') ?? 'base';
  const same = groups.flatMap(({ members }) =>
    members.flatMap((a, at) => members.slice(at + 1).map((b) => [a, b] as const)),
  );
  const found = new Set([...same, ...reviews.map(({ a, b }) => [a, b] as const)].map(pairKey));
  const correct = same.filter(([a, b]) => isTrue(a, b)).length;
  const reviewedTrue = reviews.filter(({ a, b }) => isTrue(a, b)).length;
  return {
    precision: same.length === 0 ? 1 : correct / same.length,
    recall: correct / truePairs,
    recallWithReview: (correct + reviewedTrue) / truePairs,
    reviewsPerThousand: (reviews.length / rows.length) * 1000,
    falsePairs: countKinds(same.filter(([a, b]) => !isTrue(a, b)).map(([a, b]) => kindOf(a, b))),
    missedPairs: countKinds(
      listTruePairs(rows)
        .filter((pair) => !found.has(pairKey(pair)))
        .map(([a, b]) => kindOf(a, b)),
    ),
    reviewed: countKinds(reviews.map(({ a, b }) => `${isTrue(a, b) ? 'is: ' : 'is not: '}${kindOf(a, b)}`)),
  };
}

function pairKey([a, b]: readonly [number, number]): string {
  return `${Math.min(a, b)} ${Math.max(a, b)}`;
}

function listTruePairs(rows: LabelledSet['rows']): (readonly [number, number])[] {
  const byCustomer = new Map<number, number[]>();
  for (const [at, { customer }] of rows.entries()) byCustomer.set(customer, [...(byCustomer.get(customer) ?? []), at]);
  return [...byCustomer.values()].flatMap((own) =>
    own.flatMap((a, at) => own.slice(at + 1).map((b) => [a, b] as const)),
  );
}

function countKinds(kinds: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([, a], [, b]) => b - a));
}
