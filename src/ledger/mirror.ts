import { readField } from '#pipelines/compare-customers.js';
import { stringifyExactJson } from '#pipelines/exact-json.js';
import { parseApiTime } from '#pipelines/listing/customer-identity.js';
import {
  type CustomerMirror,
  type Extent,
  isUneditedSinceCreation,
  type MirroredCustomer,
  type MirrorIndex,
  type MirrorRefresher,
} from '#pipelines/listing/mirror.js';
import type { Customer } from '#pipelines/model.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';
import { isJsonObject, readStoredJson } from './damaged-ledger.js';
import { type FormerCustomerNotes, openFormerCustomerNotes } from './former-customers.js';

/** The mirror as the rest of the ledger uses it. */
export interface LedgerMirror extends CustomerMirror {
  /** Saves a customer over what was known of it. */
  save(customerCode: string, customer: MirroredCustomer): void;
}

/** Opens the local copy of a tenant's customers. */
export function openMirror(database: Database, now: () => number): LedgerMirror {
  const freshUntil = database.prepare('SELECT fresh_until, has_listed FROM mirror');
  const count = database.prepare('SELECT count(*) AS count FROM customers');
  const find = database.prepare('SELECT extent, edited, sent_hash, body FROM customers WHERE code = ?');
  const all = database.prepare('SELECT extent, edited, sent_hash, body FROM customers ORDER BY code');
  const forget = database.prepare('DELETE FROM customers WHERE code = ?');
  const indexes = createMirrorIndexes(database);
  const table = openCustomerTable(database, now);
  const former = openFormerCustomerNotes(database);

  function* readAll(): Iterable<MirroredCustomer> {
    for (const row of all.iterate()) yield toMirroredCustomer(row);
  }

  function save(customerCode: string, customer: MirroredCustomer): void {
    table.save(customerCode, customer);
    indexes.save(customerCode, customer);
  }

  return {
    get freshUntilMs() {
      const at = freshUntil.get()?.fresh_until;
      return at == null ? undefined : Number(at);
    },
    get hasListed() {
      return Number(freshUntil.get()?.has_listed ?? 0) === 1;
    },
    count: () => Number(count.get()?.count ?? 0),
    find(customerCode) {
      const row = find.get(customerCode);
      return row === undefined ? undefined : toMirroredCustomer(row);
    },
    all: readAll,
    indexBy: (valueFor) => indexes.open(readAll(), valueFor),
    save,
    saveDetail(detail) {
      const listed = toListedCustomer(detail);
      const known = table.readState(listed.code);
      const isCurrent = known !== undefined && isUnchanged(known, listed);
      if (!isCurrent) noteChange(former, known, listed);
      const sentHash = isCurrent ? known.sentHash : undefined;
      save(listed.code, {
        customer: detail,
        extent: 'whole',
        ...(listed.edited === undefined ? {} : { edited: listed.edited }),
        ...(sentHash === undefined ? {} : { sentHash }),
      });
    },
    saveFields: (rows, fields) =>
      database.transaction(() =>
        rows.flatMap((row) => {
          const { code, edited } = toListedCustomer(row);
          const found = find.get(code);
          const known = found === undefined ? undefined : toMirroredCustomer(found);
          if (known === undefined || edited === undefined || known.edited !== edited) return [];
          const values = Object.fromEntries(fields.map((field) => [field, readField(row, field) ?? null]));
          const whole = { ...known, customer: { ...known.customer, ...values } };
          save(code, whole);
          return [whole];
        }),
      ),
    forget(customerCode) {
      forget.run(customerCode);
      indexes.remove(customerCode);
    },
    refresher: createRefresher(database, table, former),
  };
}

interface OpenIndex {
  save(customerCode: string, customer: MirroredCustomer): void;
  remove(customerCode: string): void;
}

