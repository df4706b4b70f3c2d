import { type FieldType, type FieldValue, isClearable } from '#pipelines/mapping/customer-fields.js';
import type { Place } from './place.js';

const civilDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?$/;

/** What a literal for a field of each type is called, and which ones fit. */
const literals = {
  string: { called: 'text in quotes', fits: (value) => typeof value === 'string' },
  number: { called: 'a number without quotes', fits: Number.isFinite },
  integer: { called: 'a whole number without quotes', fits: Number.isSafeInteger },
  boolean: { called: 'true or false without quotes', fits: (value) => typeof value === 'boolean' },
  date: { called: 'a date such as "2024-03-31"', fits: (value) => typeof value === 'string' && civilDate.test(value) },
} as const satisfies Record<FieldType, { called: string; fits: (value: unknown) => boolean }>;

/** Reads a value that goes to the customer as it stands. */
export function parseValue(place: Place, field: string, fieldType: FieldType): FieldValue | undefined {
  if (place.isAbsent || fitsField(place.value, fieldType)) return place.value as FieldValue | undefined;
  const { called } = literals[fieldType];
  return place.problem('VALUE_MISMATCH', `${field} holds ${called}; ${JSON.stringify(place.value)} does not fit`);
}

export function fitsField(value: unknown, fieldType: FieldType): value is FieldValue {
  return value === null ? isClearable[fieldType] : literals[fieldType].fits(value);
}
