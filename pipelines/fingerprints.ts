const initialSlots = 1 << 12;
const maxLoad = 0.75;
/** The two halves of a text's fingerprint, and its number plus one: zero marks a free slot. */
const wordsPerSlot = 3;

/**
 * Numbers distinct texts 0, 1, 2, … in the order in which they are first seen, without keeping them: a million texts take
 * 24 MiB. A Set would take a hundred, and keep alive the pieces of the file that its texts were cut from.
 *
 * Two texts with the same fingerprint of 64 bits count as one. Of files with a million rows, one in tens of millions has
 * such a pair.
 */
export class FingerprintIndex {
  #slots = new Uint32Array(initialSlots * wordsPerSlot);
  #size = 0;

  /** How many distinct texts were added. */
  get size(): number {
    return this.#size;
  }

  /** @returns whether the text is new */
  add(text: string): boolean {
    const before = this.#size;
    this.number(text);
    return this.#size > before;
  }

  /** Whether the text was added. */
  has(text: string): boolean {
    const { low, high } = fingerprint(text);
    return (this.#slots[this.#findSlot(low, high) + 2] ?? 0) > 0;
  }

  /** @returns the text's number; a new text gets the next one */
  number(text: string): number {
    const { low, high } = fingerprint(text);
    let at = this.#findSlot(low, high);
    const known = this.#slots[at + 2] ?? 0;
    if (known > 0) return known - 1;
    if (this.#size + 1 > (this.#slots.length / wordsPerSlot) * maxLoad) {
      this.#grow();
      at = this.#findSlot(low, high);
    }
    this.#slots[at] = low;
    this.#slots[at + 1] = high;
    this.#slots[at + 2] = this.#size + 1;
    this.#size += 1;
    return this.#size - 1;
  }

  /** Where the fingerprint is, or would be: the first free slot from its own one on. */
  #findSlot(low: number, high: number): number {
    const slots = this.#slots;
    // The number of slots is a power of two.
    const last = slots.length / wordsPerSlot - 1;
    let slot = low & last;
    let at = slot * wordsPerSlot;
    while (slots[at + 2] !== 0 && (slots[at] !== low || slots[at + 1] !== high)) {
      slot = (slot + 1) & last;
      at = slot * wordsPerSlot;
    }
    return at;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += wordsPerSlot) {
      const [low = 0, high = 0, numberPlusOne = 0] = before.subarray(at, at + wordsPerSlot);
      if (numberPlusOne > 0) this.#slots.set([low, high, numberPlusOne], this.#findSlot(low, high));
    }
  }
}

/** Two hashes of 32 bits in the manner of MurmurHash3, with different constants. */
function fingerprint(text: string): { readonly low: number; readonly high: number } {
  let low = 0x9e3779b9;
  let high = 0x85ebca6b;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x9e3779b1);
    low ^= low >>> 15;
    high = Math.imul(high ^ code, 0x5f356495);
    high ^= high >>> 13;
  }
  return { low: mix(low), high: mix(high) };
}

/** Spreads what differs in few bits over all of them. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
