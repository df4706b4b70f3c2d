import { hashNumbers, IntColumn } from './pool.js';
import type { RecordTable } from './record-table.js';

/**
 * Which records are worth comparing: those that share a key. Each key is a strict rule by itself, and many of them together
 * miss little; comparing all with all would be 10^10 pairs.
 */

/** Keys beyond 200 holders are made narrower by a name. */
const keyKinds = {
  email: 1,
  phone: 2,
  /** Either name with the post code, so that swapped names meet, too. */
  nameAndPostCode: 3,
  home: 4,
  nameAndStreet: 5,
  wholeName: 6,
  company: 7,
  companyAndPostCode: 8,
  emailUser: 9,
} as const;

/** Appends the keys of a record to a list, which has no key twice. */
function collectKeys(table: RecordTable, at: number, keys: number[]): void {
  const get = (column: Parameters<RecordTable['get']>[0]) => table.get(column, at);
  const [first, last, company] = [get('first'), get('last'), get('company')];
  const [postCode, street, house] = [get('postCode'), get('street'), get('house')];
  const [soundOfFirst, soundOfLast] = [first === 0 ? 0 : table.sound(first), last === 0 ? 0 : table.sound(last)];
  const add = (kind: keyof typeof keyKinds, a: number, b: number) => {
    if (a === 0 || b === 0) return;
    const key = hashNumbers(keyKinds[kind], a, b);
    if (!keys.includes(key)) keys.push(key);
  };
  add('email', get('email'), 1);
  add('emailUser', get('emailUser'), 1);
  add('phone', get('phone'), 1);
  add('nameAndPostCode', soundOfFirst, postCode);
  add('nameAndPostCode', soundOfLast, postCode);
  const soundOfStreet = street === 0 ? 0 : table.streetSound(street);
  add('home', house === 0 ? 0 : hashNumbers(0, soundOfStreet, house), postCode);
  add('nameAndStreet', soundOfLast, street === 0 ? 0 : hashNumbers(1, street, house));
  add('nameAndStreet', soundOfFirst, street === 0 ? 0 : hashNumbers(1, street, house));
  // In any order.
  add('wholeName', Math.min(first, last), Math.max(first, last));
  add('company', company, 1);
  add('companyAndPostCode', company === 0 ? 0 : table.companySound(company), postCode);
}

/** A key that too many records share, made narrower by how their names sound. */
function collectNarrowKeys(table: RecordTable, at: number, key: number, keys: number[]): void {
  const names = [table.get('first', at), table.get('last', at)];
  const sounds = names.filter((name) => name !== 0).map((name) => table.sound(name));
  if (sounds.length === 2) {
    keys.push(hashNumbers(key, Math.min(...sounds), Math.max(...sounds)));
    return;
  }
  const company = table.get('company', at);
  keys.push(hashNumbers(key, sounds[0] ?? 0, company === 0 ? 0 : table.companySound(company)));
}

/** Records by key. */
export interface BlockIndex {
  /** Calls back for each record that shares a key with this one, perhaps more than once. */
  visit(at: number, visit: (other: number) => void): void;
  /** Keys that so many records share that only those with like names were compared. */
  readonly narrowedKeys: number;
  /** Groups that were still too large, and of which each was compared with its neighbours only. */
  readonly cutBlocks: number;
}

/**
 * Sorts the records from `first` to `end` by their keys, into lists of numbers: a Map of texts would take ten times the
 * memory.
 *
 * @param maxBlock - records of one key that are all compared with each other
 */
