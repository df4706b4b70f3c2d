import { readOnlyFields } from './mapping/fields.js';
import type { Customer, Draft, JsonValue } from './model.js';

/** Fields that the server keeps by itself: their change is nobody's edit [sister]. */
const serverManagedFields: ReadonlySet<string> = new Set(readOnlyFields.map((name) => name.toLowerCase()));

/** The name that a customer itself uses for a field: the API does not care about case, JavaScript does. */
export function findFieldName(customer: Customer, field: string): string {
  if (Object.hasOwn(customer, field)) return field;
  const lower = field.toLowerCase();
  return Object.keys(customer).find((name) => name.toLowerCase() === lower) ?? field;
}

export function readField(customer: Customer, field: string): JsonValue | undefined {
  return customer[findFieldName(customer, field)];
}

/** Nothing, null and the empty text are the same to a person and to the API. */
function isBlank(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || value === '';
}

export function isSameValue(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (isBlank(one) && isBlank(other)) return true;
  if (typeof one === 'object' || typeof other === 'object') return JSON.stringify(one) === JSON.stringify(other);
  if (typeof one === 'string' && typeof other === 'string') return one === other || hasSameLines(one, other);
  return one === other;
}

/** Spreadsheet programs turn the line ends of Windows into others when they save a file: that is nobody's edit. */
function hasSameLines(one: string, other: string): boolean {
  if (!one.includes('\r\n') && !other.includes('\r\n')) return false;
  return one.replaceAll('\r\n', '\n') === other.replaceAll('\r\n', '\n');
}

/** A field that differs, with both values. */
export interface FieldChange {
  readonly field: string;
  readonly from: JsonValue | undefined;
  readonly to: JsonValue;
}

/** What a draft would change in a customer. */
export function findChanges(customer: Customer, draft: Draft): readonly FieldChange[] {
  return Object.entries(draft).flatMap(([field, to]) => {
    const from = readField(customer, field);
    return isSameValue(from, to) ? [] : [{ field, from, to }];
  });
}

/** The whole customer with the draft's fields put in and everything else untouched, unknown fields included. */
export function mergeDraft(customer: Customer, draft: Draft): Customer {
  const merged: Record<string, JsonValue> = { ...customer };
  for (const [field, value] of Object.entries(draft)) merged[findFieldName(customer, field)] = value;
  return merged;
}

/** What people and tools have put into a customer: everything but what the server keeps by itself, blanks left out. */
export function editableContent(customer: Customer): Draft {
  return Object.fromEntries(
    Object.entries(customer).filter(([name, value]) => !serverManagedFields.has(name.toLowerCase()) && !isBlank(value)),
  );
}
