import { changesOf, editableContent, fieldOf, mergeDraft } from '../compare-customers.js';
import { contentHash } from '../content-hash.js';
import type { Customer } from '../customer.js';
import type { RowOutcome } from '../outcome.js';
import type { OpenWork } from '../work.js';
import { verifyWritten } from './verify-written.js';
import { intentOf, notApplied, type WriteEnd, type WritePorts, withIntent, withNotes } from './write-customer.js';

/** The API says so when the customer is no longer as it was read; then it is read and merged once more. */
const changedMeanwhile: ReadonlySet<number | undefined> = new Set([409, 412]);
const mostTries = 2;
/**
 * The API has no conditional update, so whoever edits between our reading and our writing is overwritten. A reading that
 * had to wait this long for its turn to write (a pause that the API asked for, a slow pace) is made anew.
 */
const freshMs = 3000;

class ReadTooLongAgo extends Error {}

/** Changes one customer: reads it, puts in the row's fields, and writes it back only when something differs. */
export async function updateRow(work: OpenWork, customerCode: string, ports: WritePorts): Promise<WriteEnd> {
  for (let tries = 1; ; tries += 1) {
    const readAt = ports.now();
    const found = await ports.api.get(customerCode);
    if (found.kind === 'absent') return { outcome: unknownCustomer(customerCode, ports) };
    if (found.kind === 'unanswered') {
      const { kind: _, ...refusal } = found;
      return { outcome: { ...refusal, status: 'failed', customerCode } };
    }
    const current = found.customer;
    const identity = identityOf(current, customerCode);
    if (changesOf(current, work.draft).length === 0)
      return {
        outcome: { status: 'unchanged', attempts: 0, ...identity },
        writtenHash: contentHash(editableContent(current)),
      };
    const assertFresh = () => {
      if (tries < mostTries && ports.now() - readAt > freshMs) throw new ReadTooLongAgo();
    };
    const end = await putMerged(work, current, identity, ports, assertFresh);
    if (end === undefined) continue;
    const { outcome } = end;
    if (outcome.status !== 'rejected' || !changedMeanwhile.has(outcome.httpStatus)) return end;
    if (tries === mostTries) return { outcome: { ...outcome, status: 'failed' } };
  }
}

/** @returns `undefined` when nothing was sent because the reading is too old */
async function putMerged(
  work: OpenWork,
  current: Customer,
  identity: Identity,
  ports: WritePorts,
  assertFresh: () => void,
): Promise<WriteEnd | undefined> {
  const { api, ledger, mapper } = ports;
  const { customerCode } = identity;
  const merged = { ...mergeDraft(current, work.draft), ...identity };
  const intent = { ...intentOf(work, work.draft), customerCode, preImage: current };
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
  const notes = ports.verify ? await verifyWritten(api, customerCode, work.draft, mapper) : [];
  return {
    outcome: { status: 'updated', httpStatus, attempts, ...identity, ...withNotes(notes) },
    writtenHash: contentHash(editableContent(answer.customer)),
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

function unknownCustomer(customerCode: string, ports: WritePorts): RowOutcome {
  return {
    status: 'rejected',
    httpStatus: 404,
    errorCode: 'NOT_FOUND',
    message: `The API knows no customer ${customerCode}. Correct the code, or add the customer with --mode add.`,
    columns: ports.mapper.columnsOf('customerCode'),
    attempts: 0,
    customerCode,
  };
}
