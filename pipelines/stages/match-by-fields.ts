import { fieldOf } from '#pipelines/compare-customers.js';
import type { Customer, Draft, JsonValue } from '#pipelines/customer.js';
import { type CustomerMirror, knowsField, type MirroredCustomer } from '#pipelines/mirror.js';

/** Finds the customers that a row may mean by what it says in certain fields. */
export interface FieldMatcher {
  readonly fields: readonly string[];
  /** What a draft says in these fields, as two systems would write it alike; `undefined` when one of them is blank. */
  valueOf(draft: Draft): string | undefined;
  /** Codes of the customers that say the same. */
  codesOf(value: string): readonly string[];
  close(): void;
}

/** The list of customers does not show a field that customers are to be found by. */
export class MatchFieldNotListed extends Error {
  constructor(readonly field: string) {
    super(field);
  }
}

/** Enough to name in a message. */
const mostCodes = 5;

/** @throws MatchFieldNotListed */
export function fieldMatcher(mirror: CustomerMirror, fields: readonly string[]): FieldMatcher {
  const index = mirror.indexBy((mirrored) => mirroredValue(mirrored, fields));
  return {
    fields,
    valueOf: (draft) => matchValue(draft, fields),
    codesOf: (value) => index.find(value, mostCodes),
    close: () => index.close(),
  };
}

/** What a customer or draft says in these fields, normalised and joined; `undefined` when one of them is blank. */
export function matchValue(customer: Customer, fields: readonly string[]): string | undefined {
  if (fields.length === 0) return undefined;
  const values: string[] = [];
  for (const field of fields) {
    const value = normalised(field, fieldOf(customer, field));
    if (value === '') return undefined;
    values.push(value);
  }
  return values.join('\u001f');
}

function mirroredValue(mirrored: MirroredCustomer, fields: readonly string[]): string | undefined {
  const value = matchValue(mirrored.customer, fields);
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

function normalised(field: string, value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  const text = (typeof value === 'object' ? JSON.stringify(value) : String(value)).trim().normalize('NFC');
  return (normalisers[field] ?? ((same: string) => same))(text);
}
