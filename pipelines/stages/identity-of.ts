import { fieldOf } from '#pipelines/compare-customers.js';
import type { Customer } from '#pipelines/customer.js';

/** What tells one customer from all others. */
export function identityOf(customer: Customer): string {
  return String(fieldOf(customer, 'customerId') ?? fieldOf(customer, 'customerCode'));
}

/** The API's times in UTC bear no zone [sister]. */
export function utcMs(stamp: string): number {
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(stamp) ? stamp : `${stamp}Z`);
}