/** Indexes over the mirror, for as long as they are needed: in temporary tables, so that a million customers fit. */
function createMirrorIndexes(database: Database) {
  const openIndexes = new Set<OpenIndex>();
  let openedCount = 0;
  return {
    save(customerCode: string, customer: MirroredCustomer): void {
      for (const index of openIndexes) index.save(customerCode, customer);
    },
    remove(customerCode: string): void {
      for (const index of openIndexes) index.remove(customerCode);
    },
    open(
      customers: Iterable<MirroredCustomer>,
      valueFor: (customer: MirroredCustomer) => string | undefined,
    ): MirrorIndex {
      openedCount += 1;
      const name = `mirror_index_${openedCount}`;
      database.exec(`CREATE TEMP TABLE ${name} (code TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX temp.${name}_by_value ON ${name} (value)`);
      const insert = database.prepare(`INSERT OR REPLACE INTO temp.${name} (code, value) VALUES (?, ?)`);
      const remove = database.prepare(`DELETE FROM temp.${name} WHERE code = ?`);
      const find = database.prepare(`SELECT code FROM temp.${name} WHERE value = ? ORDER BY code LIMIT ?`);
      const index: OpenIndex = {
        save(customerCode, customer) {
          const value = valueFor(customer);
          if (value === undefined) remove.run(customerCode);
          else insert.run(customerCode, value);
        },
        remove: (customerCode) => {
          remove.run(customerCode);
        },
      };
      database.transaction(() => {
        for (const customer of customers) index.save(String(customer.customer.customerCode), customer);
      });
      openIndexes.add(index);
      return {
        find: (value, max) => find.all(value, max).map((row) => String(row.code)),
        close() {
          openIndexes.delete(index);
          database.exec(`DROP TABLE temp.${name}`);
        },
      };
    },
  };
}

/** Keeps for unfinished runs how a customer was that others have changed since. */
function noteChange(former: FormerCustomerNotes, known: CustomerState | undefined, listed: ListedCustomer): void {
  if (known !== undefined) former.keep(listed.code);
  else if (listed.edited !== undefined) former.noteUnknown(listed.code, parseApiTime(listed.edited));
}

function createRefresher(database: Database, table: CustomerTable, former: FormerCustomerNotes): MirrorRefresher {
  database.exec('CREATE TEMP TABLE listed (code TEXT PRIMARY KEY) WITHOUT ROWID');
  const markListed = database.prepare('INSERT OR IGNORE INTO temp.listed (code) VALUES (?)');
  const forgetUnseen = database.prepare(
    'DELETE FROM customers WHERE touched_at < ? AND code NOT IN (SELECT code FROM temp.listed)',
  );
  // A refresh that ends well has seen everybody whom the local copy has.
  const freshUntil = database.prepare(`UPDATE mirror SET fresh_until = ?,
    has_listed = max(has_listed, EXISTS (SELECT 1 FROM customers))`);
  // Of a few runs only, so that a refresh need not go through all rows that the ledger has.
  const writtenSince = database.prepare(`SELECT customer_code FROM rows
    WHERE run IN (SELECT number FROM runs ORDER BY number DESC LIMIT 3) AND state IN ('created', 'updated')
      AND intent_at >= ? AND customer_code IS NOT NULL ORDER BY run DESC, idx DESC LIMIT ?`);
  let isListing = false;

  /** @returns codes of the customers for which `predicate` holds; it is called for each of them, and may write */
  function filterCodes(customers: readonly Customer[], predicate: (listed: ListedCustomer) => boolean): string[] {
    return database.transaction(() => {
      const codes: string[] = [];
      for (const customer of customers) {
        const listed = toListedCustomer(customer);
        if (isListing) markListed.run(listed.code);
        if (predicate(listed)) codes.push(listed.code);
      }
      return codes;
    });
  }

  return {
    beginListing() {
      database.exec('DELETE FROM temp.listed');
      isListing = true;
    },
    saveListed: (customers) => filterCodes(customers, (listed) => table.saveListed(listed, former)).length,
    findOutdated: (customers, needsFlat) =>
      filterCodes(customers, (listed) => !table.confirmCurrent(listed, needsFlat)),
    forgetUnseen(startedAtMs) {
      isListing = false;
      const { changes } = forgetUnseen.run(startedAtMs);
      database.exec('DELETE FROM temp.listed');
      return changes;
    },
    writtenSince: (ms, max) => writtenSince.all(ms, max).map(({ customer_code: code }) => String(code)),
    freshUntil: (serverTimeMs) => {
      freshUntil.run(serverTimeMs);
    },
    clear: () => {
      database.exec('DELETE FROM customers; UPDATE mirror SET fresh_until = NULL');
    },
  };
}

