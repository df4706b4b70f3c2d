/** The row that came first for a customer. */
export interface FirstRow {
  /** Line or row number. */
  readonly row: number;
  readonly contentHash?: string;
}

/** What is kept of it. */
export interface KnownFirstRow {
  readonly row: number;
  /** How its content hash begins: enough to tell whether another row for the same customer says the same. */
  readonly hashStart?: string;
}

const firstSlots = 1 << 12;
/** Above this share of full slots, looking for a free one takes long. */
const fullest = 0.75;
/** By so much the slots grow: more would leave more of them empty, less would fill them anew more often. */
const growth = 1.25;
const entriesPerBlock = 1 << 14;
/** Of a content hash, which is ASCII: 48 bits. */
const hashBytes = 8;

interface Block {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly rows: Uint32Array;
  readonly hashes: Buffer;
}

/**
 * A map from who a customer is to the row that came first for it, in some 26 bytes an entry: a million of them as
 * strings and objects would cost more memory than everything else together. Two customers that share a fingerprint of 64
 * bits count as one: among a million that happens once in tens of millions of files.
 */
export class FirstRowsRegister {
  /** Numbers of entries from 1; 0 is a free slot. */
  #slots = new Uint32Array(firstSlots);
  readonly #blocks: Block[] = [];
  #size = 0;

  get(identity: string): KnownFirstRow | undefined {
    const { low, high } = fingerprint(identity);
    const entry = this.#slots[this.#slotOf(low, high)] ?? 0;
    if (entry === 0) return undefined;
    const { rows, hashes } = this.#blockOf(entry);
    const at = entry % entriesPerBlock;
    const hashStart = hashes.toString('latin1', at * hashBytes, (at + 1) * hashBytes);
    return { row: rows[at] ?? 0, ...(hashStart.startsWith('\0') ? {} : { hashStart }) };
  }

  set(identity: string, { row, contentHash = '' }: FirstRow): void {
    const { low, high } = fingerprint(identity);
    let slot = this.#slotOf(low, high);
    if (this.#slots[slot] === 0) {
      if (this.#size + 1 >= this.#slots.length * fullest) {
        this.#grow();
        slot = this.#slotOf(low, high);
      }
      this.#size += 1;
      this.#slots[slot] = this.#size;
    }
    const entry = this.#slots[slot] ?? 0;
    const block = this.#blockOf(entry);
    const at = entry % entriesPerBlock;
    block.low[at] = low;
    block.high[at] = high;
    block.rows[at] = row;
    block.hashes.write(contentHash.slice(0, hashBytes).padEnd(hashBytes, '\0'), at * hashBytes, hashBytes, 'latin1');
  }

  #blockOf(entry: number): Block {
    const number = Math.floor(entry / entriesPerBlock);
    let block = this.#blocks[number];
    if (block === undefined) {
      const words = () => new Uint32Array(entriesPerBlock);
      block = { low: words(), high: words(), rows: words(), hashes: Buffer.alloc(entriesPerBlock * hashBytes) };
      this.#blocks[number] = block;
    }
    return block;
  }

  /** Where it is, or would be. */
  #slotOf(low: number, high: number): number {
    for (let slot = firstSlotOf(low, this.#slots.length); ; slot = slotAfter(slot, this.#slots.length)) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0) return slot;
      const block = this.#blockOf(entry);
      const at = entry % entriesPerBlock;
      if (block.low[at] === low && block.high[at] === high) return slot;
    }
  }

  #grow(): void {
    const slots = new Uint32Array(Math.ceil(this.#slots.length * growth));
    for (const entry of this.#slots) {
      if (entry === 0) continue;
      let slot = firstSlotOf(this.#blockOf(entry).low[entry % entriesPerBlock] ?? 0, slots.length);
      while (slots[slot] !== 0) slot = slotAfter(slot, slots.length);
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}

/** Where to look first, spread over all slots. */
function firstSlotOf(low: number, slots: number): number {
  return Math.floor((low / 2 ** 32) * slots);
}

function slotAfter(slot: number, slots: number): number {
  return slot + 1 === slots ? 0 : slot + 1;
}

/** Two hashes of 32 bits after MurmurHash3, which share nothing but the text. */
function fingerprint(text: string): { readonly low: number; readonly high: number } {
  let low = 0x9e3779b9;
  let high = 0x85ebca6b;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    low ^= Math.imul(turned(Math.imul(code, 0xcc9e2d51), 15), 0x1b873593);
    low = (Math.imul(turned(low, 13), 5) + 0xe6546b64) | 0;
    high ^= Math.imul(turned(Math.imul(code, 0x239b961b), 16), 0xab0e9789);
    high = (Math.imul(turned(high, 19), 5) + 0x561ccd1b) | 0;
  }
  return { low: stirred(low ^ text.length), high: stirred(high ^ text.length) };
}

function turned(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}

function stirred(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
