import { readField } from '#pipelines/compare-customers.js';
import { type CustomerMirror, knowsField, type MirroredCustomer } from '#pipelines/listing/mirror.js';
import type { Customer, Draft, JsonValue } from '#pipelines/model.js';

/** Finds the customers that a row may mean by what it says in certain fields. */
export interface FieldMatcher {
  readonly fields: readonly string[];
  /** What a draft says in these fields, as two systems would write it alike; `undefined` when one of them is blank. */
  readValue(draft: Draft): string | undefined;
  /** Codes of the customers that say the same. */
  findCodes(value: string): readonly string[];
  close(): void;
}

/** The list of customers does not show a field that customers are to be found by. */
export class MatchFieldNotListed extends Error {
  constructor(readonly field: string) {
    super(field);
  }
}

/** Enough to name in a message. */
const maxCodes = 5;

/** @throws MatchFieldNotListed */
export function createFieldMatcher(mirror: CustomerMirror, fields: readonly string[]): FieldMatcher {
  const index = mirror.indexBy((mirrored) => readMirroredValue(mirrored, fields));
  return {
    fields,
    readValue: (draft) => readMatchValue(draft, fields),
    findCodes: (value) => index.find(value, maxCodes),
    close: () => index.close(),
  };
}

/** What a customer or draft says in these fields, normalised and joined; `undefined` when one of them is blank. */
export function readMatchValue(customer: Customer, fields: readonly string[]): string | undefined {
  if (fields.length === 0) return undefined;
  const values: string[] = [];
  for (const field of fields) {
    const value = normaliseValue(field, readField(customer, field));
    if (value === '') return undefined;
    values.push(value);
  }
  return values.join('\u001f');
}

function readMirroredValue(mirrored: MirroredCustomer, fields: readonly string[]): string | undefined {
  const value = readMatchValue(mirrored.customer, fields);
  if (value !== undefined || mirrored.extent !== 'flat') return value;
  const unlisted = fields.find((field) => !knowsField(mirrored, field));
  if (unlisted !== undefined) throw new MatchFieldNotListed(unlisted);
  return undefined;
}

const normalisers: Readonly<Record<string, (text: string) => string>> = {
  emailAddress: (text) => text.toLowerCase(),
  phoneNumber: onlyDigits,
  faxNumber: onlyDigits,
};

function onlyDigits(text: string): string {
  return text.replaceAll(/\D/g, '');
}

function normaliseValue(field: string, value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  const text = (typeof value === 'object' ? JSON.stringify(value) : String(value)).trim().normalize('NFC');
  return (normalisers[field] ?? ((same: string) => same))(text);
}
