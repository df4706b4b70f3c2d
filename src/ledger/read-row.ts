import type { RowOutcome } from '#pipelines/model.js';
import type { KnownCustomer, LedgerRow, LedgerRowState } from '#pipelines/ports.js';
import type { SqlValue } from '#src/sqlite/open-database.js';
import { isJsonObject, isRowOutcome, readStoredJson } from './damaged-ledger.js';
import type { RowBlocks, UnchangedRow } from './row-blocks.js';
import { readSentValues } from './sent-values.js';

export function readOutcome(outcome: SqlValue | undefined): RowOutcome {
  return readStoredJson(outcome, 'the outcome of a row', isRowOutcome);
}

export function toRowState(row: Record<string, SqlValue>): LedgerRowState {
  return {
    number: Number(row.row),
    state: String(row.state) as LedgerRow['state'],
    ...(row.key === null ? {} : { key: String(row.key) }),
    ...(row.payload_hash === null ? {} : { payloadHash: String(row.payload_hash) }),
    ...(row.customer_code === null ? {} : { customerCode: String(row.customer_code) }),
    ...(Number(row.is_waiting) === 1 ? { isWaiting: true } : {}),
  };
}

export function describeUnchanged(row: UnchangedRow, blocks: RowBlocks): RowOutcome {
  const customerId = blocks.findKnown(row)?.customerId;
  const { customerCode } = row;
  return { status: 'unchanged', attempts: 0, customerCode, ...(customerId === undefined ? {} : { customerId }) };
}

export function toUnchangedState(row: UnchangedRow, blocks: RowBlocks): LedgerRowState {
  const { index: _, ...identity } = row;
  const payloadHash = blocks.findKnown(row)?.payloadHash;
  return { ...identity, state: 'unchanged', ...(payloadHash === undefined ? {} : { payloadHash }) };
}

export function toLedgerRow(row: Record<string, SqlValue>): LedgerRow {
  return {
    ...toRowState(row),
    index: Number(row.idx),
    ...(row.outcome === null ? {} : { outcome: readOutcome(row.outcome) }),
    ...(row.payload === null ? {} : { payload: readStoredJson(row.payload, 'what a row sent', isJsonObject) }),
    ...(row.written_hash === null ? {} : { writtenHash: String(row.written_hash) }),
    ...(row.sent_values === null ? {} : { sentValues: readSentValues(row.sent_values) }),
    ...(row.sent_before === null ? {} : { sentBefore: readSentValues(row.sent_before) }),
    ...(row.intent_at === null ? {} : { intentAtMs: Number(row.intent_at) }),
    ...(row.clock_difference === null ? {} : { clockDifferenceMs: Number(row.clock_difference) }),
    ...(row.doubt_at === null ? {} : { doubtAtMs: Number(row.doubt_at) }),
    ...(row.pre_image === null
      ? {}
      : { preImage: readStoredJson(row.pre_image, 'the pre-image of a customer', isJsonObject) }),
  };
}

export function toKnownCustomer(row: Record<string, SqlValue>): KnownCustomer {
  return {
    state: row.known === 'known' ? 'known' : 'in_doubt',
    ...(row.name == null ? {} : { run: String(row.name) }),
    ...(row.row == null ? {} : { row: Number(row.row) }),
    ...(row.customer_code == null ? {} : { customerCode: String(row.customer_code) }),
    ...(row.customer_id == null ? {} : { customerId: String(row.customer_id) }),
    ...(row.written_hash == null ? {} : { writtenHash: String(row.written_hash) }),
  };
}
