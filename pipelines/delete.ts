import type { RowOutcome } from './outcome.js';
import type { CustomersApi, RowSource, RunLedger } from './ports.js';
import { type Row, textOf } from './row.js';
import type { RunControl } from './run-control.js';
import { deleteCustomer } from './stages/delete-customer.js';
import { forEachConcurrently } from './stages/map-concurrently.js';
import { RepeatRegister } from './stages/refuse-repeats.js';
import { skipSettled } from './stages/skip-settled.js';

export interface DeletePorts {
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
  const bounds = { concurrency, itemsAhead: concurrency * rowsAheadPerRequest, stopping: control.stopping };
  await forEachConcurrently(countSeen(rows, control), bounds, async (row) => {
    const outcome = await deleteRow(row, textOf(row.cells[codeColumn]).trim(), api, ledger);
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
  if (row.defects !== undefined && row.defects.length > 0)
    return { status: 'invalid', reasons: row.defects, attempts: 0 };
  if (code === '') return { status: 'invalid', attempts: 0, reasons: [codeMissing] };
  return deleteCustomer(row, code, { api, ledger });
}

const codeMissing = {
  code: 'CODE_MISSING',
  message: 'The row names no customer. Fill in the column customerCode, or remove the row.',
  columns: ['customerCode'],
};
