import { forEachConcurrently } from '#pipelines/concurrency.js';
import type { Customer } from '#pipelines/model.js';
import type { CustomersApi } from '#pipelines/ports.js';
import type { CustomerMirror } from './mirror.js';

export interface ReadDetailsPorts {
  readonly api: Pick<CustomersApi, 'get'>;
  readonly mirror: Pick<CustomerMirror, 'saveDetail' | 'forget'>;
  readonly concurrency: number;
  /** When it fires, nobody else is read. */
  readonly stopping: AbortSignal;
}

/**
 * Reads customers one by one, a call each. The mirror keeps them, so that a second attempt continues where this one
 * stopped, and forgets those who are gone.
 */
export async function readDetails(
  customerCodes: readonly string[],
  { api, mirror, concurrency, stopping }: ReadDetailsPorts,
  onFound: (customer: Customer) => void = () => undefined,
): Promise<void> {
  await forEachConcurrently([customerCodes], { concurrency, maxAhead: concurrency, stopping }, async (code) => {
    const answer = await api.get(code);
    if (answer.kind === 'absent') mirror.forget(code);
    if (answer.kind !== 'found') return;
    mirror.saveDetail(answer.customer);
    onFound(answer.customer);
  });
}
