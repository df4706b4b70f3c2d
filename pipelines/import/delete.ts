import { forEachConcurrently } from '#pipelines/concurrency.js';
import type { Issue } from '#pipelines/issue.js';
import { cellToText, type Row, type RowOutcome } from '#pipelines/model.js';
import type { CustomersApi, RowSource, RunLedger } from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import { AnswerProof } from './answer-proof.js';
import { RepeatRegister } from './dedupe.js';
import { skipSettled } from './resume.js';
import { deleteCustomer, settleRow } from './send.js';

interface DeletePorts {
  readonly source: RowSource;
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly control: RunControl;
}

const rowsAheadPerRequest = 50;

/** Deletes the customer that each row names in column number `codeColumn` (from 0), or makes it inactive. */
export async function deleteCustomers(ports: DeletePorts, codeColumn: number, concurrency: number): Promise<void> {
  const { source, ledger, control } = ports;
  const rows = skipSettled(source.batches(), ledger, control, new RepeatRegister());
  const bounds = { concurrency, maxAhead: concurrency * rowsAheadPerRequest, stopping: control.stopping };
  const deleting = { ...ports, proof: new AnswerProof() };
  await forEachConcurrently(rows, bounds, async (row) => {
    control.noteSeen(1);
    const outcome = await deleteRow(row, cellToText(row.cells[codeColumn]).trim(), deleting);
    await settleRow({ index: row.index, number: row.number, outcome }, ports);
  });
}

async function deleteRow(
  row: Row,
  customerCode: string,
  ports: DeletePorts & { readonly proof: AnswerProof },
): Promise<RowOutcome> {
  if (row.issues !== undefined && row.issues.length > 0) return { status: 'invalid', reasons: row.issues, attempts: 0 };
  if (customerCode === '') return { status: 'invalid', reasons: [missingCode], attempts: 0 };
  return deleteCustomer(row, customerCode, ports);
}

const missingCode: Issue = {
  severity: 'error',
  code: 'CODE_MISSING',
  message: 'The row names no customer. Fill in the column customerCode, or remove the row.',
  columns: ['customerCode'],
};
