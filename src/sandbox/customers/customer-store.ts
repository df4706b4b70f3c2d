import type { Customer } from '../../../pipelines/customer.js';
import type { Database, SqlValue } from '../../sqlite/open-database.js';
import type { CommitGroup } from '../commit-group.js';
import type { ComposedCustomer, Identity } from './compose-customer.js';
import { codeOf, newCustomerId, numberOfCode, numberOfId } from './customer-identity.js';
import { joinViews } from './customer-views.js';

/** One customer with what only the server knows of it. */
export interface StoredCustomer {
  readonly number: number;
  readonly customer: Customer;
  readonly hasTransactions: boolean;
}

/** The customers on disk; what is written is durable when its {@link CommitGroup} says so. */
export interface CustomerStore {
  /** The customer's JSON, by code or id. */
  textOf(idOrCode: string): string | undefined;
  /** Reads a customer that is to be changed: until the commit nobody else can. */
  forChange(code: string): StoredCustomer | undefined;
  add(make: (identity: Identity) => ComposedCustomer): Identity;
  replace(number: number, customer: ComposedCustomer): void;
  remove(number: number): void;
  addTransaction(number: number): void;
  count(): number;
  /** Every customer's JSON in order of code, read in blocks so that other requests get their turn between. */
  texts(): IterableIterator<string>;
  clear(): void;
}

const blockSize = 1000;

const lastNumberSql = `SELECT max(
  coalesce((SELECT max(number) FROM customers), 0),
  coalesce((SELECT value FROM counters WHERE name = 'lastNumber'), 0)
) AS n`;

export function customerStore(database: Database, group: CommitGroup): CustomerStore {
  const select = database.prepare('SELECT flat, deep, transactions FROM customers WHERE number = ?');
  const selectBlock = database.prepare(
    'SELECT number, flat, deep FROM customers WHERE number > ? ORDER BY number LIMIT ?',
  );
  const insert = database.prepare('INSERT INTO customers (number, editedUtc, flat, deep) VALUES (?, ?, ?, ?)');
  const update = database.prepare('UPDATE customers SET editedUtc = ?, flat = ?, deep = ? WHERE number = ?');
  const countTransaction = database.prepare('UPDATE customers SET transactions = transactions + 1 WHERE number = ?');
  const remove = database.prepare('DELETE FROM customers WHERE number = ?');
  const count = database.prepare('SELECT count(*) AS n FROM customers');
  const saveLast = database.prepare(`INSERT OR REPLACE INTO counters SELECT 'lastNumber', n FROM (${lastNumberSql})`);
  const selectLast = database.prepare(lastNumberSql);
  let lastNumber = 0;
  let countedIn = 0;
  const takeNumber = () => {
    const transaction = group.join();
    if (transaction !== countedIn) lastNumber = Number(selectLast.get()?.n);
    countedIn = transaction;
    lastNumber += 1;
    return lastNumber;
  };

  return {
    textOf(idOrCode) {
      const byCode = numberOfCode(idOrCode);
      const number = byCode ?? numberOfId(idOrCode);
      const row = number === undefined ? undefined : select.get(number);
      if (row === undefined) return undefined;
      const text = joinViews(viewsOf(row));
      if (byCode !== undefined) return text;
      return (JSON.parse(text) as Customer).customerId === idOrCode.toLowerCase() ? text : undefined;
    },
    forChange(code) {
      group.join();
      const number = numberOfCode(code);
      const row = number === undefined ? undefined : select.get(number);
      if (number === undefined || row === undefined) return undefined;
      const customer = JSON.parse(joinViews(viewsOf(row))) as Customer;
      return { number, customer, hasTransactions: Number(row.transactions) > 0 };
    },
    add(make) {
      const number = takeNumber();
      const identity = { customerId: newCustomerId(number), customerCode: codeOf(number) };
      const { lastEditDateUTC, flat, deep } = make(identity);
      insert.run(number, lastEditDateUTC, flat, deep);
      return identity;
    },
    replace(number, { lastEditDateUTC, flat, deep }) {
      group.join();
      update.run(lastEditDateUTC, flat, deep, number);
    },
    // A deleted customer's code is never given again, not even when it was the last one.
    remove(number) {
      group.join();
      saveLast.run();
      remove.run(number);
    },
    addTransaction: (number) => {
      group.join();
      countTransaction.run(number);
    },
    count: () => Number(count.get()?.n),
    *texts() {
      let after = 0;
      for (;;) {
        const block = selectBlock.all(after, blockSize);
        for (const row of block) yield joinViews(viewsOf(row));
        if (block.length < blockSize) return;
        after = Number(block.at(-1)?.number);
      }
    },
    clear() {
      group.join();
      database.exec('DELETE FROM customers; DELETE FROM counters');
      countedIn = 0;
    },
  };
}

function viewsOf(row: Record<string, SqlValue>): { flat: string; deep: string } {
  return { flat: String(row.flat), deep: String(row.deep) };
}
