import { findFieldName, readField } from '#pipelines/compare-customers.js';
import { customerFields } from '#pipelines/mapping/fields.js';
import type { FreeFieldChoice } from '#pipelines/mapping/suggest/suggestion.js';
import type { Customer } from '#pipelines/model.js';
import type { CustomersApi } from '#pipelines/ports.js';
import { connect } from '#src/app/connect.js';
import type { Settings } from '#src/config/settings.js';
import { RunStoppedError } from '#src/errors.js';

/** Enough to see the fields, and few enough to cause no load: the vendor blocks clients that read too much. */
const maxCustomersRead = 3;

export interface LiveCustomers {
  /** In full, with the company's own fields. */
  readonly customers: readonly Customer[];
}

/** Reads the customers that were edited last. @throws LoginError, RunStoppedError */
export async function readLiveCustomers(settings: Settings, signal: AbortSignal): Promise<LiveCustomers> {
  const connection = await connect(settings, signal);
  try {
    const { customers } = await connection.client.list({
      page: 1,
      pageSize: maxCustomersRead,
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

const customersListed = 1000;
const detailsRead = 5;
const freeFields = Object.keys(customerFields).filter((field) => field.startsWith('cC_'));

/**
 * Finds a field for the keys: one of `cC_001` … `cC_010` that is blank in the customers that were edited last.
 *
 * @returns `undefined` when all of them are in use
 * @throws LoginError, RunStoppedError
 */
export async function findFreeField(settings: Settings, signal: AbortSignal): Promise<FreeFieldChoice | undefined> {
  const connection = await connect(settings, signal);
  try {
    const { listed, details } = await readExamples(connection.client);
    const isBlank = (field: string) => (customer: Customer) => (readField(customer, field) ?? '') === '';
    const isShown = (field: string) =>
      listed.every((customer) => Object.hasOwn(customer, findFieldName(customer, field)));
    const field = freeFields.find((name) => [...listed, ...details].every(isBlank(name)));
    return field === undefined ? undefined : { field, customers: isShown(field) ? listed.length : details.length };
  } finally {
    await connection.close();
  }
}

/** The list may not show these fields: of a few customers, everything is read. */
async function readExamples(client: CustomersApi) {
  const { customers: listed } = await client.list({
    page: 1,
    pageSize: customersListed,
    sort: { field: 'lastEditDateUTC', descending: true },
  });
  const details: Customer[] = [];
  for (const { customerCode } of listed.slice(0, detailsRead)) {
    const answer = await client.get(String(customerCode));
    if (answer.kind === 'found') details.push(answer.customer);
  }
  return { listed, details };
}
