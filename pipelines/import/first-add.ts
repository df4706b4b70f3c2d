import type { CustomersApi } from '#pipelines/ports.js';
import type { SendResult } from './send.js';

/** The list does not show a customer that was just added to an account that looks empty. */
export class ListStaysEmpty extends Error {
  constructor(readonly customerCode: string | undefined) {
    super(customerCode ?? 'unknown');
  }
}

/** How long to wait before each look at the list: a server may list a new customer some seconds late. */
const defaultDelaysMs: readonly number[] = [0, 500, 1500, 3000, 5000];
/** Enough to show a customer in an account that was empty a moment ago. */
const pageSize = 100;

export interface FirstAddOptions {
  readonly api: CustomersApi;
  readonly sleep: (delayMs: number) => Promise<void>;
  readonly delaysMs?: readonly number[];
}

/**
 * Lets the first add into an account that looks empty go alone: an empty list usually means a missing right, and then every
 * add could be of a customer that is there already. The second add leaves once the list has shown the first.
 */
export class FirstAdd {
  readonly #options: FirstAddOptions;
  #first: Promise<SendResult> | undefined;
  #proof: Promise<void> | undefined;
  #isProved = false;

  constructor(options: FirstAddOptions) {
    this.#options = options;
  }

  /** Sends an add when its turn has come. @throws ListStaysEmpty; then this one was not sent */
  async pass(send: () => Promise<SendResult>): Promise<SendResult> {
    while (!this.#isProved) {
      const first = this.#first;
      if (first === undefined) {
        this.#first = send();
        return this.#first;
      }
      const { outcome } = await first;
      if (outcome.status === 'created' || outcome.status === 'in_doubt') {
        this.#proof ??= this.#prove(outcome.customerCode);
        await this.#proof;
        this.#isProved = true;
      }
      // Refused: nobody was added, so the next one goes alone.
      else if (this.#first === first) this.#first = undefined;
    }
    return send();
  }

  async #prove(customerCode: string | undefined): Promise<void> {
    const { api, sleep, delaysMs = defaultDelaysMs } = this.#options;
    for (const delayMs of delaysMs) {
      await sleep(delayMs);
      const { customers } = await api.list({ page: 1, pageSize, fields: ['customerId', 'customerCode'] });
      const isListed = customers.some(
        (customer) => customerCode === undefined || customer.customerCode === customerCode,
      );
      if (isListed) return;
    }
    throw new ListStaysEmpty(customerCode);
  }
}
