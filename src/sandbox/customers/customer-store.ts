import type { Customer } from '#pipelines/customer.js';
import type { CommitGroup } from '#src/sandbox/commit-group.js';
import type { Database } from '#src/sqlite/open-database.js';
import type { ComposedCustomer, Identity } from './compose-customer.js';
import { codeOf, newCustomerId, numberOfCode } from './customer-identity.js';
import { customerNumbers } from './customer-numbers.js';
import { type CustomerReader, customerReader } from './customer-reader.js';

/** A customer about to be changed, with what only the server knows of it. */
interface StoredCustomer {
  readonly number: number;
  readonly customer: Customer;
  readonly hasTransactions: boolean;
}

/** The customers on disk; what is written is durable when its {@link CommitGroup} says so. */
export interface CustomerStore extends Pick<CustomerReader, 'textOf' | 'texts'> {
  /** Reads a customer that is to be changed: until the commit nobody else can. */
  forChange(code: string): StoredCustomer | undefined;
  add(make: (identity: Identity) => ComposedCustomer): Identity;
  replace(number: number, customer: ComposedCustomer): void;
  remove(number: number): void;
  addTransaction(number: number): void;
  clear(): void;
}

export function customerStore(database: Database, group: CommitGroup): CustomerStore {
  const reader = customerReader(database);
  const numbers = customerNumbers(database, group);
  const insert = database.prepare('INSERT INTO customers (number, editedUtc, flat, deep) VALUES (?, ?, ?, ?)');
  const update = database.prepare('UPDATE customers SET editedUtc = ?, flat = ?, deep = ? WHERE number = ?');
  const remove = database.prepare('DELETE FROM customers WHERE number = ?');
  const selectTransactions = database.prepare('SELECT transactions FROM customers WHERE number = ?');
  const addTransaction = database.prepare('UPDATE customers SET transactions = transactions + 1 WHERE number = ?');
  return {
    textOf: reader.textOf,
    texts: reader.texts,
    forChange(code) {
      group.join();
      const number = numberOfCode(code);
      const text = number === undefined ? undefined : reader.textOfNumber(number);
      if (number === undefined || text === undefined) return undefined;
      const hasTransactions = Number(selectTransactions.get(number)?.transactions) > 0;
      return { number, customer: JSON.parse(text) as Customer, hasTransactions };
    },
    add(make) {
      const number = numbers.take();
      const identity = { customerId: newCustomerId(number), customerCode: codeOf(number) };
      const { lastEditDateUTC, flat, deep } = make(identity);
      insert.run(number, lastEditDateUTC, flat, deep);
      return identity;
    },
    replace(number, { lastEditDateUTC, flat, deep }) {
      group.join();
      update.run(lastEditDateUTC, flat, deep, number);
    },
    remove(number) {
      numbers.remember();
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
