import type { FormerCustomer, FormerCustomers } from '#pipelines/listing/former-customers.js';
import type { Extent } from '#pipelines/listing/mirror.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';
import { isJsonObject, readStoredJson } from './damaged-ledger.js';

/** Notes for unfinished runs how customers were before somebody changed them. */
export interface FormerCustomerNotes {
  /** To be called before the local copy of a customer is replaced, for all unfinished runs but that which writes it. */
  keep(customerCode: string, writer?: number): void;
  /** Of this customer, only its last edit (epoch milliseconds, the API's clock) is known. */
  noteUnknown(customerCode: string, edited: number): void;
  /** The run has written the customer itself, so it knows how it is. */
  forget(customerCode: string, run: number): void;
}

/** The API's clock is known to the second, and its database may have another one. */
const clockMarginMs = 10_000;

const unfinished = "runs.state <> 'completed' AND runs.noted_at IS NOT NULL";

/** What the run itself has written is no news to it. */
const writtenByRun = `EXISTS (SELECT 1 FROM rows WHERE rows.run = runs.number AND rows.customer_code = ?
  AND rows.state IN ('created', 'updated'))`;

export function openFormerCustomerNotes(database: Database): FormerCustomerNotes {
  // The first note is the one that counts: how the customer was when the run was begun.
  const keep = database.prepare(`INSERT OR IGNORE INTO former_customers (run, code, extent, body)
    SELECT runs.number, customers.code, customers.extent, customers.body FROM runs, customers
    WHERE ${unfinished} AND runs.number <> ? AND customers.code = ?`);
  const noteUnknown = database.prepare(`INSERT OR IGNORE INTO former_customers (run, code)
    SELECT runs.number, ? FROM runs WHERE ${unfinished} AND runs.noted_at < ? AND NOT ${writtenByRun}`);
  const forget = database.prepare('DELETE FROM former_customers WHERE run = ? AND code = ?');
  return {
    keep(customerCode, writer = 0) {
      keep.run(writer, customerCode);
    },
    noteUnknown(customerCode, edited) {
      noteUnknown.run(customerCode, edited - clockMarginMs, customerCode);
    },
    forget(customerCode, run) {
      forget.run(run, customerCode);
    },
  };
}

/** Opens what is noted for one run. */
export function openFormerCustomers(database: Database, run: number): FormerCustomers {
  const find = database.prepare('SELECT extent, body FROM former_customers WHERE run = ? AND code = ?');
  const isEdited = database.prepare(`SELECT 1 AS found FROM runs
    WHERE number = ? AND noted_at < ? AND NOT ${writtenByRun}`);
  return {
    find(customerCode, edited) {
      const row = find.get(run, customerCode);
      if (row !== undefined) return toFormerCustomer(row);
      if (edited === undefined) return undefined;
      return isEdited.get(run, edited - clockMarginMs, customerCode) === undefined ? undefined : {};
    },
  };
}

function toFormerCustomer({ extent, body }: Record<string, SqlValue>): FormerCustomer {
  if (body == null) return {};
  return {
    customer: readStoredJson(body, 'a customer as it was', isJsonObject),
    extent: extent as Extent,
  };
}
