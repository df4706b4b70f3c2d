import { readField } from '#pipelines/compare-customers.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { Draft, ReviewCandidate } from '#pipelines/model.js';
import { normaliseValue } from '#pipelines/quality/normalise.js';

/** A row that seems to be in the account already. */
export interface SuspectRow {
  /** Line or row number. */
  readonly row: number;
  readonly key: string | undefined;
  readonly draft: Draft;
  readonly candidates: readonly ReviewCandidate[];
}

/** Why nothing is sent into an account. */
export interface AccountFacts {
  /** Customers of the account that this ledger does not know or, for rows with a key, does not know by one of its source. */
  readonly strangers: number;
  /** Of these, those that it knows from rows without a key, by their code, or by a key of another source. */
  readonly knownOtherwise: number;
  /** Those that are no strangers. */
  readonly known: number;
  readonly rowsToAdd: number;
  /** Rows that seem to be there already. */
  readonly suspects: number;
  readonly examples: readonly SuspectRow[];
  /** Lists of fields that would find the customers of these rows; empty when none would. */
  readonly match: readonly (readonly string[])[];
  /** The field that holds the key. */
  readonly stamp?: string;
}

/** Too many of the rows to add seem to be in an account that this ledger does not know. Nothing was sent. */
export class AccountUnknown extends Error {
  constructor(readonly facts: AccountFacts) {
    super(`${facts.suspects} of ${facts.rowsToAdd}`);
  }
}

/** What people recognise a customer by, the most certain first. */
const matchLists: readonly (readonly string[])[] = [
  ['emailAddress'],
  ['phoneNumber', 'customerName'],
  ['phoneNumber', 'lastName', 'firstName'],
  ['customerName', 'postalCode'],
  ['lastName', 'firstName', 'postalCode'],
];

/**
 * The fields by which these rows would find their customers, each list because it finds rows that those before it do not.
 *
 * @param fields - those that the mapping sets
 */
export function proposeMatch(
  suspects: readonly SuspectRow[],
  mirror: CustomerMirror,
  fields: readonly string[],
  country: string | undefined,
): readonly (readonly string[])[] {
  const usable = matchLists.filter((list) => list.every((field) => fields.includes(field)));
  const chosen: (readonly string[])[] = [];
  const found = new Set<SuspectRow>();
  for (const list of usable) {
    const before = found.size;
    for (const suspect of suspects)
      if (!found.has(suspect) && isFoundBy(list, suspect, mirror, country)) found.add(suspect);
    if (found.size > before) chosen.push(list);
  }
  return chosen;
}

/** Whether exactly one of the candidates has the same values. */
function isFoundBy(
  list: readonly string[],
  { draft, candidates }: SuspectRow,
  mirror: CustomerMirror,
  country: string | undefined,
): boolean {
  const equal = candidates.filter(({ customerCode }) => {
    const customer = mirror.find(customerCode)?.customer;
    return list.every((field) => {
      const wanted = normaliseValue(field, readField(draft, field), country);
      return (
        wanted !== undefined &&
        customer !== undefined &&
        wanted === normaliseValue(field, readField(customer, field), country)
      );
    });
  });
  return equal.length === 1;
}
