import { hash } from 'node:crypto';
import { readOnlyFields } from './mapping/fields.js';
import type { Customer, Draft, JsonValue } from './model.js';

/** Fields that the server maintains: a change in one of them is not an edit by a user. */
const serverManagedFields: ReadonlySet<string> = new Set(readOnlyFields.map((name) => name.toLowerCase()));

/** The customer's own spelling of a field name: the API ignores case, JavaScript does not. */
export function findFieldName(customer: Customer, field: string): string {
  if (Object.hasOwn(customer, field)) return field;
  const lower = field.toLowerCase();
  return Object.keys(customer).find((name) => name.toLowerCase() === lower) ?? field;
}

/** The value of a field, whatever the case of its name. */
export function readField(customer: Customer, field: string): JsonValue | undefined {
  return customer[findFieldName(customer, field)];
}

/** To the API and its users, an absent field, null and an empty string are the same. */
export function isBlank(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || value === '';
}

/** Whether two values of a field are the same to a user of the API. */
export function isSameValue(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (isBlank(a) && isBlank(b)) return true;
  if (typeof a === 'object' || typeof b === 'object') return JSON.stringify(a) === JSON.stringify(b);
  if (typeof a === 'string' && typeof b === 'string') return a === b || hasSameLines(a, b);
  if (typeof a === 'string') return isWrittenAs(a, b);
  return typeof b === 'string' ? isWrittenAs(b, a) : a === b;
}

/** With no more digits than a number can hold. */
const decimalNumber = /^(?=.{1,16}$)-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** Whether a text is this number or flag: a server may keep either as text. `007` is not 7. */
function isWrittenAs(text: string, value: JsonValue | undefined): boolean {
  if (typeof value === 'number') return decimalNumber.test(text) && Number(text) === value;
  return typeof value === 'boolean' && text.toLowerCase() === String(value);
}

/** Spreadsheet programs replace Windows line ends when they save a file, which is not an edit by the user. */
function hasSameLines(a: string, b: string): boolean {
  if (!a.includes('\r\n') && !b.includes('\r\n')) return false;
  return a.replaceAll('\r\n', '\n') === b.replaceAll('\r\n', '\n');
}

/** A field whose value differs. */
export interface FieldChange {
  readonly field: string;
  readonly from: JsonValue | undefined;
  readonly to: JsonValue;
}

/** The fields that a draft would change in a customer. */
export function findChanges(customer: Customer, draft: Draft): readonly FieldChange[] {
  return Object.entries(draft).flatMap(([field, to]) => {
    const from = readField(customer, field);
    return isSameValue(from, to) ? [] : [{ field, from, to }];
  });
}

/** The whole customer with the draft's fields replaced; all other fields, also unknown ones, are kept. */
export function mergeDraft(customer: Customer, draft: Draft): Customer {
  const merged: Record<string, JsonValue> = { ...customer };
  for (const [field, value] of Object.entries(draft)) merged[findFieldName(customer, field)] = value;
  return merged;
}

/** The fields that users and programs maintain: all but those of the server, without blank ones. */
export function editableContent(customer: Customer): Draft {
  return Object.fromEntries(
    Object.entries(customer).filter(([name, value]) => !serverManagedFields.has(name.toLowerCase()) && !isBlank(value)),
  );
}

/**
 * A fingerprint of what a draft says, whatever the order of its fields: two drafts have the same one only when they
 * would write the same customer.
 */
export function contentHash(draft: Draft): string {
  return hash('sha256', JSON.stringify(sortFields(draft)), 'base64url').slice(0, 22);
}

/** The drafts of one run have their fields in the same few orders: sorting them for every row would take longer than the hash. */
let lastFields: readonly string[] = [];
let lastFieldsSorted: readonly string[] = [];

function sortFields(draft: Draft): Draft {
  const names = Object.keys(draft);
  if (!areEqual(names, lastFields)) [lastFields, lastFieldsSorted] = [names, names.toSorted()];
  const ordered: { [field: string]: JsonValue } = {};
  for (const name of lastFieldsSorted) {
    const value = draft[name];
    if (value !== undefined) ordered[name] = typeof value === 'object' && value !== null ? sortDeep(value) : value;
  }
  return ordered;
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

function sortDeep(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => sortDeep(item));
  const entries = Object.entries(value as Draft).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, sortDeep(item)]));
}

/** A name that people know a customer by; blank when it has none. */
export function readDisplayName(customer: Customer): string {
  const text = (field: string) => String(readField(customer, field) ?? '').trim();
  return text('customerName') || [text('firstName'), text('lastName')].filter((part) => part !== '').join(' ');
}

/** What is sent to add a customer: there is nothing to clear in one that does not exist yet. */
export function withoutNulls(draft: Draft): Draft {
  if (!Object.values(draft).includes(null)) return draft;
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== null));
}
