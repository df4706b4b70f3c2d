import { fieldOf } from '#pipelines/compare-customers.js';
import type { RowOutcome } from '#pipelines/outcome.js';
import type { CustomersApi, RunLedger } from '#pipelines/ports.js';
import type { Row } from '#pipelines/row.js';
import { notApplied, withIntent } from './write-customer.js';

/** Deletes one customer, or finds that the API could only make it inactive. */
export async function deleteCustomer(
  row: Row,
  customerCode: string,
  { api, ledger }: { readonly api: CustomersApi; readonly ledger: RunLedger },
): Promise<RowOutcome> {
  const place = { index: row.index, number: row.number };
  const intent = { ...place, payload: '{}', payloadHash: `delete ${customerCode}`, customerCode };
  const answer = await withIntent(ledger, intent, (hooks) => api.delete(customerCode, hooks));
  if (answer.kind === 'deleted' || answer.kind === 'deactivated') {
    const { kind: status, httpStatus, attempts } = answer;
    return { status, customerCode, httpStatus, attempts };
  }
  if (answer.kind === 'refused' && answer.httpStatus === 409 && (await isInactive(customerCode, api)))
    return { status: 'deactivated', customerCode, httpStatus: 409, attempts: answer.attempts };
  return { ...notApplied(answer, { columnsOf: () => ['customerCode'] }), customerCode };
}

/** A 409 may say that the customer was made inactive [seed]; where it does not, the customer itself does. */
async function isInactive(customerCode: string, api: CustomersApi): Promise<boolean> {
  const answer = await api.get(customerCode).catch(() => ({ kind: 'unanswered' }) as const);
  return answer.kind === 'found' && fieldOf(answer.customer, 'active') === false;
}
