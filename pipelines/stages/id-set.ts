/** Tables that grow one by one, so that growing never takes room for all of it twice. A power of two. */
const tables = 64;
const tableBits = Math.log2(tables);
/** Bits of a half that tell places within a table apart. */
const placeRange = 2 ** (32 - tableBits);
const firstSlots = 16;
/** Above this share of full slots, looking for a free one takes long. */
const fullest = 0.75;
/** By so much a table grows: more would leave more of it empty, less would move its entries more often. */
const growth = 1.25;

/**
 * Remembers which identifiers were seen, in some twelve bytes each: a million of them as strings would cost a hundred
 * mebibytes and more. Two that share a fingerprint of 64 bits count as one. Among a million that happens once in tens of
 * millions of exports, and then it shows: fewer customers are seen than the API counts, and the export is not proved.
 */
export class IdSet {
  readonly #tables = Array.from({ length: tables }, () => new Table());
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns whether it is new */
  add(id: string): boolean {
    const { low, high } = fingerprint(id);
    const added = this.#tables[high >>> (32 - tableBits)]?.add(low, high) === true;
    if (added) this.#size += 1;
    return added;
  }
}

/** Fingerprints that begin alike. */
class Table {
  /** The halves of a fingerprint side by side, so that a look costs one miss of the processor's cache. */
  #halves = new Uint32Array(firstSlots * 2);
  #size = 0;

  add(low: number, high: number): boolean {
    if (this.#size * 2 >= this.#halves.length * fullest) this.#grow();
    const added = this.#put(low, high);
    if (added) this.#size += 1;
    return added;
  }

  #put(low: number, high: number): boolean {
    const at = this.#placeOf(low, high);
    if (this.#halves[at] !== 0) return false;
    this.#halves[at] = low;
    this.#halves[at + 1] = high;
    return true;
  }

  /** Where it is, or would be. */
  #placeOf(low: number, high: number): number {
    const halves = this.#halves;
    const slots = halves.length / 2;
    let at = Math.floor(((high % placeRange) * slots) / placeRange) * 2;
    while (halves[at] !== 0 && (halves[at] !== low || halves[at + 1] !== high)) {
      at += 2;
      if (at === halves.length) at = 0;
    }
    return at;
  }

  #grow(): void {
    const halves = this.#halves;
    this.#halves = new Uint32Array(Math.ceil((halves.length / 2) * growth) * 2);
    for (let at = 0; at < halves.length; at += 2) if (halves[at] !== 0) this.#put(halves[at] ?? 0, halves[at + 1] ?? 0);
  }
}

/** Two mixing hashes with different seeds; a low half of zero stands for a free slot, so it becomes one. */
function fingerprint(id: string): { readonly low: number; readonly high: number } {
  let one = 0x9e3779b9;
  let other = 0x85ebca6b;
  for (let at = 0; at < id.length; at += 1) {
    const code = id.charCodeAt(at);
    one = Math.imul(one ^ code, 0x9e3779b1);
    one ^= one >>> 15;
    other = Math.imul(other ^ code, 0x5f356495);
    other ^= other >>> 13;
  }
  return { low: stirred(one) || 1, high: stirred(other) };
}

function stirred(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
