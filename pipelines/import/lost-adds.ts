import { isBlank, readField, withoutNulls } from '#pipelines/compare-customers.js';
import { parseApiTime } from '#pipelines/listing/customer-identity.js';
import type { Customer, ReviewCandidate } from '#pipelines/model.js';
import type { CustomersApi, LedgerRow } from '#pipelines/ports.js';
import { createSimilarityIndex, findCreated } from './find-created.js';
import type { OpenRow } from './map.js';

/** Who rows are that this run may have added without its ledger knowing of it. */
export interface FoundAdds {
  /** By the row's index: the customer that it has created. */
  readonly created: ReadonlyMap<number, string>;
  /** By the row's index: customers of which a person must say whether it has created them. */
  readonly unclear: ReadonlyMap<number, readonly ReviewCandidate[]>;
}

const noneFound: FoundAdds = { created: new Map(), unclear: new Map() };

/** A customer that has nothing but the row's name may be anybody of that name. */
const minFields = 2;

const similarEvidence = 'created since the run was begun, with similar values';

/**
 * Finds customers that rows of this run have created although its ledger does not say so: it may be an older copy, or have
 * lost its last commits. Rows that would be added are compared with the strangers that were created since the run was begun as
 * if they were in doubt.
 */
export class LostAdds {
  readonly #created: readonly Customer[];
  readonly #findSimilar: (row: OpenRow['draft']) => readonly Customer[];
  readonly #rows: LedgerRow[] = [];

  /**
   * @param strangers - customers that the ledger does not know
   * @param sinceMs - when the run was begun; epoch milliseconds, the API's clock
   */
  constructor(strangers: readonly Customer[], sinceMs: number) {
    this.#created = strangers.filter((customer) => readCreation(customer) >= sinceMs);
    this.#findSimilar = createSimilarityIndex(this.#created);
  }

  /** Notes a row that would be added. */
  note({ row, key, draft, contentHash }: OpenRow): void {
    if (this.#created.length === 0 || this.#findSimilar(draft).length === 0) return;
    const payload = withoutNulls(draft);
    const { index, number } = row;
    const state = 'failed';
    this.#rows.push({ index, number, state, payload, payloadHash: contentHash, ...(key === undefined ? {} : { key }) });
  }

  /** @param stamp - the field that carries a row's key */
  async find(api: CustomersApi, stamp: string | undefined): Promise<FoundAdds> {
    if (this.#rows.length === 0) return noneFound;
    const created = new Map<number, string>();
    const unclear = new Map<number, readonly ReviewCandidate[]>();
    const found = await findCreated(this.#rows, this.#created, api, stamp);
    for (const { index, payload = {} } of this.#rows) {
      const resolution = found.get(index);
      if (resolution === undefined || resolution.kind === 'absent') continue;
      const isSure = Object.values(payload).filter((value) => !isBlank(value)).length >= minFields;
      if (resolution.kind === 'created' && isSure) created.set(index, String(resolution.customer.customerCode));
      else unclear.set(index, describe(resolution.kind === 'created' ? [resolution.customer] : resolution.candidates));
    }
    return { created, unclear };
  }
}

/** When a customer was created; epoch milliseconds, the API's clock. */
export function readCreation(customer: Customer): number {
  const created = readField(customer, 'creationDateUTC');
  const ms = typeof created === 'string' ? parseApiTime(created) : Number.NaN;
  // One without a creation date may be new.
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}

function describe(customers: readonly Customer[]): readonly ReviewCandidate[] {
  return customers.map(({ customerCode }) => ({ customerCode: String(customerCode), evidence: [similarEvidence] }));
}
