import type { KnownCustomer, RunLedger } from '../ports.js';
import type { Reason } from '../row.js';
import { type EndedWork, invalid, type OpenWork, type Work } from '../work.js';

/** What an import does with a row's customer. */
export type ImportMode = 'add' | 'update' | 'upsert';

export interface MatchOptions {
  readonly mode: ImportMode;
  /** Add a customer although one of exactly this content was created before. A key is believed in any case. */
  readonly force: boolean;
  /** Source columns of key and code, for messages. */
  readonly columns: readonly string[];
}

/**
 * Decides for each row whether it is an add or an update, from what the row says and the ledger knows, without a call:
 * work that comes out with a `customerCode` is an update, without one an add. A customer that this tool has created
 * already, or may have, is never created again.
 */
export async function* matchRows(
  batches: AsyncIterable<readonly Work[]>,
  ledger: RunLedger,
  options: MatchOptions,
): AsyncIterable<readonly Work[]> {
  for await (const batch of batches)
    yield batch.map((work) => (work.outcome === undefined ? matchRow(work, ledger, options) : work));
}

/** As {@link matchRows}, for one row. */
export function matchRow(work: OpenWork, ledger: RunLedger, options: MatchOptions): Work {
  const { mode, columns } = options;
  if (work.customerCode !== undefined)
    return mode === 'add' ? invalid(work.row, [codeInAdd(work, columns)], work.key) : work;
  const known = knownFor(work, ledger, options);
  if (known === undefined) return mode === 'update' ? invalid(work.row, [unknown(work, columns)], work.key) : work;
  if (known.certainty === 'in_doubt') return skipped(work, known, inDoubt(work, known));
  if (mode === 'add' || work.key === undefined) return skipped(work, known, alreadyCreated(work, known));
  return known.customerCode === undefined ? work : { ...work, customerCode: known.customerCode };
}

/** By key; without one, by exactly the same content, which can only tell that an add would be a second one. */
function knownFor(work: OpenWork, ledger: RunLedger, { mode, force }: MatchOptions): KnownCustomer | undefined {
  if (work.key !== undefined) return ledger.customerOfKey(work.key);
  return mode === 'update' || force ? undefined : ledger.customerOfContent(work.contentHash);
}

function skipped(work: OpenWork, known: KnownCustomer, reason: Reason): EndedWork {
  const { row, key } = work;
  const { customerCode, customerId } = known;
  return {
    row,
    ...(key === undefined ? {} : { key }),
    outcome: {
      status: 'skipped',
      attempts: 0,
      reason,
      ...(customerCode === undefined ? {} : { customerCode }),
      ...(customerId === undefined ? {} : { customerId }),
    },
  };
}

function codeInAdd(work: OpenWork, columns: readonly string[]): Reason {
  return {
    code: 'CODE_IN_ADD',
    message: `The row names the customer ${work.customerCode}, so it exists already; an add would make a second one. Import with --mode update, or empty the cell.`,
    columns,
  };
}

function unknown(work: OpenWork, columns: readonly string[]): Reason {
  const fact =
    work.key === undefined
      ? 'The row names no customer: its customerCode is blank.'
      : `No customer is known for the key "${work.key}".`;
  return {
    code: 'CUSTOMER_UNKNOWN',
    message: `${fact} Add it with --mode add, or give its customerCode.`,
    columns,
    ...(work.key === undefined ? {} : { value: work.key }),
  };
}

function alreadyCreated(work: OpenWork, known: KnownCustomer): Reason {
  const next =
    work.key === undefined
      ? 'If it is another customer, add it with --force.'
      : 'To change it, import with --mode update.';
  return {
    code: 'ALREADY_CREATED',
    message: `${subject(work)} was created ${where(known)} as ${known.customerCode}. ${next}`,
  };
}

function inDoubt(work: OpenWork, known: KnownCustomer): Reason {
  return {
    code: 'IN_DOUBT_ELSEWHERE',
    message: `${subject(work)} was sent ${where(known)} and it is not known whether it was created. Settle that first: mypos-customers reconcile ${known.run}`,
  };
}

function subject(work: OpenWork): string {
  return work.key === undefined ? 'A customer with exactly this content' : `The customer with the key "${work.key}"`;
}

function where(known: KnownCustomer): string {
  return `by run ${known.run}${known.row === undefined ? '' : ` (row ${known.row})`}`;
}
