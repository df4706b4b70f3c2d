import type { MirroredCustomer, MirrorIndex } from '#pipelines/mirror.js';
import type { Database } from '#src/sqlite/open-database.js';

interface OpenIndex {
  put(code: string, customer: MirroredCustomer): void;
  remove(code: string): void;
}

/** Indexes over the mirror, for as long as somebody needs them: temporary tables, so that a million fits. */
export function mirrorIndexes(database: Database) {
  const open = new Set<OpenIndex>();
  let opened = 0;
  return {
    get areOpen(): boolean {
      return open.size > 0;
    },
    put(code: string, customer: MirroredCustomer): void {
      for (const index of open) index.put(code, customer);
    },
    remove(code: string): void {
      for (const index of open) index.remove(code);
    },
    open(
      customers: Iterable<MirroredCustomer>,
      valueFor: (customer: MirroredCustomer) => string | undefined,
    ): MirrorIndex {
      opened += 1;
      const table = `temp.mirror_index_${opened}`;
      database.exec(`CREATE TEMP TABLE mirror_index_${opened} (code TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX temp.mirror_index_${opened}_by_value ON mirror_index_${opened} (value)`);
      const insert = database.prepare(`INSERT OR REPLACE INTO ${table} (code, value) VALUES (?, ?)`);
      const remove = database.prepare(`DELETE FROM ${table} WHERE code = ?`);
      const find = database.prepare(`SELECT code FROM ${table} WHERE value = ? ORDER BY code LIMIT ?`);
      const index: OpenIndex = {
        put(code, customer) {
          const value = valueFor(customer);
          if (value === undefined) remove.run(code);
          else insert.run(code, value);
        },
        remove: (code) => {
          remove.run(code);
        },
      };
      database.transaction(() => {
        for (const one of customers) index.put(String(one.customer.customerCode), one);
      });
      open.add(index);
      return {
        find: (value, most) => find.all(value, most).map((row) => String(row.code)),
        close() {
          open.delete(index);
          database.exec(`DROP TABLE ${table}`);
        },
      };
    },
  };
}
