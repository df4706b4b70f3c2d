import { readable } from '#pipelines/mapping/row-reason.js';
import { trimText } from '#pipelines/mapping/trim-text.js';
import { type Cell, textOf } from '#pipelines/row.js';
import { type DistinctCount, DistinctCounter } from './distinct-counter.js';
import { type FrequentValue, FrequentValues } from './frequent-values.js';
import { type ValueKind, valueKind } from './value-kind.js';

const topValues = 5;

/** Longer texts are told apart by their beginning only. */
const longestCounted = 200;

/** What a column of a file holds. */
export interface ColumnProfile {
  readonly column: string;
  readonly rows: number;
  /** Cells that are not blank. */
  readonly filled: number;
  readonly distinct: DistinctCount;
  /** The most frequent values; none for personal data that no message may show. */
  readonly top: readonly FrequentValue[];
  /** In signs. */
  readonly longest: number;
  /** How many cells of each kind there are, the most frequent first. */
  readonly kinds: { readonly [kind in ValueKind]?: number };
}

/** Collects the profile of one column, in bounded memory. */
export class ColumnProfiler {
  readonly #column: string;
  readonly #isSecret: boolean;
  readonly #distinct = new DistinctCounter();
  readonly #frequent = new FrequentValues();
  readonly #kinds = new Map<ValueKind, number>();
  #rows = 0;
  #filled = 0;
  #longest = 0;

  /** @param isSecret - show none of its values */
  constructor(column: string, isSecret: boolean) {
    this.#column = column;
    this.#isSecret = isSecret;
  }

  add(cell: Cell | undefined): void {
    this.#rows += 1;
    const text = trimText(textOf(cell));
    if (text === '') return;
    this.#filled += 1;
    this.#longest = Math.max(this.#longest, text.length);
    const counted = text.length > longestCounted ? text.slice(0, longestCounted) : text;
    this.#distinct.add(counted);
    if (!this.#isSecret) this.#frequent.add(counted);
    const kind = valueKind(cell ?? '', text);
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  get result(): ColumnProfile {
    return {
      column: this.#column,
      rows: this.#rows,
      filled: this.#filled,
      distinct: this.#distinct.result,
      top: this.#frequent.top(topValues).map(({ value, count }) => ({ value: readable(value), count })),
      longest: this.#longest,
      kinds: Object.fromEntries([...this.#kinds].sort(([, one], [, other]) => other - one)),
    };
  }
}
