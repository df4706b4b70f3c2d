import { readField } from '#pipelines/compare-customers.js';
import { forEachConcurrently } from '#pipelines/concurrency.js';
import { cellToText, type Row, type RowOutcome } from '#pipelines/model.js';
import type { CustomersApi, RowSource, RunLedger } from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import { RepeatRegister } from './dedupe.js';
import { skipSettled } from './resume.js';
import { describeNotApplied, withIntent } from './send.js';

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
  return { ...describeNotApplied(answer, { findColumns: () => ['customerCode'] }), customerCode };
}

/** A 409 may say that the customer was made inactive [seed]; where it does not, the customer itself does. */
async function isInactive(customerCode: string, api: CustomersApi): Promise<boolean> {
  const answer = await api.get(customerCode).catch(() => ({ kind: 'unanswered' }) as const);
  return answer.kind === 'found' && readField(answer.customer, 'active') === false;
}

interface DeletePorts {
  readonly source: RowSource;
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly control: RunControl;
}

const rowsAheadPerRequest = 50;

/** Deletes the customer that each row names in column number `codeColumn` (from 0), or makes it inactive. */
export async function deleteCustomers(ports: DeletePorts, codeColumn: number, concurrency: number): Promise<void> {
  const { source, api, ledger, control } = ports;
  const rows = skipSettled(source.batches(), ledger, control, new RepeatRegister());
  const bounds = { concurrency, maxAhead: concurrency * rowsAheadPerRequest, stopping: control.stopping };
  await forEachConcurrently(countSeen(rows, control), bounds, async (row) => {
    const outcome = await deleteRow(row, cellToText(row.cells[codeColumn]).trim(), api, ledger);
    await ledger.settle([{ index: row.index, number: row.number, outcome }]);
    control.count(outcome.status);
  });
}

async function* countSeen(batches: AsyncIterable<readonly Row[]>, control: RunControl) {
  for await (const batch of batches) {
    control.noteSeen(batch.length);
    yield batch;
  }
}

async function deleteRow(row: Row, code: string, api: CustomersApi, ledger: RunLedger): Promise<RowOutcome> {
  if (row.issues !== undefined && row.issues.length > 0) return { status: 'invalid', reasons: row.issues, attempts: 0 };
  if (code === '') return { status: 'invalid', attempts: 0, reasons: [missingCode] };
  return deleteCustomer(row, code, { api, ledger });
}

const missingCode = {
  code: 'CODE_MISSING',
  message: 'The row names no customer. Fill in the column customerCode, or remove the row.',
  columns: ['customerCode'],
};
