import { readField } from '#pipelines/compare-customers.js';
import { type CustomerMirror, isUneditedSinceCreation, type MirroredCustomer } from '#pipelines/listing/mirror.js';
import type { Customer } from '#pipelines/model.js';
import type { RunLedger, SentValue, SentValues } from '#pipelines/ports.js';
import type { OpenRow, RowMapper } from './map.js';

/** What deciding about single fields needs. */
export interface PolicyPorts {
  readonly mapper: Pick<RowMapper, 'findColumns' | 'policies' | 'wholeNumberFields'>;
  readonly ledger: Pick<RunLedger, 'findSentValues' | 'findCustomersByKeys' | 'hasHadKey'>;
  readonly mirror?: CustomerMirror | undefined;
}

/** What is known of the values that were sent to a customer before; looked up when a field asks for it. */
export interface LastSent {
  find(field: string): SentValue | undefined;
  /** Whether the account's values are as the rows of this key have written them, with nobody's edit since. */
  isAsWritten(): boolean;
  /** Whether nobody has edited the customer since it was created. */
  isUnedited(): boolean;
}

export function openLastSent(
  row: OpenRow,
  current: Customer,
  { ledger, mirror }: PolicyPorts,
  mirrored: MirroredCustomer | undefined,
): LastSent {
  const customerCode = row.customerCode ?? String(readField(current, 'customerCode') ?? '');
  let values: SentValues | undefined;
  let asWritten: boolean | undefined;
  return {
    find(field) {
      values ??= ledger.findSentValues(customerCode, row.key) ?? {};
      return Object.hasOwn(values, field) ? values[field] : undefined;
    },
    // Of versions that did not keep what was sent, the mirror still knows whether the last row of this key is in place.
    isAsWritten() {
      asWritten ??= isAsKeyWrote(row, current, ledger, mirrored ?? findSameEdit(current, customerCode, mirror));
      return asWritten;
    },
    isUnedited: () => isUneditedSinceCreation(current),
  };
}

/** What the mirror knows of a customer that was just read, if nobody has edited it since. */
function findSameEdit(
  current: Customer,
  customerCode: string,
  mirror: CustomerMirror | undefined,
): MirroredCustomer | undefined {
  const known = mirror?.find(customerCode);
  return known?.edited !== undefined && known.edited === readField(current, 'lastEditDateUTC') ? known : undefined;
}

function isAsKeyWrote(
  { key }: OpenRow,
  current: Customer,
  ledger: PolicyPorts['ledger'],
  mirrored: MirroredCustomer | undefined,
): boolean {
  const writtenHash = key === undefined ? undefined : ledger.findCustomersByKeys([key]).get(key)?.writtenHash;
  if (writtenHash === undefined) return false;
  return isUneditedSinceCreation(current) || mirrored?.sentHash === writtenHash;
}
