import type { CustomerMirror } from '#pipelines/mirror.js';
import type { KnownCustomer, RunLedger } from '#pipelines/ports.js';
import type { Reason } from '#pipelines/row.js';
import { type EndedWork, invalid, type OpenWork, type Work } from '#pipelines/work.js';
import type { FieldMatcher } from './match-by-fields.js';
import { standingOf, unchanged } from './spare-unchanged.js';

/** What an import does with a row's customer. */
export type ImportMode = 'add' | 'update' | 'upsert';

export interface MatchOptions {
  readonly mode: ImportMode;
  /** Add a customer although one of exactly this content was created before. A key is believed in any case. */
  readonly force: boolean;
  /** Source columns of key and code, for messages. */
  readonly columns: readonly string[];
  /** Up to date; without one, customers that are known by key or code only. */
  readonly mirror?: CustomerMirror;
  /** Finds customers of rows with neither a code nor a known key. */
  readonly matcher?: FieldMatcher;
  /** Rows that say what their customer says already end here; not before an earlier row for the same was sent. */
  readonly spareUnchanged: boolean;
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
  for await (const batch of batches) {
    const byKey = ledger.customersOfKeys(
      batch.flatMap(({ outcome, key }) => (outcome === undefined ? (key ?? []) : [])),
    );
    yield batch.map((work) => (work.outcome === undefined ? matchRow(work, ledger, options, byKey) : work));
  }
}

/**
 * As {@link matchRows}, for one row.
 *
 * @param byKey - customers that keys stand for, its own among them
 */
export function matchRow(
  work: OpenWork,
  ledger: RunLedger,
  options: MatchOptions,
  byKey = ledger.customersOfKeys(work.key === undefined ? [] : [work.key]),
): Work {
  const found = findCustomer(work, ledger, options, work.key === undefined ? undefined : byKey.get(work.key));
  const { mirror, spareUnchanged } = options;
  if (found.outcome !== undefined || found.customerCode === undefined || mirror === undefined) return found;
  if (found.command === 'DELETE') return mirror.find(found.customerCode) === undefined ? gone(found) : found;
  if (!spareUnchanged) return found;
  const { customerCode, key, row } = found;
  const standing = standingOf(found, customerCode, mirror);
  if (standing.kind !== 'unchanged') return found;
  return {
    row,
    outcome: unchanged(customerCode, standing.customerId),
    ...(key === undefined ? {} : { key }),
    contentHash: found.contentHash,
  };
}

const modes = { NEW: 'add', MERGE: 'upsert', UPDATE: 'update', REPLACE: 'upsert', DELETE: 'update' } as const;

function modeOf({ command }: OpenWork, usual: ImportMode): ImportMode {
  return command === undefined || command === 'IGNORE' ? usual : modes[command];
}

function findCustomer(
  work: OpenWork,
  ledger: RunLedger,
  options: MatchOptions,
  byKey: KnownCustomer | undefined,
): Work {
  const { columns } = options;
  const mode = modeOf(work, options.mode);
  if (work.customerCode !== undefined)
    return mode === 'add' ? invalid(work.row, [codeInAdd(work, columns)], work.key) : work;
  const byFields = byKey === undefined && mode !== 'add' ? matchFields(work, ledger, options) : undefined;
  if (byFields !== undefined) return byFields;
  const known = byKey ?? sameContent(work, ledger, mode, options);
  if (known === undefined) return mode === 'update' ? notThere(work, columns) : work;
  if (known.certainty === 'in_doubt') return skipped(work, known, inDoubt(work, known));
  if (mode === 'add' || work.key === undefined) return skipped(work, known, alreadyCreated(work, known));
  return known.customerCode === undefined ? work : work.about(known.customerCode);
}

/** Exactly the same content, which can only tell that an add of a row without a key would be a second one. */
function sameContent(
  work: OpenWork,
  ledger: RunLedger,
  mode: ImportMode,
  { force, matcher, mirror }: MatchOptions,
): KnownCustomer | undefined {
  if (work.key !== undefined || mode === 'update' || force) return undefined;
  const known = ledger.customerOfContent(work.contentHash);
  if (known?.customerCode === undefined || matcher === undefined) return known;
  // Where customers are found by what they say, one that is gone from the API may be added again.
  return mirror?.find(known.customerCode) === undefined ? undefined : known;
}

/** The one customer that says the same in the fields to match by; `undefined` when there is none. */
function matchFields(work: OpenWork, ledger: RunLedger, { matcher, columns }: MatchOptions): Work | undefined {
  if (matcher === undefined) return undefined;
  const value = matcher.valueOf(work.draft);
  if (value === undefined)
    return work.key === undefined ? invalid(work.row, [matchBlank(matcher, columns)]) : undefined;
  const codes = matcher.codesOf(value);
  const [customerCode] = codes;
  if (customerCode === undefined) return undefined;
  if (codes.length > 1) return invalid(work.row, [ambiguous(matcher, codes, columns)], work.key);
  const other = work.key === undefined ? undefined : ledger.keyOfCustomer(customerCode);
  if (other !== undefined && other !== work.key)
    return invalid(work.row, [taken(work, customerCode, other, columns)], work.key);
  return work.about(customerCode);
}

/** A row whose customer must exist and does not; for a delete, that is what it wanted. */
function notThere(work: OpenWork, columns: readonly string[]): Work {
  const isNamed = work.key !== undefined || work.matchValue !== undefined;
  return work.command === 'DELETE' && isNamed ? gone(work) : invalid(work.row, [unknown(work, columns)], work.key);
}

function gone({ row, key, customerCode }: OpenWork): EndedWork {
  return {
    row,
    ...(key === undefined ? {} : { key }),
    outcome: {
      status: 'skipped',
      attempts: 0,
      reason: { code: 'ALREADY_GONE', message: 'There is no such customer: nothing to delete.' },
      ...(customerCode === undefined ? {} : { customerCode }),
    },
  };
}

function matchBlank({ fields }: FieldMatcher, columns: readonly string[]): Reason {
  return {
    code: 'MATCH_BLANK',
    message: `Customers are found by ${fields.join(' and ')}, and this row leaves that blank: fill it in.`,
    columns,
  };
}

function ambiguous({ fields }: FieldMatcher, codes: readonly string[], columns: readonly string[]): Reason {
  return {
    code: 'MATCH_AMBIGUOUS',
    message: `Several customers have this ${fields.join(' and ')}: ${codes.join(', ')}. Say which one with its customerCode.`,
    columns,
  };
}

function taken(work: OpenWork, code: string, other: string, columns: readonly string[]): Reason {
  return {
    code: 'MATCH_TAKEN',
    message: `This row looks like customer ${code}, who stands for the key "${other}" already. Correct the key, or the fields that customers are found by.`,
    columns,
    ...(work.key === undefined ? {} : { value: work.key }),
  };
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
