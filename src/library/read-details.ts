import { fieldOf } from '../../pipelines/compare-customers.js';
import type { Customer } from '../../pipelines/customer.js';
import type { CustomersApi } from '../../pipelines/ports.js';
import { identityOf } from '../../pipelines/stages/read-pass.js';
import { RunStoppedError } from '../errors.js';
import type { KeptDetails } from '../ledger/kept-details.js';

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
    const answer = await api.get(code);
    if (answer.kind === 'absent') return undefined;
    if (answer.kind === 'unanswered')
      throw new RunStoppedError(`The details of customer ${code} could not be read: ${answer.message}`, {
        code: 'CUSTOMER_UNANSWERED',
        nextStep: 'Try again later.',
      });
    if (stamp !== undefined) await kept.keep(id, stamp, answer.customer);
    return answer.customer;
  };
}