export function buildBlockIndex(table: RecordTable, first: number, end: number, maxBlock: number): BlockIndex {
  const wide = new LargeKeys(maxBlock);
  const keys: number[] = [];
  for (let at = first; at < end; at += 1) {
    keys.length = 0;
    collectKeys(table, at, keys);
    for (const key of keys) wide.count(key);
  }
  const narrowed = wide.findLarge();
  const all = (at: number) => {
    keys.length = 0;
    collectKeys(table, at, keys);
    const wideKeys = narrowed.size === 0 ? [] : keys.filter((key) => narrowed.has(key));
    for (const key of wideKeys) {
      keys[keys.indexOf(key)] = hashNumbers(key, 0, table.get('home', at), table.get('unit', at) + 1);
      collectNarrowKeys(table, at, key, keys);
    }
    return keys;
  };
  const buckets = new KeyBuckets(wide.entries);
  for (let at = first; at < end; at += 1) for (const key of all(at)) buckets.count(key);
  buckets.startFilling();
  // Backwards, so that the records of a key stand in their order.
  for (let at = end - 1; at >= first; at -= 1) for (const key of all(at)) buckets.put(key, at);
  const cut = new Set<number>();
  return {
    narrowedKeys: narrowed.size,
    get cutBlocks() {
      return cut.size;
    },
    visit(at, visit) {
      for (const key of [...all(at)]) if (!buckets.visit(key, at, maxBlock, visit)) cut.add(key);
    },
  };
}

/** Finds keys that many have, without keeping all keys: counts by a part of the key first. */
class LargeKeys {
  readonly #counts = new Uint32Array(1 << 20);
  readonly #limit: number;
  readonly #seen: IntColumn = new IntColumn();
  entries = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  count(key: number): void {
    this.#seen.set(this.entries, key);
    this.entries += 1;
    const slot = slotOf(key);
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
  }

  findLarge(): ReadonlySet<number> {
    const counts = new Map<number, number>();
    for (let at = 0; at < this.entries; at += 1) {
      const key = this.#seen.get(at);
      if ((this.#counts[slotOf(key)] ?? 0) > this.#limit) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return new Set([...counts].filter(([, count]) => count > this.#limit).map(([key]) => key));
  }
}

function slotOf(key: number): number {
  return (key ^ (key >>> 12)) & ((1 << 20) - 1);
}

const entriesPerBucket = 2;

/** Keys with their records, in one list that is ordered by a part of the key. */
class KeyBuckets {
  readonly #mask: number;
  readonly #starts: Int32Array;
  #keys = new Int32Array(0);
  #records = new Int32Array(0);

  constructor(expected: number) {
    let size = 1024;
    while (size * entriesPerBucket < expected) size *= 2;
    this.#mask = size - 1;
    this.#starts = new Int32Array(size + 1);
  }

  count(key: number): void {
    const bucket = key & this.#mask;
    this.#starts[bucket] = (this.#starts[bucket] ?? 0) + 1;
  }

  /** From now on, each start is where its bucket ends; putting a record moves it to the left. */
  startFilling(): void {
    for (let at = 1; at < this.#starts.length; at += 1)
      this.#starts[at] = (this.#starts[at] ?? 0) + (this.#starts[at - 1] ?? 0);
    const entries = this.#starts.at(-1) ?? 0;
    this.#keys = new Int32Array(entries);
    this.#records = new Int32Array(entries);
  }

  put(key: number, record: number): void {
    const bucket = key & this.#mask;
    const place = (this.#starts[bucket] ?? 0) - 1;
    this.#starts[bucket] = place;
    this.#keys[place] = key;
    this.#records[place] = record;
  }

  /** @returns whether all records of the key were visited, and not only the `max` behind this one */
  visit(key: number, from: number, max: number, visit: (other: number) => void): boolean {
    const bucket = key & this.#mask;
    const end = this.#starts[bucket + 1] ?? 0;
    let visited = 0;
    for (let at = this.#starts[bucket] ?? 0; at < end; at += 1) {
      if (this.#keys[at] !== key) continue;
      const record = this.#records[at] ?? 0;
      if (record === from) continue;
      if (record > from) visited += 1;
      if (visited > max) return false;
      visit(record);
    }
    return true;
  }
}
