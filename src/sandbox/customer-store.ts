import { randomUUID } from 'node:crypto';
import type { Customer } from '#pipelines/model.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';
import { type AssignedIdentity, type ComposedCustomer, joinViews } from './compose-customer.js';
import type { CommitGroup } from './sandbox-database.js';

const codeDigits = 7;
/** All groups of a GUID but the last. */
const randomLength = 24;
const codePattern = /^\d{7,15}$/;
const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-([0-9a-f]{12})$/;

/** The customer's place in the sandbox's own count, as its code: `0001234`. */
function formatCode(number: number): string {
  return String(number).padStart(codeDigits, '0');
}

/** @returns `undefined` when no customer can have that code (`1234` is not `0001234`) */
function parseCode(code: string): number | undefined {
  if (!codePattern.test(code)) return undefined;
  const number = Number(code);
  return formatCode(number) === code ? number : undefined;
}

/**
 * A fresh GUID. Its last group is the customer's number: ids then need no index of their own, which would cost as
 * much as the rest of an insert. The other groups stay random.
 */
function createCustomerId(number: number): string {
  return `${randomUUID().slice(0, randomLength)}${number.toString(16).padStart(12, '0')}`;
}

/** The number that an id claims; whether the rest of the id is right is for the caller to compare. */
function parseIdNumber(customerId: string): number | undefined {
  const tail = guidPattern.exec(customerId.toLowerCase())?.[1];
  return tail === undefined ? undefined : Number.parseInt(tail, 16);
}

/** Counts customers up; a number is never given twice, not even after the last customer was deleted. */
interface CustomerNumbers {
  take(): number;
  /** Has to come before a customer is deleted. */
  save(): void;
  restart(): void;
}

const lastNumberSql = `SELECT max(
  coalesce((SELECT max(number) FROM customers), 0),
  coalesce((SELECT value FROM counters WHERE name = 'lastNumber'), 0)
) AS n`;

function createCustomerNumbers(database: Database, group: CommitGroup): CustomerNumbers {
  const selectLast = database.prepare(lastNumberSql);
  const saveLast = database.prepare(`INSERT OR REPLACE INTO counters SELECT 'lastNumber', n FROM (${lastNumberSql})`);
  let lastNumber = 0;
  let countedIn = 0;
  return {
    take() {
      const transaction = group.join();
      if (transaction !== countedIn) lastNumber = Number(selectLast.get()?.n);
      countedIn = transaction;
      lastNumber += 1;
      return lastNumber;
    },
    save() {
      group.join();
      saveLast.run();
    },
    restart() {
      group.join();
      database.exec('DELETE FROM counters');
      countedIn = 0;
    },
  };
}

/** Reads customers in full, as JSON texts. */
interface CustomerReader {
  findText(idOrCode: string): string | undefined;
  textOfNumber(number: number): string | undefined;
  /** Every customer in order of code, read in blocks so that other requests get their turn between. */
  texts(): IterableIterator<string>;
}

const blockSize = 1000;

function createCustomerReader(database: Database): CustomerReader {
  const select = database.prepare('SELECT flat, deep FROM customers WHERE number = ?');
  const selectBlock = database.prepare(
    'SELECT number, flat, deep FROM customers WHERE number > ? ORDER BY number LIMIT ?',
  );
  const textOfNumber = (number: number) => {
    const row = select.get(number);
    return row === undefined ? undefined : joinRow(row);
  };
  return {
    textOfNumber,
    findText(idOrCode) {
      const byCode = parseCode(idOrCode);
      if (byCode !== undefined) return textOfNumber(byCode);
      const byId = parseIdNumber(idOrCode);
      const text = byId === undefined ? undefined : textOfNumber(byId);
      // The id's last group leads to one customer; whether it is the one meant, the other groups say.
      return text !== undefined && (JSON.parse(text) as Customer).customerId === idOrCode.toLowerCase()
        ? text
        : undefined;
    },
    *texts() {
      let after = 0;
      for (;;) {
        const block = selectBlock.all(after, blockSize);
        for (const row of block) yield joinRow(row);
        if (block.length < blockSize) return;
        after = Number(block.at(-1)?.number);
      }
    },
  };
}

function joinRow(row: Record<string, SqlValue>): string {
  return joinViews({ flat: String(row.flat), deep: String(row.deep) });
}

/** A customer about to be changed, with what only the server knows of it. */
interface StoredCustomer {
  readonly number: number;
  readonly customer: Customer;
  readonly hasTransactions: boolean;
}

/** The customers on disk; what is written is durable when its {@link CommitGroup} says so. */
export interface CustomerStore extends Pick<CustomerReader, 'findText' | 'texts'> {
  /** Reads a customer that is to be changed: until the commit nobody else can. */
  forChange(code: string): StoredCustomer | undefined;
  add(make: (identity: AssignedIdentity) => ComposedCustomer): AssignedIdentity;
  replace(number: number, customer: ComposedCustomer): void;
  remove(number: number): void;
  addTransaction(number: number): void;
  clear(): void;
}

export function createCustomerStore(database: Database, group: CommitGroup): CustomerStore {
  const reader = createCustomerReader(database);
  const numbers = createCustomerNumbers(database, group);
  const insert = database.prepare('INSERT INTO customers (number, editedUtc, flat, deep) VALUES (?, ?, ?, ?)');
  const update = database.prepare('UPDATE customers SET editedUtc = ?, flat = ?, deep = ? WHERE number = ?');
  const remove = database.prepare('DELETE FROM customers WHERE number = ?');
  const selectTransactions = database.prepare('SELECT transactions FROM customers WHERE number = ?');
  const addTransaction = database.prepare('UPDATE customers SET transactions = transactions + 1 WHERE number = ?');
  return {
    findText: reader.findText,
    texts: reader.texts,
    forChange(code) {
      group.join();
      const number = parseCode(code);
      const text = number === undefined ? undefined : reader.textOfNumber(number);
      if (number === undefined || text === undefined) return undefined;
      const hasTransactions = Number(selectTransactions.get(number)?.transactions) > 0;
      return { number, customer: JSON.parse(text) as Customer, hasTransactions };
    },
    add(make) {
      const number = numbers.take();
      const identity = { customerId: createCustomerId(number), customerCode: formatCode(number) };
      const { lastEditDateUTC, flat, deep } = make(identity);
      insert.run(number, lastEditDateUTC, flat, deep);
      return identity;
    },
    replace(number, { lastEditDateUTC, flat, deep }) {
      group.join();
      update.run(lastEditDateUTC, flat, deep, number);
    },
    remove(number) {
      numbers.save();
      remove.run(number);
    },
    addTransaction(number) {
      group.join();
      addTransaction.run(number);
    },
    clear() {
      numbers.restart();
      database.exec('DELETE FROM customers');
    },
  };
}
