import { contentHash } from '#pipelines/content-hash.js';
import type { Customer, Draft } from '#pipelines/customer.js';
import type { Intent } from '#pipelines/ports.js';
import type { OpenWork } from '#pipelines/work.js';
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

/** What the ledger keeps of an add. */
export function intentToAdd(work: OpenWork): Intent {
  return intentOf(work, work.addition.text);
}

/** Adds one customer: the intent is on disk before the request leaves, the outcome is the caller's to settle. */
export async function addRow(work: OpenWork, ports: WritePorts): Promise<WriteEnd> {
  const { api, ledger, mapper } = ports;
  const { payload, text } = work.addition;
  const answer = await withIntent(ledger, intentToAdd(work), (hooks) => api.add(payload, hooks, text));
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
    // The fingerprint of the draft is that of what was sent, but for what was left out of it.
    writtenHash: payload === work.draft && work.command === undefined ? work.contentHash : contentHash(payload),
    written: writtenAs(work, withAll(answer.customer, payload), 'sent'),
  };
}

/** The answer is a copy of what was sent, so that there is rarely anything to add to it. */
function withAll(stored: Customer, sent: Draft): Customer {
  for (const field in sent) if (!Object.hasOwn(stored, field)) return { ...sent, ...stored };
  return stored;
}
