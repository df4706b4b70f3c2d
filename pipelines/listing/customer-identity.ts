import { readField } from '#pipelines/compare-customers.js';
import type { Customer } from '#pipelines/model.js';

/** What tells one customer from all others. */
export function readIdentity(customer: Customer): string {
  return String(readField(customer, 'customerId') ?? readField(customer, 'customerCode'));
}

/** The API's times in UTC bear no zone [sister]. */
export function parseApiTime(stamp: string): number {
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(stamp) ? stamp : `${stamp}Z`);
}
