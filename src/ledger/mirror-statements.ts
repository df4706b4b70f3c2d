import type { MirroredCustomer } from '#pipelines/mirror.js';
import { literal } from '#src/sqlite/sql-text.js';

/** Puts customers into the mirror, over what was known of them. */
export const putting = {
  head: 'INSERT INTO customers (code, id, extent, edited, sent_hash, touched_at, body)',
  tail: `ON CONFLICT (code) DO UPDATE SET id = excluded.id, extent = excluded.extent, edited = excluded.edited,
    sent_hash = excluded.sent_hash, touched_at = excluded.touched_at, body = excluded.body`,
  /** @param nowMs - epoch milliseconds, our clock */
  row(code: string, { customer, extent, edited, sentHash }: MirroredCustomer, nowMs: number): string {
    const { customerId } = customer;
    const id = typeof customerId === 'string' ? customerId : undefined;
    return `(${literal(code)},${literal(id)},'${extent}',${literal(edited)},${literal(sentHash)},${nowMs},${literal(JSON.stringify(customer))})`;
  },
} as const;

export function forgetting(code: string): string {
  return `DELETE FROM customers WHERE code = ${literal(code)}`;
}
