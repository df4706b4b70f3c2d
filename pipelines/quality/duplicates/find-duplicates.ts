import { setImmediate } from 'node:timers/promises';
import { FingerprintIndex } from '#pipelines/fingerprints.js';
import type { Customer } from '#pipelines/model.js';
import { type BlockIndex, buildBlockIndex } from './block-index.js';
import { type FoundPair, type GroupedPairs, groupPairs } from './group-pairs.js';
import type { Evidence } from './pair-evidence.js';
import { columnNames, RecordTable, type Side } from './record-table.js';
import { createPairScorer, type PairScorer } from './score-pair.js';
import { limits } from './weights.js';

export interface DuplicatesFound extends GroupedPairs {
  /** Pairs that were compared. */
  readonly compared: number;
  /** Values that so many records share that only those with like names were compared. */
  readonly narrowedKeys: number;
  /** Values of which even these were too many, so that not all pairs were compared. */
  readonly cutBlocks: number;
}

/** Records between two chances for others to run. */
const recordsPerTurn = 500;
/** Pairs of one record that are kept; whoever has more is a placeholder, and is counted. */
const maxPairsPerRecord = 50;

/** Finds who is there twice, in a file, in an account, and between them. */
export class DuplicateSearch {
  readonly #table: RecordTable;
  readonly #sides: Side[] = [];
  readonly #copies = new FingerprintIndex();
  /** The first record that says the same, by its number in {@link #copies}. */
  readonly #firsts: number[] = [];
  readonly #copyOf: number[] = [];
  /** Rows of which it is known which customer they are. */
  readonly #known = new Set<number>();
  #score: PairScorer | undefined;

  /** @param country - of telephone numbers that do not say theirs, as two letters or a name */
  constructor(country?: string) {
    this.#table = new RecordTable(country);
  }

  /** @returns the number of the record, from 0 */
  add(customer: Customer, side: Side): number {
    const at = this.#table.add(customer, side);
    this.#sides.push(side);
    const values = columnNames.map((name) => this.#table.get(name, at)).join();
    const number = this.#copies.number(`${side} ${values}`);
    this.#copyOf.push(this.#firsts[number] ?? at);
    this.#firsts[number] ??= at;
    return at;
  }

  /**
   * A row of which it is known which customer of the account it is: it is not compared with the account.
   *
   * @returns whether that is news
   */
  markKnown(row: number): boolean {
    const before = this.#known.size;
    return this.#known.add(row).size > before;
  }

  /** What speaks for and against two records being one customer. */
  explain(a: number, b: number): readonly Evidence[] {
    return this.#scorer().explain(a, b).evidence;
  }

  get size(): number {
    return this.#table.size;
  }

  /**
   * Compares what shares a key, and sorts the pairs into groups, matches and reviews.
   *
   * @param onProgress - called now and then with the number of records that are done
   */
  async find(onProgress?: (done: number) => void, signal?: AbortSignal): Promise<DuplicatesFound> {
    const blocks = buildBlockIndex(this.#table, 0, this.#table.size, limits.maxBlock);
    const score = this.#scorer();
    const { pairs, compared } = await this.#comparePairs(blocks, score, onProgress, signal);
    return {
      ...groupPairs(pairs, this.#sides, score),
      compared,
      narrowedKeys: blocks.narrowedKeys,
      cutBlocks: blocks.cutBlocks,
    };
  }

  #scorer(): PairScorer {
    this.#score ??= createPairScorer(this.#table);
    return this.#score;
  }

  async #comparePairs(
    blocks: BlockIndex,
    score: PairScorer,
    onProgress: ((done: number) => void) | undefined,
    signal: AbortSignal | undefined,
  ) {
    const pairs: FoundPair[] = [];
    const visited = new Int32Array(this.#table.size).fill(-1);
    let compared = 0;
    for (let a = 0; a < this.#table.size; a += 1) {
      if (a % recordsPerTurn === 0) {
        onProgress?.(a);
        await setImmediate();
        signal?.throwIfAborted();
      }
      let kept = 0;
      const compare = (b: number) => {
        compared += 1;
        const { bits, tier } = score.rank(a, b);
        if (tier === 'other' || kept >= maxPairsPerRecord) return;
        kept += 1;
        pairs.push({ a, b, bits, tier });
      };
      const first = this.#copyOf[a] ?? a;
      // What says the same as an earlier record is compared with that one alone.
      if (first !== a) compare(first);
      else
        blocks.visit(a, (b) => {
          if (b <= a || visited[b] === a || this.#copyOf[b] !== b) return;
          visited[b] = a;
          if ((this.#known.has(a) || this.#known.has(b)) && this.#sides[a] !== this.#sides[b]) return;
          compare(b);
        });
    }
    return { pairs, compared };
  }
}
