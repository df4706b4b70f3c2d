/** A source of chance that gives the same numbers for the same seed on every machine (Mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from 0, below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** A whole number, both ends included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('There is nothing to pick from.');
    return item;
  }

  /** Prefers the items at the beginning of the list, as names of people and towns are distributed. */
  pickSkewed<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() ** 2 * items.length)];
    if (item === undefined) throw new Error('There is nothing to pick from.');
    return item;
  }

  /** A text in which each `#` is replaced by a digit. */
  digits(pattern: string): string {
    return pattern.replaceAll('#', () => String(this.below(10)));
  }

  shuffle<Item>(items: Item[]): Item[] {
    for (let at = items.length - 1; at > 0; at -= 1) {
      const other = this.below(at + 1);
      const kept = items[at] as Item;
      items[at] = items[other] as Item;
      items[other] = kept;
    }
    return items;
  }
}

/** Kinds with how often each is wanted. */
export type Shares<Kind extends string> = Readonly<Record<Kind, number>>;

/** As many kinds as are wanted in all, in proportion to their shares. */
export function allot<Kind extends string>(shares: Shares<Kind>, total: number): Kind[] {
  const entries = Object.entries(shares) as [Kind, number][];
  const sum = entries.reduce((all, [, share]) => all + share, 0);
  const kinds = entries.flatMap(([kind, share]) => Array<Kind>(Math.floor((share / sum) * total)).fill(kind));
  for (let at = 0; kinds.length < total; at += 1) kinds.push((entries[at % entries.length] as [Kind, number])[0]);
  return kinds;
}
