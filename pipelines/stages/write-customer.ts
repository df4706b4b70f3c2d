import { fieldOf } from '#pipelines/compare-customers.js';
import type { Customer } from '#pipelines/customer.js';
import { reached } from '#pipelines/milestones.js';
import type { Extent, WrittenCustomer } from '#pipelines/mirror.js';
import type { RowOutcome } from '#pipelines/outcome.js';
import type { CustomersApi, Intent, RunLedger, WriteAnswer, WriteHooks } from '#pipelines/ports.js';
import type { Reason } from '#pipelines/row.js';
import type { OpenWork } from '#pipelines/work.js';
import type { RowMapper } from './map-rows.js';

export interface WritePorts {
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly mapper: Pick<RowMapper, 'columnsOf'>;
  /** Read every written customer back and compare. */
  readonly verify: boolean;
  readonly now: () => number;
}

/** An outcome with what an undo needs to see whether the customer has changed since. */
export interface WriteEnd {
  readonly outcome: RowOutcome;
  readonly writtenHash?: string;
  readonly written?: WrittenCustomer;
}

/** What the ledger keeps of a row whose request is about to leave. */
export function intentOf(work: OpenWork, payload: string): Intent {
  const { row, key } = work;
  const base = { index: row.index, number: row.number, payload, payloadHash: work.contentHash };
  return { ...base, ...(key === undefined ? {} : { key }) };
}

/**
 * Sends a write with its intent on disk first; an error means certainly not applied, so the intent is taken back.
 *
 * @param assertStill - called when the turn to send has come; what it throws takes everything back
 */
export async function withIntent<T>(
  ledger: RunLedger,
  intent: Intent,
  send: (hooks: WriteHooks) => Promise<T>,
  assertStill: () => void = () => undefined,
): Promise<T> {
  let intended = false;
  const beforeSend = async () => {
    assertStill();
    intended = true;
    reached('before-intent');
    await ledger.intend(intent);
    reached('after-intent');
  };
  try {
    const answer = await send({ beforeSend });
    reached('after-answer');
    return answer;
  } catch (error) {
    if (intended) await ledger.withdraw(intent.index);
    throw error;
  }
}

/** What the mirror is told of a customer that now says what the row says. */
export function writtenAs(work: OpenWork, customer: Customer, extent: Extent): WrittenCustomer {
  const edited = fieldOf(customer, 'lastEditDateUTC');
  return { customer, extent, sentHash: work.contentHash, ...(typeof edited === 'string' ? { edited } : {}) };
}

const statusOfKind = { refused: 'rejected', not_applied: 'failed', in_doubt: 'in_doubt' } as const;

/** The outcome of a write that the API did not confirm. */
export function notApplied(
  answer: Exclude<WriteAnswer, { kind: 'applied' }>,
  mapper: Pick<RowMapper, 'columnsOf'>,
): Extract<RowOutcome, { status: 'rejected' | 'failed' | 'in_doubt' }> {
  const { kind, ...refusal } = answer;
  const columns = (refusal.fields ?? []).flatMap((field) => mapper.columnsOf(field));
  return { ...refusal, status: statusOfKind[kind], ...(columns.length === 0 ? {} : { columns }) };
}

export function withNotes(notes: readonly Reason[]): { readonly notes?: readonly Reason[] } {
  return notes.length === 0 ? {} : { notes };
}
