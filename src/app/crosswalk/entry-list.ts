import { displayKey, joinKey, splitKey } from '#pipelines/import/keys.js';
import type { Row } from '#pipelines/model.js';
import { InputError } from '#src/errors.js';
import type { CrosswalkEntry } from '#src/ledger/crosswalk.js';

/** The entries of a file, which must not contradict one another. */
export class EntryList {
  readonly #byKey = new Map<string, CrosswalkEntry>();
  /** By the customer's code and the key's source. */
  readonly #keys = new Map<string, string>();

  constructor(readonly file: string) {}

  /** @throws InputError */
  add(row: Row, stored: string, code: string, id: string): void {
    const { source, key } = splitKey(stored);
    const before = this.#byKey.get(stored);
    const customer = joinKey(source, code);
    const otherKey = this.#keys.get(customer);
    if (key === '' || code === '') this.#refuse(row, 'has no key or no customerCode');
    if (before !== undefined && before.customerCode !== code)
      this.#refuse(
        row,
        `has ${code} for the key "${displayKey(stored)}", but an earlier row has ${before.customerCode}`,
      );
    if (otherKey !== undefined && otherKey !== stored)
      this.#refuse(
        row,
        `has the key "${displayKey(stored)}" for ${code}, but an earlier row has "${displayKey(otherKey)}": a customer has one key of a source`,
      );
    this.#keys.set(customer, stored);
    this.#byKey.set(stored, buildEntry(stored, code, id));
  }

  all(): readonly CrosswalkEntry[] {
    return [...this.#byKey.values()];
  }

  #refuse(row: Row, fact: string): never {
    throw new InputError(`${this.file}, row ${row.number} ${fact}.`, {
      code: 'CROSSWALK_ROW',
      nextStep: 'Nothing was imported. Correct the row and try again.',
    });
  }
}

/** @param customerId - blank where it is not known */
export function buildEntry(key: string, customerCode: string, customerId: string): CrosswalkEntry {
  return { key, customerCode, ...(customerId === '' ? {} : { customerId }) };
}
