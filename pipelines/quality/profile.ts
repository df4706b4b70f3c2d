import { shortenValue } from '#pipelines/mapping/cells.js';
import { trimText } from '#pipelines/mapping/normalise-name.js';
import { type Cell, cellToText, type Row } from '#pipelines/model.js';

/** The kind of a cell's content, in the user's words. */
type ValueKind = 'text' | 'digits' | 'number' | 'date' | 'yes/no' | 'e-mail' | 'web address' | 'error';

/** In the order in which they are tried. */
const shapes: readonly (readonly [ValueKind, RegExp])[] = [
  ['digits', /^\d+$/],
  ['number', /^[-+]?(?:\d+|\d{1,3}(?:[.,' \u00A0]\d{3})+)?(?:[.,]\d+)?$/],
  ['date', /^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?:[ T]\d{1,2}:\d\d.*)?$/],
  ['yes/no', /^(?:yes|no|y|n|true|false|ja|nein|oui|non|s[ií])$/i],
  ['e-mail', /^\S+@\S+\.\S+$/],
  ['web address', /^(?:https?:\/\/|www\.)\S+$/i],
];

const kindsByCell = { number: 'number', boolean: 'yes/no', date: 'date', error: 'error', text: 'text' } as const;

/** @param text - the cell's text, trimmed and not blank */
function detectValueKind(cell: Cell, text: string): ValueKind {
  if (typeof cell !== 'string') return kindsByCell[cell.kind];
  return shapes.find(([, shape]) => shape.test(text))?.[0] ?? 'text';
}

/** Values that are counted at a time. */
const maxCounted = 1000;

interface FrequentValue {
  readonly value: string;
  /** A lower bound; exact while the column has no more than a thousand values. */
  readonly count: number;
}

/**
 * Finds the most frequent texts in bounded memory (Misra and Gries: when there is no room for another text, every count is
 * reduced by one, so that no count is too high).
 */
export class FrequentValues {
  readonly #counts = new Map<string, number>();
  #isWhole = true;

  add(text: string): void {
    const known = this.#counts.get(text);
    if (known !== undefined || this.#counts.size < maxCounted) this.#counts.set(text, (known ?? 0) + 1);
    else this.#makeRoom();
  }

  /** The most frequent first; beyond a thousand values, only those that certainly occur more than once. */
  top(limit: number): readonly FrequentValue[] {
    return [...this.#counts]
      .map(([value, count]) => ({ value, count }))
      .filter(({ count }) => this.#isWhole || count > 1)
      .sort((a, b) => b.count - a.count)
      .slice(0, limit);
  }

  /** Expensive, but each pass removes as many counts as it visits. */
  #makeRoom(): void {
    this.#isWhole = false;
    for (const [value, count] of this.#counts)
      if (count === 1) this.#counts.delete(value);
      else this.#counts.set(value, count - 1);
  }
}

/** Up to this many different values are counted exactly. */
const maxExact = 5000;

/** The number of smallest hashes that are kept beyond that; the error of the estimate is about 1 / √ of it, 3 %. */
const keptHashes = 1024;

const hashBits = 2 ** 53;

interface DistinctCount {
  readonly count: number;
  readonly isEstimate: boolean;
}

/** Counts different texts in bounded memory: exactly while they are few, then by the smallest of their hashes. */
export class DistinctCounter {
  #hashes = new Set<number>();
  #highest = Number.POSITIVE_INFINITY;
  #isEstimate = false;

  add(text: string): void {
    const hash = hashText(text);
    if (hash >= this.#highest || this.#hashes.has(hash)) return;
    this.#hashes.add(hash);
    if (this.#hashes.size > (this.#isEstimate ? keptHashes * 2 : maxExact)) this.#keepSmallest();
  }

  get result(): DistinctCount {
    if (!this.#isEstimate) return { count: this.#hashes.size, isEstimate: false };
    this.#keepSmallest();
    return { count: Math.round(((keptHashes - 1) / this.#highest) * hashBits), isEstimate: true };
  }

  /** Sorting from time to time is cheaper than a heap, and also bounded. */
  #keepSmallest(): void {
    this.#isEstimate = true;
    const smallest = [...this.#hashes].sort((a, b) => a - b).slice(0, keptHashes);
    this.#hashes = new Set(smallest);
    this.#highest = smallest.at(-1) ?? Number.POSITIVE_INFINITY;
  }
}

/** 53 bits that depend on every character; not collision-resistant, which a profile does not need. */
function hashText(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let position = 0; position < text.length; position++) {
    const code = text.charCodeAt(position);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return 2 ** 32 * (2_097_151 & low) + (high >>> 0);
}

const maxTopValues = 5;

/** Of longer texts, only the beginning is compared. */
const maxCountedLength = 200;

/** A summary of one column of a file. */
export interface ColumnProfile {
  readonly column: string;
  readonly rows: number;
  /** Cells that are not blank. */
  readonly filled: number;
  readonly distinct: DistinctCount;
  /** The most frequent values; none for personal data that no message may show. */
  readonly top: readonly FrequentValue[];
  /** In characters. */
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
    const text = trimText(cellToText(cell));
    if (text === '') return;
    this.#filled += 1;
    this.#longest = Math.max(this.#longest, text.length);
    const counted = text.length > maxCountedLength ? text.slice(0, maxCountedLength) : text;
    this.#distinct.add(counted);
    if (!this.#isSecret) this.#frequent.add(counted);
    const kind = detectValueKind(cell ?? '', text);
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  get result(): ColumnProfile {
    return {
      column: this.#column,
      rows: this.#rows,
      filled: this.#filled,
      distinct: this.#distinct.result,
      top: this.#frequent.top(maxTopValues).map(({ value, count }) => ({ value: shortenValue(value), count })),
      longest: this.#longest,
      kinds: Object.fromEntries([...this.#kinds].sort(([, a], [, b]) => b - a)),
    };
  }
}

/** Rows with their profile, which is taken while they pass. */
interface RowProfile {
  /** The same batches. */
  readonly batches: AsyncIterable<readonly Row[]>;
  /** Complete after the last batch. */
  result(): readonly ColumnProfile[];
}

/**
 * Takes the profile of every column while rows pass.
 *
 * @param secretColumns - columns of which no value may be shown
 */
export function profileRows(
  batches: AsyncIterable<readonly Row[]>,
  columns: readonly string[],
  secretColumns: ReadonlySet<string>,
): RowProfile {
  const profilers = columns.map((column) => new ColumnProfiler(column, secretColumns.has(column)));
  return { batches: profileBatches(batches, profilers), result: () => profilers.map((profiler) => profiler.result) };
}

async function* profileBatches(batches: AsyncIterable<readonly Row[]>, profilers: readonly ColumnProfiler[]) {
  for await (const batch of batches) {
    for (const { cells } of batch)
      profilers.forEach((profiler, position) => {
        profiler.add(cells[position]);
      });
    yield batch;
  }
}
