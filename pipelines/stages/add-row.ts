import type { RowOutcome } from '../outcome.js';
import type { CustomersApi, RunLedger, WriteAnswer } from '../ports.js';
import type { OpenWork } from '../work.js';
import type { RowMapper } from './map-rows.js';

/** Adds one customer: the intent is on disk before the request leaves, the outcome is the caller's to settle. */
export async function addRow(
  work: OpenWork,
  api: CustomersApi,
  ledger: RunLedger,
  mapper: RowMapper,
): Promise<RowOutcome> {
  const { row, key, draft, contentHash } = work;
  const payload = Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== null));
  let intended = false;
  const beforeSend = async () => {
    intended = true;
    await ledger.intend({
      index: row.index,
      number: row.number,
      payload,
      payloadHash: contentHash,
      ...(key === undefined ? {} : { key }),
    });
  };
  try {
    return toOutcome(await api.add(payload, { beforeSend }), mapper);
  } catch (error) {
    // Thrown means certainly not applied: the row is as pending as before.
    if (intended) await ledger.withdraw(row.index);
    throw error;
  }
}

function toOutcome(answer: WriteAnswer, mapper: RowMapper): RowOutcome {
  if (answer.kind === 'applied') {
    const { customerCode, customerId } = answer.customer;
    return {
      status: 'created',
      customerCode: String(customerCode),
      ...(typeof customerId === 'string' ? { customerId } : {}),
      httpStatus: answer.httpStatus,
      attempts: answer.attempts,
    };
  }
  return notApplied(answer, mapper);
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
