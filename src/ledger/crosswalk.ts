import type { Database } from '#src/sqlite/open-database.js';

/** Which customer a key of the legacy system stands for. */
export interface CrosswalkEntry {
  readonly key: string;
  readonly customerCode: string;
  readonly customerId?: string;
}

/** An entry that was refused, because its key already stands for another customer. */
export interface CrosswalkConflict extends CrosswalkEntry {
  readonly knownAs: string;
}

export interface CrosswalkLinkResult {
  readonly added: number;
  readonly replaced: number;
  /** Entries that were there already. */
  readonly same: number;
  readonly conflicts: readonly CrosswalkConflict[];
}

/** The crosswalk of one tenant as a whole; runs update it row by row. */
export interface Crosswalk {
  /** In the order of the keys. */
  all(): Iterable<CrosswalkEntry>;
  /** Adds all entries; when one contradicts the crosswalk, none unless `replace` is set. */
  link(entries: readonly CrosswalkEntry[], replace: boolean): CrosswalkLinkResult;
  findCode(key: string): string | undefined;
  /** Removes the key, so that an import may add its customer again. */
  forget(key: string): void;
}

export function openCrosswalk(database: Database): Crosswalk {
  const all = database.prepare('SELECT key, customer_code, customer_id FROM crosswalk ORDER BY key');
  const known = database.prepare('SELECT customer_code FROM crosswalk WHERE key = ?');
  const link = database.prepare(`INSERT INTO crosswalk (key, customer_code, customer_id) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET customer_code = excluded.customer_code, customer_id = excluded.customer_id,
      written_hash = NULL, run = NULL, row = NULL`);
  const forget = database.prepare('DELETE FROM crosswalk WHERE key = ?');
  return {
    findCode(key) {
      const code = known.get(key)?.customer_code;
      return code == null ? undefined : String(code);
    },
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
        const fresh: CrosswalkEntry[] = [];
        for (const entry of entries) {
          const knownAs = known.get(entry.key)?.customer_code;
          if (knownAs === entry.customerCode) tally.same += 1;
          else if (knownAs === undefined || replace) {
            tally[knownAs === undefined ? 'added' : 'replaced'] += 1;
            fresh.push(entry);
          } else conflicts.push({ ...entry, knownAs: String(knownAs) });
        }
        if (conflicts.length > 0) return { added: 0, replaced: 0, same: tally.same, conflicts };
        for (const { key, customerCode, customerId } of fresh) link.run(key, customerCode, customerId ?? null);
        return { ...tally, conflicts };
      }),
  };
}
