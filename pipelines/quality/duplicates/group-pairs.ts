import type { Side } from './record-table.js';
import type { PairScorer, Tier } from './score-pair.js';
import { limits } from './weights.js';

/** Two records that are, or may be, one customer. Records are numbered in the order in which they were added. */
export interface FoundPair {
  readonly a: number;
  readonly b: number;
  readonly bits: number;
  readonly tier: Exclude<Tier, 'other'>;
}

/** Records of one side that are one customer: each of them fits each other one. */
export interface FoundGroup {
  readonly side: Side;
  /** In the order in which they were added. */
  readonly members: readonly number[];
  /** The pairs that were found among them. */
  readonly pairs: readonly FoundPair[];
}

/** Pairs in order. */
export interface GroupedPairs {
  readonly groups: readonly FoundGroup[];
  /** A record of the file and the customer of the account that it is. */
  readonly matches: readonly FoundPair[];
  /** Pairs for a person to decide, the likeliest first. */
  readonly reviews: readonly FoundPair[];
}

/**
 * Sorts pairs into groups of one side, matches between the sides, and reviews.
 *
 * A group of all that are linked would make one customer of people who only share a friend: each member must fit each other
 * one. A row is at most one customer, and a customer at most one row.
 */
export function groupPairs(pairs: readonly FoundPair[], sides: readonly Side[], score: PairScorer): GroupedPairs {
  const within = pairs.filter(({ a, b }) => sides[a] === sides[b]);
  const between = pairs.filter(({ a, b }) => sides[a] !== sides[b]).map((pair) => withRowFirst(pair, sides));
  const { groups, reviews: loose } = groupWithin(within, sides, score);
  const { matches, reviews: unclear } = matchBetween(between, groups);
  return { groups, matches, reviews: [...loose, ...unclear].sort((a, b) => b.bits - a.bits || a.a - b.a) };
}

/** The record of the file is `a`. */
function withRowFirst(pair: FoundPair, sides: readonly Side[]): FoundPair {
  return sides[pair.a] === 'file' ? pair : { ...pair, a: pair.b, b: pair.a };
}

function groupWithin(pairs: readonly FoundPair[], sides: readonly Side[], score: PairScorer) {
  const parents = new Map<number, number>();
  const findRoot = (at: number): number => {
    let root = at;
    for (let parent = parents.get(root); parent !== undefined && parent !== root; parent = parents.get(root))
      root = parent;
    parents.set(at, root);
    return root;
  };
  const same = pairs.filter(({ tier }) => tier === 'same');
  for (const { a, b } of same) {
    const [rootA, rootB] = [findRoot(a), findRoot(b)];
    parents.set(Math.max(rootA, rootB), Math.min(rootA, rootB));
  }
  const linked = groupBy(same, ({ a }) => findRoot(a));
  const groups: FoundGroup[] = [];
  const reviews = pairs.filter(({ tier }) => tier === 'review');
  const groupOf = new Map<number, FoundGroup>();
  for (const own of linked.values()) {
    const members = [...new Set(own.flatMap(({ a, b }) => [a, b]))].sort((a, b) => a - b);
    if (members.length > limits.maxGroup || !fitsTogether(members, score)) {
      reviews.push(...own.map((pair) => ({ ...pair, tier: 'review' as const })));
      continue;
    }
    const group = { side: sides[members[0] ?? 0] ?? 'file', members, pairs: own };
    groups.push(group);
    for (const member of members) groupOf.set(member, group);
  }
  // What a group has settled needs no second look.
  const open = reviews.filter(({ a, b }) => groupOf.get(a) === undefined || groupOf.get(a) !== groupOf.get(b));
  return { groups: groups.sort((a, b) => (a.members[0] ?? 0) - (b.members[0] ?? 0)), reviews: open };
}

function fitsTogether(members: readonly number[], score: PairScorer): boolean {
  return members.every((a, at) =>
    members.slice(at + 1).every((b) => {
      const { bits, isContradicted } = score.explain(a, b);
      return bits >= limits.review && !isContradicted;
    }),
  );
}

function matchBetween(pairs: readonly FoundPair[], groups: readonly FoundGroup[]) {
  const groupOf = new Map(groups.flatMap((group) => group.members.map((member) => [member, group] as const)));
  const areOneCustomer = (a: number, b: number) => a === b || (groupOf.has(a) && groupOf.get(a) === groupOf.get(b));
  const sorted = [...pairs].sort((a, b) => b.bits - a.bits);
  const byRow = groupBy(sorted, ({ a }) => a);
  const rowOf = new Map<number, number>();
  const settled = new Set<number>();
  const matches: FoundPair[] = [];
  const reviews: FoundPair[] = [];
  for (const pair of sorted) {
    const candidates = byRow.get(pair.a) ?? [];
    const [best] = candidates;
    if (pair === best) {
      const rival = candidates.find(
        (other) => !areOneCustomer(other.b, pair.b) && pair.bits - other.bits < limits.ambiguous,
      );
      const row = rowOf.get(pair.b);
      if (pair.tier === 'same' && rival === undefined && (row === undefined || areOneCustomer(row, pair.a))) {
        matches.push(pair);
        settled.add(pair.a);
        rowOf.set(pair.b, row ?? pair.a);
      } else reviews.push({ ...pair, tier: 'review' });
      continue;
    }
    // The second candidate of a row that has its customer is no question any more, unless it is nearly as good.
    if (!settled.has(pair.a)) reviews.push({ ...pair, tier: 'review' });
  }
  return { matches, reviews };
}

function groupBy(pairs: readonly FoundPair[], key: (pair: FoundPair) => number): ReadonlyMap<number, FoundPair[]> {
  const groups = new Map<number, FoundPair[]>();
  for (const pair of pairs) {
    const group = groups.get(key(pair));
    if (group === undefined) groups.set(key(pair), [pair]);
    else group.push(pair);
  }
  return groups;
}
