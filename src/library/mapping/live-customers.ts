import type { Customer } from '#pipelines/customer.js';
import type { Settings } from '#src/config/settings.js';
import { RunStoppedError } from '#src/errors.js';
import { connect } from '#src/library/connect.js';

/** Enough to see which fields there are, few enough to be no load: the vendor blocks those who read too much. */
const customersLookedAt = 3;

export interface LiveCustomers {
  /** In full, with the client's own fields. */
  readonly customers: readonly Customer[];
}

/** Reads the customers that were edited last. @throws LoginError, RunStoppedError */
export async function readLiveCustomers(settings: Settings, signal: AbortSignal): Promise<LiveCustomers> {
  const connection = await connect(settings, signal);
  try {
    const { customers } = await connection.client.list({
      page: 1,
      pageSize: customersLookedAt,
      sort: { field: 'lastEditDateUTC', descending: true },
    });
    const full: Customer[] = [];
    for (const { customerCode } of customers) {
      const answer = await connection.client.get(String(customerCode));
      if (answer.kind === 'found') full.push(answer.customer);
      if (answer.kind === 'unanswered')
        throw new RunStoppedError(`The customer ${String(customerCode)} could not be read: ${answer.message}`, {
          code: 'CUSTOMER_UNANSWERED',
          nextStep: 'Try again later, or check the mapping without --live.',
        });
    }
    return { customers: full };
  } finally {
    await connection.close();
  }
}
