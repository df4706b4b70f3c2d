import { type FieldChange, isBlank, isSameValue, readField } from '#pipelines/compare-customers.js';
import { parseApiTime } from '#pipelines/listing/customer-identity.js';
import type { FormerCustomer } from '#pipelines/listing/former-customers.js';
import { knowsField } from '#pipelines/listing/mirror.js';
import type { Customer } from '#pipelines/model.js';
import type { RunLedger } from '#pipelines/ports.js';
import { isNormalForm } from './compare-written.js';
import { endAsWaiting } from './decisions.js';
import type { EndedRow, OpenRow, RowMapper } from './map.js';

interface ChangedSinceRunPorts {
  readonly ledger: Pick<RunLedger, 'former'>;
  readonly mapper: Pick<RowMapper, 'findColumns' | 'country'>;
  /** Without a local copy, only the customer itself says when it was last edited. */
  readonly mirror?: object | undefined;
  /** An earlier process has begun the run. */
  readonly isResumed?: boolean | undefined;
}

/**
 * Makes a row wait that would overwrite what somebody has put into its customer since the run was begun: a run may be resumed
 * much later, or from an older copy of its ledger. That the customer was edited is no reason by itself: a sale does that.
 *
 * @param changes - what the row would change in the customer as it is now
 * @returns `undefined` when nobody has changed the fields that the row would write
 */
export function endIfChangedSince(
  row: OpenRow,
  customerCode: string,
  current: Customer,
  changes: readonly FieldChange[],
  { ledger, mapper, mirror, isResumed = false }: ChangedSinceRunPorts,
): EndedRow | undefined {
  const edited = mirror === undefined && isResumed ? readEdited(current) : undefined;
  const former = ledger.former.find(customerCode, edited);
  if (former === undefined) return undefined;
  const changed = changes.filter((change) => mayHaveChanged(former, change, mapper.country)).map(({ field }) => field);
  if (changed.length === 0) return undefined;
  const fields = changed.join(', ');
  return endAsWaiting(
    row,
    {
      severity: 'error',
      code: 'CHANGED_SINCE_RUN',
      message: `Not sent: since the run was begun, somebody has changed customer ${customerCode} in fields that this row would write: ${fields}. Decide in the review file whether the row is to be written all the same.`,
      columns: [...new Set(changed.flatMap((field) => mapper.findColumns(field)))],
    },
    [{ customerCode, evidence: [`changed since the run was begun: ${fields}`] }],
    () => current,
  );
}

function readEdited(customer: Customer): number | undefined {
  const edited = readField(customer, 'lastEditDateUTC');
  const ms = typeof edited === 'string' ? parseApiTime(edited) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Where it is not known what a field held, a value in it may be somebody's; a blank one can be filled. */
function mayHaveChanged(
  { customer, extent = 'flat' }: FormerCustomer,
  { field, from }: FieldChange,
  country: string | undefined,
): boolean {
  if (customer === undefined || !knowsField({ customer, extent }, field)) return !isBlank(from);
  const before = readField(customer, field) ?? null;
  return !isSameValue(before, from) && !isNormalForm(field, before, from, country);
}
