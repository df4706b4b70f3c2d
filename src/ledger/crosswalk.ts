import { isSameSource } from '#pipelines/import/keys.js';
import type { Database } from '#src/sqlite/open-database.js';

/** Which customer a key of the legacy system stands for. */
export interface CrosswalkEntry {
  /** As the ledger stores it: with its source, where it has one. */
  readonly key: string;
  readonly customerCode: string;
  readonly customerId?: string;
}

/** An entry that was refused, because its key already stands for another customer. */
export interface CrosswalkConflict extends CrosswalkEntry {
  readonly knownAs: string;
}

/** An entry that was refused, because another key of the same source already stands for its customer. */
export interface TakenCustomer extends CrosswalkEntry {
  readonly otherKey: string;
}

export interface CrosswalkLinkResult {
  readonly added: number;
  readonly replaced: number;
  /** Entries that were there already. */
  readonly same: number;
  readonly conflicts: readonly CrosswalkConflict[];
  readonly taken: readonly TakenCustomer[];
}

/** The crosswalk of one tenant as a whole; runs update it row by row. */
export interface Crosswalk {
  /** In the order of the keys. */
  all(): Iterable<CrosswalkEntry>;
  /**
   * Adds all entries, of which no two give a customer different keys of one source; when one contradicts the crosswalk,
   * none unless `replace` is set.
   */
  link(entries: readonly CrosswalkEntry[], replace: boolean): CrosswalkLinkResult;
  findCode(key: string): string | undefined;
  /** Whether there is any key of a source; of none, when it is not given. */
  hasKeysOf(source: string | undefined): boolean;
  /** Removes the key, so that an import may add its customer again. */
  forget(key: string): void;
}

export function openCrosswalk(database: Database): Crosswalk {
  const all = database.prepare('SELECT key, customer_code, customer_id FROM crosswalk ORDER BY key');
  const known = database.prepare('SELECT customer_code FROM crosswalk WHERE key = ?');
  const link = database.prepare(`INSERT INTO crosswalk (key, customer_code, customer_id) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET customer_code = excluded.customer_code, customer_id = excluded.customer_id,
      written_hash = NULL, run = NULL, row = NULL`);
  const keysOf = database.prepare('SELECT key FROM crosswalk WHERE customer_code = ?');
  const forget = database.prepare('DELETE FROM crosswalk WHERE key = ?');
  // The separator of source and key is character 31.
  const anyWithout = database.prepare('SELECT 1 AS found FROM crosswalk WHERE instr(key, char(31)) = 0 LIMIT 1');
  const anyOf = database.prepare(
    'SELECT 1 AS found FROM crosswalk WHERE key > ? || char(31) AND key < ? || char(32) LIMIT 1',
  );
  const findOtherKeys = ({ key, customerCode }: CrosswalkEntry): readonly string[] =>
    keysOf
      .all(customerCode)
      .map((row) => String(row.key))
      .filter((other) => other !== key && isSameSource(other, key));
  return {
    findCode(key) {
      const code = known.get(key)?.customer_code;
      return code == null ? undefined : String(code);
    },
    hasKeysOf: (source) => (source === undefined ? anyWithout.get() : anyOf.get(source, source)) !== undefined,
    forget: (key) => {
      forget.run(key);
    },
    *all() {
      for (const row of all.iterate())
        yield {
          key: String(row.key),
          customerCode: String(row.customer_code),
          ...(row.customer_id == null ? {} : { customerId: String(row.customer_id) }),
        };
    },
    link: (entries, replace) =>
      database.transaction(() => {
        const tally = { added: 0, replaced: 0, same: 0 };
        const conflicts: CrosswalkConflict[] = [];
        const taken: TakenCustomer[] = [];
        const fresh: CrosswalkEntry[] = [];
        for (const entry of entries) {
          const knownAs = known.get(entry.key)?.customer_code;
          if (knownAs === entry.customerCode) {
            tally.same += 1;
            continue;
          }
          const otherKeys = findOtherKeys(entry);
          const [otherKey] = otherKeys;
          if (otherKey !== undefined && !replace) taken.push({ ...entry, otherKey });
          for (const key of replace ? otherKeys : []) forget.run(key);
          if (knownAs === undefined || replace) {
            tally[knownAs === undefined ? 'added' : 'replaced'] += 1;
            fresh.push(entry);
          } else conflicts.push({ ...entry, knownAs: String(knownAs) });
        }
        if (conflicts.length + taken.length > 0) return { added: 0, replaced: 0, same: tally.same, conflicts, taken };
        for (const { key, customerCode, customerId } of fresh) link.run(key, customerCode, customerId ?? null);
        return { ...tally, conflicts, taken };
      }),
  };
}
