import { contentHash } from '../content-hash.js';
import type { OpenWork } from '../work.js';
import { verifyWritten } from './verify-written.js';
import {
  intentOf,
  notApplied,
  type WriteEnd,
  type WritePorts,
  withIntent,
  withNotes,
  writtenAs,
} from './write-customer.js';

/** Adds one customer: the intent is on disk before the request leaves, the outcome is the caller's to settle. */
export async function addRow(work: OpenWork, ports: WritePorts): Promise<WriteEnd> {
  const { api, ledger, mapper } = ports;
  // There is nothing to clear in a customer that does not exist yet.
  const payload = Object.fromEntries(Object.entries(work.draft).filter(([, value]) => value !== null));
  const answer = await withIntent(ledger, intentOf(work, payload), (hooks) => api.add(payload, hooks));
  if (answer.kind !== 'applied') return { outcome: notApplied(answer, mapper) };
  const { customerId } = answer.customer;
  const customerCode = String(answer.customer.customerCode);
  const notes = ports.verify ? await verifyWritten(api, customerCode, payload, mapper) : [];
  return {
    outcome: {
      status: 'created',
      customerCode,
      ...(typeof customerId === 'string' ? { customerId } : {}),
      httpStatus: answer.httpStatus,
      attempts: answer.attempts,
      ...withNotes(notes),
    },
    writtenHash: contentHash(payload),
    written: writtenAs(work, { ...payload, ...answer.customer }, 'sent'),
  };
}
