import { joinKey } from '#pipelines/import/keys.js';
import type { CustomerMirror, MirroredCustomer } from '#pipelines/listing/mirror.js';
import type { KnownCustomers, Strangers } from '#pipelines/ports.js';
import type { Database } from '#src/sqlite/open-database.js';

/** Stands among the codes of the dismissed, so that it is on record also where there was nobody. */
const nobody = '';

const isTold = 'EXISTS (SELECT 1 FROM known_customers WHERE known_customers.code = customers.code)';

/** A customer is known by a key, by a row of any run, or because a person has told. */
const isKnown = `(EXISTS (SELECT 1 FROM crosswalk WHERE crosswalk.customer_code = customers.code)
  OR EXISTS (SELECT 1 FROM rows WHERE rows.customer_code = customers.code) OR ${isTold})`;

/** By a key of one source: its name with the separator behind it, or empty for keys without one. */
const isKnownByKey = `(EXISTS (SELECT 1 FROM crosswalk WHERE crosswalk.customer_code = customers.code
  AND substr(crosswalk.key, 1, instr(crosswalk.key, char(31))) = ?) OR ${isTold})`;

/** Opens what the ledger knows about who is in the account. */
export function openKnownCustomers(database: Database, mirror: CustomerMirror): KnownCustomers {
  const countKnown = database.prepare(`SELECT count(*) AS count FROM (SELECT customer_code FROM crosswalk
    UNION SELECT customer_code FROM rows WHERE customer_code IS NOT NULL AND state <> 'deleted'
    UNION SELECT code FROM known_customers)`);
  const created = database.prepare(`SELECT customer_code AS code FROM rows AS made WHERE made.state = 'created'
    AND made.customer_code IS NOT NULL AND NOT EXISTS (SELECT 1 FROM rows AS gone
      WHERE gone.customer_code = made.customer_code AND gone.state = 'deleted') ORDER BY made.run DESC LIMIT 1`);
  const add = database.prepare('INSERT OR IGNORE INTO known_customers (code, id) VALUES (?, ?)');
  const listed = database.prepare('SELECT shown FROM listed_fields WHERE field = ?');
  const saveListed = database.prepare('INSERT OR REPLACE INTO listed_fields (field, shown) VALUES (?, ?)');
  const dismissed = database.prepare('SELECT code FROM dismissed_strangers WHERE run = ?');
  const dismiss = database.prepare('INSERT OR IGNORE INTO dismissed_strangers (run, code) VALUES (?, ?)');
  return {
    ...openStrangers(database, mirror, isKnown),
    withoutKeyOf: (source) =>
      openStrangers(database, mirror, isKnownByKey, [source === undefined ? '' : joinKey(source, '')]),
    countKnown: () => Number(countKnown.get()?.count ?? 0),
    findCreated() {
      const code = created.get()?.code;
      return code == null ? undefined : String(code);
    },
    add: (customers) =>
      database.transaction(() => {
        for (const { customerCode, customerId } of customers) add.run(customerCode, customerId ?? null);
      }),
    listShows(field) {
      const shown = listed.get(field)?.shown;
      return shown == null ? undefined : Number(shown) === 1;
    },
    saveListShows: (field, shown) => {
      saveListed.run(field, shown ? 1 : 0);
    },
    dismissed(run) {
      const codes = dismissed.all(run).map(({ code }) => String(code));
      return codes.length === 0 ? undefined : new Set(codes.filter((code) => code !== nobody));
    },
    dismiss: (run, customerCodes) =>
      database.transaction(() => {
        for (const code of [nobody, ...customerCodes]) dismiss.run(run, code);
      }),
  };
}

/** @param known - the condition under which a customer is no stranger */
function openStrangers(
  database: Database,
  mirror: CustomerMirror,
  known: string,
  values: readonly string[] = [],
): Strangers {
  const count = database.prepare(`SELECT count(*) AS count FROM customers WHERE NOT ${known}`);
  const all = database.prepare(`SELECT code FROM customers WHERE NOT ${known} ORDER BY code`);
  const one = database.prepare(`SELECT 1 AS found FROM customers WHERE NOT ${known} AND code = ?`);
  return {
    countStrangers: () => Number(count.get(...values)?.count ?? 0),
    *strangers() {
      // The codes first: the mirror may be written to while the customers are gone through.
      for (const { code } of all.all(...values)) {
        const customer: MirroredCustomer | undefined = mirror.find(String(code));
        if (customer !== undefined) yield customer;
      }
    },
    isStranger: (customerCode) => one.get(...values, customerCode) !== undefined,
  };
}