/** A customer as the API lists it. */
interface ListedCustomer {
  readonly code: string;
  readonly edited: string | undefined;
  readonly customer: Customer;
}

/** What is known of a customer besides its fields. */
interface CustomerState {
  readonly extent: Extent;
  readonly edited: string | undefined;
  readonly sentHash: string | undefined;
}

type CustomerTable = ReturnType<typeof openCustomerTable>;

function openCustomerTable(database: Database, now: () => number) {
  const state = database.prepare('SELECT extent, edited, sent_hash FROM customers WHERE code = ?');
  const body = database.prepare('SELECT body FROM customers WHERE code = ?');
  const setEdited = database.prepare('UPDATE customers SET edited = ? WHERE code = ?');
  const upsert = database.prepare(`INSERT INTO customers (code, id, extent, edited, sent_hash, touched_at, body)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (code) DO UPDATE SET id = excluded.id, extent = excluded.extent, edited = excluded.edited,
      sent_hash = excluded.sent_hash, touched_at = excluded.touched_at, body = excluded.body`);

  function readState(code: string): CustomerState | undefined {
    const row = state.get(code);
    return row && { extent: row.extent as Extent, edited: readText(row.edited), sentHash: readText(row.sent_hash) };
  }

  function save(code: string, { customer, extent, edited, sentHash }: MirroredCustomer): void {
    const { customerId } = customer;
    const id = typeof customerId === 'string' ? customerId : null;
    upsert.run([code, id, extent, edited ?? null, sentHash ?? null, now(), stringifyExactJson(customer)]);
  }

  return {
    readState,
    save,
    /** @returns whether the customer was new or changed */
    saveListed(listed: ListedCustomer, former: FormerCustomerNotes): boolean {
      const known = readState(listed.code);
      const edited = listed.edited === undefined ? {} : { edited: listed.edited };
      const customer = withoutListFields(listed);
      if (known === undefined || !isUnchanged(known, listed)) {
        noteChange(former, known, listed);
        save(listed.code, { customer, extent: 'flat', ...edited });
        return true;
      }
      save(listed.code, {
        customer: { ...readBody(body.get(listed.code)?.body), ...customer },
        extent: known.extent === 'whole' ? 'whole' : 'flat',
        ...edited,
        ...(known.sentHash === undefined ? {} : { sentHash: known.sentHash }),
      });
      return known.extent === 'sent';
    },
    /** @returns whether what is known of the customer is still true */
    confirmCurrent(listed: ListedCustomer, needsFlat: boolean): boolean {
      const known = readState(listed.code);
      if (known === undefined || !isUnchanged(known, listed)) return false;
      if (known.edited === undefined) setEdited.run(listed.edited ?? null, listed.code);
      return !needsFlat || known.extent !== 'sent';
    },
  };
}

/** Whether the customer is still as it is known: last edited when it was then, or added by us and never edited. */
function isUnchanged(known: CustomerState, { edited, customer }: ListedCustomer): boolean {
  if (edited === undefined) return false;
  if (known.edited !== undefined) return known.edited === edited;
  return known.extent === 'sent' && isUneditedSinceCreation(customer);
}

function toListedCustomer(customer: Customer): ListedCustomer {
  const { lastEditDateUTC: edited } = customer;
  return { code: String(customer.customerCode), edited: typeof edited === 'string' ? edited : undefined, customer };
}

/** Two fields of a list row are about the list, not the customer. */
function withoutListFields({ customer }: ListedCustomer): Customer {
  const { customSortRowNumber: _, liTotalCount: __, ...fields } = customer;
  return fields;
}

function readBody(body: SqlValue | undefined): Customer {
  return readStoredJson(body, 'a customer of the local copy', isJsonObject);
}

function readText(value: SqlValue | undefined): string | undefined {
  return value == null ? undefined : String(value);
}

function toMirroredCustomer(row: Record<string, SqlValue>): MirroredCustomer {
  const edited = readText(row.edited);
  const sentHash = readText(row.sent_hash);
  return {
    customer: readBody(row.body),
    // The table's CHECK admits nothing else.
    extent: row.extent as Extent,
    ...(edited === undefined ? {} : { edited }),
    ...(sentHash === undefined ? {} : { sentHash }),
  };
}
