import { changesOf, editableContent, fieldOf, mergeDraft } from '#pipelines/compare-customers.js';
import { contentHash } from '#pipelines/content-hash.js';
import type { Customer, Draft } from '#pipelines/customer.js';
import { changedSincePlan, isCustomerAsPlanned, type PlannedWrite } from '#pipelines/planned.js';
import { type OpenWork, unknownCustomer } from '#pipelines/work.js';
import { draftFor } from './draft-for.js';
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

/** The API says so when the customer is no longer as it was read; then it is read and merged once more. */
const changedMeanwhile: ReadonlySet<number | undefined> = new Set([409, 412]);
const mostTries = 2;
/**
 * The API has no conditional update, so whoever edits between our reading and our writing is overwritten. A reading that
 * had to wait this long for its turn to write (a pause that the API asked for, a slow pace) is made anew.
 */
const freshMs = 3000;

class ReadTooLongAgo extends Error {}

/** A plan's word on the row: the customer must still be as it was then. */
export interface Agreed {
  readonly plan: string;
  /** Absent for a row that was to stay as it is. */
  readonly write: PlannedWrite | undefined;
}

/** Changes one customer: reads it, puts in the row's fields, and writes it back only when something differs. */
export async function updateRow(
  work: OpenWork,
  customerCode: string,
  ports: WritePorts,
  agreed?: Agreed,
): Promise<WriteEnd> {
  for (let tries = 1; ; tries += 1) {
    const readAt = ports.now();
    const found = await ports.api.get(customerCode);
    if (found.kind === 'absent') return { outcome: unknownCustomer(customerCode, ports.mapper, work.key) };
    if (found.kind === 'unanswered') {
      const { kind: _, ...refusal } = found;
      return { outcome: { ...refusal, status: 'failed', customerCode } };
    }
    const current = found.customer;
    const draft = draftFor(work, current);
    const identity = identityOf(current, customerCode);
    const changes = changesOf(current, draft);
    if (changes.length === 0)
      return {
        outcome: { status: 'unchanged', attempts: 0, ...identity },
        writtenHash: contentHash(editableContent(current)),
        written: writtenAs(work, current, 'whole'),
      };
    if (agreed !== undefined && !isCustomerAsPlanned(current, changes, agreed.write))
      return { outcome: changedSincePlan(agreed.plan, customerCode) };
    const assertFresh = () => {
      if (tries < mostTries && ports.now() - readAt > freshMs) throw new ReadTooLongAgo();
    };
    const end = await putMerged(work, draft, current, identity, ports, assertFresh);
    if (end === undefined) continue;
    const { outcome } = end;
    if (outcome.status !== 'rejected' || !changedMeanwhile.has(outcome.httpStatus)) return end;
    if (tries === mostTries) return { outcome: { ...outcome, status: 'failed' } };
  }
}

/** @returns `undefined` when nothing was sent because the reading is too old */
async function putMerged(
  work: OpenWork,
  draft: Draft,
  current: Customer,
  identity: Identity,
  ports: WritePorts,
  assertFresh: () => void,
): Promise<WriteEnd | undefined> {
  const { api, ledger, mapper } = ports;
  const { customerCode } = identity;
  const merged = { ...mergeDraft(current, draft), ...identity };
  const intent = { ...intentOf(work, JSON.stringify(draft)), customerCode, preImage: current };
  const answer = await withIntent(
    ledger,
    intent,
    (hooks) => api.update(customerCode, merged, hooks),
    assertFresh,
  ).catch((error: unknown) => {
    if (error instanceof ReadTooLongAgo) return undefined;
    throw error;
  });
  if (answer === undefined) return undefined;
  if (answer.kind !== 'applied') return { outcome: { ...notApplied(answer, mapper), ...identity } };
  const { httpStatus, attempts } = answer;
  const notes = ports.verify ? await verifyWritten(api, customerCode, draft, mapper) : [];
  return {
    outcome: { status: 'updated', httpStatus, attempts, ...identity, ...withNotes(notes) },
    writtenHash: contentHash(editableContent(answer.customer)),
    // An answer that does not tell the new date leaves the old one, so that the next refresh reads the customer again.
    written: writtenAs(work, answer.customer, 'whole'),
  };
}

type Identity = { readonly customerCode: string; readonly customerId?: string };

/** Both must be in the body of a PUT and right [seed], whatever the row says. */
function identityOf(current: Customer, customerCode: string): Identity {
  const code = fieldOf(current, 'customerCode');
  const id = fieldOf(current, 'customerId');
  return {
    customerCode: typeof code === 'string' && code !== '' ? code : customerCode,
    ...(typeof id === 'string' ? { customerId: id } : {}),
  };
}
