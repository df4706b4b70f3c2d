import { isDeepStrictEqual } from 'node:util';
import type { SentValue, SentValues } from '#pipelines/ports.js';
import type { Database } from '#src/sqlite/open-database.js';
import { isJsonObject, readStoredJson } from './damaged-ledger.js';

/** What was last sent to customers, field by field, for fields that are written only when the file's value has changed. */
export interface SentValueStore {
  find(customerCode: string, key: string | undefined): SentValues | undefined;
  /** Whether all of these are kept already. */
  has(customerCode: string, key: string | undefined, values: SentValues): boolean;
  /** Keeps these values beside those of other fields. @returns what was kept before */
  merge(customerCode: string, key: string | undefined, values: SentValues): SentValues | undefined;
  /** Keeps these values only. */
  replace(customerCode: string, key: string | undefined, values: SentValues): void;
  /** Of a customer that is gone. */
  forget(customerCode: string): void;
}

/** Between the source of a key and the key itself; by itself, in place of the source of rows without a key. */
const sourceEnd = '\u001F';

/** Files of different systems may write the same field of a customer; each only knows what it has sent itself. */
function findSource(key: string | undefined): string {
  if (key === undefined) return sourceEnd;
  return key.slice(0, Math.max(0, key.indexOf(sourceEnd)));
}

export function openSentValues(database: Database): SentValueStore {
  const find = database.prepare('SELECT fields FROM sent_values WHERE customer_code = ? AND source = ?');
  const save = database.prepare(`INSERT INTO sent_values (customer_code, source, fields) VALUES (?, ?, ?)
    ON CONFLICT (customer_code, source) DO UPDATE SET fields = excluded.fields`);
  const forget = database.prepare('DELETE FROM sent_values WHERE customer_code = ?');

  function findValues(customerCode: string, key: string | undefined): SentValues | undefined {
    const fields = find.get(customerCode, findSource(key))?.fields;
    return fields === undefined ? undefined : readSentValues(fields);
  }
  return {
    find: findValues,
    has(customerCode, key, values) {
      const before = findValues(customerCode, key);
      return Object.entries(values).every(([field, value]) => isDeepStrictEqual(before?.[field], value));
    },
    merge(customerCode, key, values) {
      const before = findValues(customerCode, key);
      save.run(customerCode, findSource(key), JSON.stringify({ ...before, ...values }));
      return before;
    },
    replace: (customerCode, key, values) => {
      save.run(customerCode, findSource(key), JSON.stringify(values));
    },
    forget: (customerCode) => {
      forget.run(customerCode);
    },
  };
}

/** @throws GuardError when it is not what this program writes */
export function readSentValues(text: Parameters<typeof readStoredJson>[0]): SentValues {
  return readStoredJson(text, 'what was last sent to a customer', isSentValues);
}

function isSentValues(value: unknown): value is SentValues {
  return isJsonObject(value) && Object.values(value).every(isSentValue);
}

function isSentValue(value: unknown): value is SentValue {
  return Array.isArray(value) && value.length === 2;
}
