import { readField } from '#pipelines/compare-customers.js';
import type { Customer, JsonValue } from '#pipelines/model.js';

/** What tells one customer from all others. */
export function readIdentity(customer: Customer): string {
  return String(readField(customer, 'customerId') ?? readField(customer, 'customerCode'));
}

/** Whether a value of an answer is this code: in any case, and by its value where a server writes codes as numbers. */
export function isSameCode(value: JsonValue | undefined, code: string): boolean {
  if (typeof value === 'number') return /^\d+$/.test(code) && Number(code) === value;
  return typeof value === 'string' && value.toLowerCase() === code.toLowerCase();
}

/** Whether a value of an answer is this id: a GUID may come in any case. */
export function isSameId(value: JsonValue | undefined, id: string): boolean {
  return (typeof value === 'string' || typeof value === 'number') && String(value).toLowerCase() === id.toLowerCase();
}

/** The API's times in UTC bear no zone [sister]. */
export function parseApiTime(stamp: string): number {
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(stamp) ? stamp : `${stamp}Z`);
}
