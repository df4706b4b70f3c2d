import type { Customer } from '#pipelines/model.js';
import type { MirroredCustomer } from './mirror.js';

/** A customer as it was when a run was begun; without a customer, it is not known how it was. */
export interface FormerCustomer {
  readonly customer?: Customer;
  readonly extent?: MirroredCustomer['extent'];
}

/** The customers that somebody has changed since a run was begun, as they were then. */
export interface FormerCustomers {
  /**
   * @param edited - when the customer was last edited (epoch milliseconds, the API's clock); given where no local copy
   *   says which customers have changed
   * @returns `undefined` when nobody but the run itself has changed the customer
   */
  find(customerCode: string, edited?: number): FormerCustomer | undefined;
}
