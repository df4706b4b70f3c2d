/** Up to so many different values are counted one by one. */
const mostExact = 5000;

/** The smallest hashes that are kept beyond that; the estimate is off by about 1 / √ of it, three percent. */
const keptHashes = 1024;

const hashBits = 2 ** 53;

export interface DistinctCount {
  readonly count: number;
  readonly isEstimate: boolean;
}

/** Counts different texts in bounded memory: exactly while they are few, else by the smallest of their hashes. */
export class DistinctCounter {
  #hashes = new Set<number>();
  #highest = Number.POSITIVE_INFINITY;
  #isEstimate = false;

  add(text: string): void {
    const hash = hashOf(text);
    if (hash >= this.#highest || this.#hashes.has(hash)) return;
    this.#hashes.add(hash);
    if (this.#hashes.size > (this.#isEstimate ? keptHashes * 2 : mostExact)) this.#keepSmallest();
  }

  get result(): DistinctCount {
    if (!this.#isEstimate) return { count: this.#hashes.size, isEstimate: false };
    this.#keepSmallest();
    return { count: Math.round(((keptHashes - 1) / this.#highest) * hashBits), isEstimate: true };
  }

  /** Sorting now and then is cheaper than a heap, and as bounded. */
  #keepSmallest(): void {
    this.#isEstimate = true;
    const smallest = [...this.#hashes].sort((one, other) => one - other).slice(0, keptHashes);
    this.#hashes = new Set(smallest);
    this.#highest = smallest.at(-1) ?? Number.POSITIVE_INFINITY;
  }
}

/** 53 bits that depend on every sign; no protection against texts made to collide, which a profile does not need. */
function hashOf(text: string): number {
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
