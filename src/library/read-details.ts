import { fieldOf } from '#pipelines/compare-customers.js';
import type { Customer } from '#pipelines/customer.js';
import type { CustomersApi } from '#pipelines/ports.js';
import { identityOf } from '#pipelines/stages/identity-of.js';
import { RunStoppedError } from '#src/errors.js';
import type { KeptDetails } from '#src/ledger/kept-details.js';

/**
 * Reads the whole customer behind a row of the list: from what a broken export has left, as long as nobody has edited
 * the customer since, else from the API.
 */
export function detailReader(api: CustomersApi, kept: KeptDetails) {
  return async (listed: Customer): Promise<Customer | undefined> => {
    const id = identityOf(listed);
    const lastEdit = fieldOf(listed, 'lastEditDateUTC');
    const stamp = typeof lastEdit === 'string' ? lastEdit : undefined;
    const known = stamp === undefined ? undefined : kept.find(id, stamp);
    if (known !== undefined) return known;
    const code = String(fieldOf(listed, 'customerCode') ?? id);
    const detail = await readDetail(api, code);
    if (stamp !== undefined && detail !== undefined) await kept.keep(id, stamp, detail);
    return detail;
  };
}

/** The whole customer; nothing when there is none. @throws RunStoppedError when the API gives no answer */
export async function readDetail(api: CustomersApi, code: string): Promise<Customer | undefined> {
  const answer = await api.get(code);
  if (answer.kind === 'found') return answer.customer;
  if (answer.kind === 'absent') return undefined;
  throw new RunStoppedError(`The details of customer ${code} could not be read: ${answer.message}`, {
    code: 'CUSTOMER_UNANSWERED',
    nextStep: 'Try again later.',
  });
}
