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
import { literal } from '#src/sqlite/sql-text.js';

/** Puts customers into the mirror, over what was known of them. */
export const upsertCustomer = {
  head: 'INSERT INTO customers (code, id, extent, edited, sent_hash, touched_at, body)',
  tail: `ON CONFLICT (code) DO UPDATE SET id = excluded.id, extent = excluded.extent, edited = excluded.edited,
    sent_hash = excluded.sent_hash, touched_at = excluded.touched_at, body = excluded.body`,
  /** @param nowMs - epoch milliseconds, our clock */
  row(code: string, { customer, extent, edited, sentHash }: MirroredCustomer, nowMs: number): string {
    const { customerId } = customer;
    const id = typeof customerId === 'string' ? customerId : undefined;
    return `(${literal(code)},${literal(id)},'${extent}',${literal(edited)},${literal(sentHash)},${nowMs},${literal(JSON.stringify(customer))})`;
  },
} as const;

export function deleteCustomer(code: string): string {
  return `DELETE FROM customers WHERE code = ${literal(code)}`;
}

interface OpenIndex {
  put(code: string, customer: MirroredCustomer): void;
  remove(code: string): void;
}

/** Indexes over the mirror, for as long as somebody needs them: temporary tables, so that a million fits. */
function createMirrorIndexes(database: Database) {
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

export interface MirrorTable extends CustomerMirror {
  /** Whether somebody finds customers by a value, so that {@link updateIndexes} must be told of every change. */
  readonly isIndexed: boolean;
  /** To be called when a row's outcome has put this customer into the table; with nothing, when it was taken out. */
  updateIndexes(customerCode: string, now: MirroredCustomer | undefined): void;
}

/** The customers of a tenant in its ledger. */
export function openMirror(database: Database, now: () => number): MirrorTable {
  const freshUntil = database.prepare('SELECT fresh_until FROM mirror');
  const count = database.prepare('SELECT count(*) AS n FROM customers');
  const find = database.prepare('SELECT extent, edited, sent_hash, body FROM customers WHERE code = ?');
  const all = database.prepare('SELECT extent, edited, sent_hash, body FROM customers ORDER BY code');
  const forget = database.prepare('DELETE FROM customers WHERE code = ?');
  const indexes = createMirrorIndexes(database);
  const rows = mirrorRows(database, now);
  const mirror = {
    get freshUntilMs() {
      const at = freshUntil.get()?.fresh_until;
      return at == null ? undefined : Number(at);
    },
    count: () => Number(count.get()?.n ?? 0),
    find(customerCode: string) {
      const row = find.get(customerCode);
      return row === undefined ? undefined : toMirrored(row);
    },
    *all() {
      for (const row of all.iterate()) yield toMirrored(row);
    },
    indexBy: (valueFor: (customer: MirroredCustomer) => string | undefined): MirrorIndex =>
      indexes.open(mirror.all(), valueFor),
    saveDetail(detail: Customer) {
      const listed = listRow(detail);
      const known = rows.stateOf(listed.code);
      const sentHash = known !== undefined && isAsListed(known, listed) ? known.sentHash : undefined;
      const whole = withHash({ customer: detail, extent: 'whole', ...editedOf(listed) }, sentHash);
      rows.put(listed.code, whole);
      indexes.put(listed.code, whole);
    },
    get isIndexed() {
      return indexes.areOpen;
    },
    updateIndexes(customerCode: string, customer: MirroredCustomer | undefined) {
      if (customer === undefined) indexes.remove(customerCode);
      else indexes.put(customerCode, customer);
    },
    forget(customerCode: string) {
      forget.run(customerCode);
      indexes.remove(customerCode);
    },
    refresher: mirrorRefreshing(database, rows),
  };
  return mirror;
}

function mirrorRefreshing(database: Database, rows: MirrorRows): MirrorRefresher {
  database.exec('CREATE TEMP TABLE listed (code TEXT PRIMARY KEY) WITHOUT ROWID');
  const see = database.prepare('INSERT OR IGNORE INTO temp.listed (code) VALUES (?)');
  const forgetUnseen = database.prepare(
    'DELETE FROM customers WHERE touched_at < ? AND code NOT IN (SELECT code FROM temp.listed)',
  );
  const freshUntil = database.prepare('UPDATE mirror SET fresh_until = ?');
  let inPass = false;
  /** @returns codes of those for which `look` says yes; rows are let go one by one, since a page of them is large */
  const codesWhere = (customers: readonly Customer[], look: (listed: ListedRow) => boolean): string[] =>
    database.transaction(() => {
      const codes: string[] = [];
      for (const customer of customers) {
        const listed = listRow(customer);
        if (inPass) see.run(listed.code);
        if (look(listed)) codes.push(listed.code);
      }
      return codes;
    });
  return {
    beginListing() {
      database.exec('DELETE FROM temp.listed');
      inPass = true;
    },
    saveListed: (customers) => codesWhere(customers, (listed) => rows.takeFlat(listed)).length,
    findOutdated: (customers, needsFlat) => codesWhere(customers, (listed) => !rows.isCurrent(listed, needsFlat)),
    forgetUnseen(startedAtMs) {
      inPass = false;
      const { changes } = forgetUnseen.run(startedAtMs);
      database.exec('DELETE FROM temp.listed');
      return changes;
    },
    freshUntil: (serverTimeMs) => {
      freshUntil.run(serverTimeMs);
    },
    clear: () => {
      database.exec('DELETE FROM customers; UPDATE mirror SET fresh_until = NULL');
    },
  };
}

interface ListedRow {
  readonly code: string;
  readonly edited: string | undefined;
  readonly row: Customer;
}

interface RowState {
  readonly extent: Extent;
  readonly edited: string | undefined;
  readonly sentHash: string | undefined;
}

type MirrorRows = ReturnType<typeof mirrorRows>;

function mirrorRows(database: Database, now: () => number) {
  const state = database.prepare('SELECT extent, edited, sent_hash FROM customers WHERE code = ?');
  const body = database.prepare('SELECT body FROM customers WHERE code = ?');
  const setEdited = database.prepare('UPDATE customers SET edited = ? WHERE code = ?');
  const upsert = database.prepare(`${upsertCustomer.head} VALUES (?, ?, ?, ?, ?, ?, ?) ${upsertCustomer.tail}`);
  function stateOf(code: string): RowState | undefined {
    const row = state.get(code);
    return row && { extent: row.extent as Extent, edited: textOrNone(row.edited), sentHash: textOrNone(row.sent_hash) };
  }
  function put(code: string, { customer, extent, edited, sentHash }: MirroredCustomer): void {
    const { customerId } = customer;
    const id = typeof customerId === 'string' ? customerId : null;
    upsert.run(code, id, extent, edited ?? null, sentHash ?? null, now(), JSON.stringify(customer));
  }
  return {
    stateOf,
    put,
    /** @returns whether it was new or changed */
    takeFlat(listed: ListedRow): boolean {
      const known = stateOf(listed.code);
      if (known === undefined || !isAsListed(known, listed)) {
        put(listed.code, { customer: customerIn(listed), extent: 'flat', ...editedOf(listed) });
        return true;
      }
      const before = JSON.parse(String(body.get(listed.code)?.body ?? '{}')) as Customer;
      const extent = known.extent === 'whole' ? 'whole' : 'flat';
      const customer = { ...before, ...customerIn(listed) };
      put(listed.code, withHash({ customer, extent, ...editedOf(listed) }, known.sentHash));
      return known.extent === 'sent';
    },
    isCurrent(listed: ListedRow, needsFlat: boolean): boolean {
      const known = stateOf(listed.code);
      if (known === undefined || !isAsListed(known, listed)) return false;
      if (known.edited === undefined) setEdited.run(listed.edited ?? null, listed.code);
      return !needsFlat || known.extent !== 'sent';
    },
  };
}

/** Whether what is known is still so: the same edit, or our own add that nobody has edited since. */
function isAsListed(known: RowState, { edited, row }: ListedRow): boolean {
  if (edited === undefined) return false;
  if (known.edited !== undefined) return known.edited === edited;
  return known.extent === 'sent' && isUneditedSinceCreation(row);
}

function listRow(row: Customer): ListedRow {
  const { lastEditDateUTC: edited } = row;
  return { code: String(row.customerCode), edited: typeof edited === 'string' ? edited : undefined, row };
}

/** Without the two fields that tell of the list, not of the customer. */
function customerIn({ row }: ListedRow): Customer {
  const { customSortRowNumber: _, liTotalCount: __, ...customer } = row;
  return customer;
}

function editedOf({ edited }: ListedRow): { readonly edited?: string } {
  return edited === undefined ? {} : { edited };
}

function withHash(mirrored: MirroredCustomer, sentHash: string | undefined): MirroredCustomer {
  return sentHash === undefined ? mirrored : { ...mirrored, sentHash };
}

function textOrNone(value: SqlValue | undefined): string | undefined {
  return value == null ? undefined : String(value);
}

function toMirrored(row: Record<string, SqlValue>): MirroredCustomer {
  const edited = textOrNone(row.edited);
  const sentHash = textOrNone(row.sent_hash);
  return {
    customer: JSON.parse(String(row.body)) as Customer,
    extent: row.extent as Extent,
    ...(edited === undefined ? {} : { edited }),
    ...(sentHash === undefined ? {} : { sentHash }),
  };
}
