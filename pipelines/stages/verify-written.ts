import { changesOf } from '#pipelines/compare-customers.js';
import type { Draft, JsonValue } from '#pipelines/customer.js';
import type { CustomersApi } from '#pipelines/ports.js';
import type { Reason } from '#pipelines/row.js';
import type { RowMapper } from './map-rows.js';

/** Tells which columns of the input a field comes from. */
export type ColumnNames = Pick<RowMapper, 'columnsOf'>;

/** Reads a written customer back and says, field by field, what the server made of what it was sent. */
export async function verifyWritten(
  api: CustomersApi,
  customerCode: string,
  draft: Draft,
  mapper: ColumnNames,
): Promise<readonly Reason[]> {
  // What ends the run here ends it at the next row too; this row is written, whatever happens now.
  const answer = await api.get(customerCode).catch(() => ({ kind: 'unanswered' }) as const);
  if (answer.kind !== 'found')
    return [{ code: 'NOT_VERIFIED', message: 'Written, but the customer could not be read back to compare.' }];
  return changesOf(answer.customer, draft).map(({ field, from: stored, to: sent }) => ({
    code: isCut(stored, sent) ? 'SERVER_TRUNCATED' : 'SERVER_CHANGED',
    message: `${field}: sent ${shown(sent)}, but the API now holds ${shown(stored)}.`,
    field,
    columns: mapper.columnsOf(field),
  }));
}

function isCut(stored: JsonValue | undefined, sent: JsonValue): boolean {
  return typeof stored === 'string' && typeof sent === 'string' && stored !== '' && sent.startsWith(stored);
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
