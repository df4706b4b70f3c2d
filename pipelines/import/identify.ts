import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { Issue } from '#pipelines/model.js';
import type { KnownCustomer, RunLedger } from '#pipelines/ports.js';
import { compareWithMirror, describeUnchanged } from './decide.js';
import { type EndedRow, endAsInvalid, type ImportRow, type OpenRow } from './import-row.js';
import type { FieldMatcher } from './match.js';

/** What an import does with a row's customer. */
export type ImportMode = 'add' | 'update' | 'upsert';

export interface IdentifyOptions {
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
  readonly skipUnchanged: boolean;
}

/**
 * Decides for each row whether it is an add or an update, from what the row says and the ledger knows, without a call:
 * work that comes out with a `customerCode` is an update, without one an add. A customer that this tool has created
 * already, or may have, is never created again.
 */
export async function* identifyRows(
  batches: AsyncIterable<readonly ImportRow[]>,
  ledger: RunLedger,
  options: IdentifyOptions,
): AsyncIterable<readonly ImportRow[]> {
  for await (const batch of batches) {
    const byKey = ledger.findCustomersByKeys(
      batch.flatMap(({ outcome, key }) => (outcome === undefined ? (key ?? []) : [])),
    );
    yield batch.map((work) => (work.outcome === undefined ? identifyRow(work, ledger, options, byKey) : work));
  }
}

/**
 * As {@link identifyRows}, for one row.
 *
 * @param byKey - customers that keys stand for, its own among them
 */
export function identifyRow(
  work: OpenRow,
  ledger: RunLedger,
  options: IdentifyOptions,
  byKey = ledger.findCustomersByKeys(work.key === undefined ? [] : [work.key]),
): ImportRow {
  const found = findCustomer(work, ledger, options, work.key === undefined ? undefined : byKey.get(work.key));
  const { mirror, skipUnchanged } = options;
  if (found.outcome !== undefined || found.customerCode === undefined || mirror === undefined) return found;
  if (found.command === 'DELETE') return mirror.find(found.customerCode) === undefined ? endAsGone(found) : found;
  if (!skipUnchanged) return found;
  const { customerCode, key, row } = found;
  const standing = compareWithMirror(found, customerCode, mirror);
  if (standing.kind !== 'unchanged') return found;
  return {
    row,
    outcome: describeUnchanged(customerCode, standing.customerId),
    ...(key === undefined ? {} : { key }),
    contentHash: found.contentHash,
  };
}

const modes = { NEW: 'add', MERGE: 'upsert', UPDATE: 'update', REPLACE: 'upsert', DELETE: 'update' } as const;

function chooseMode({ command }: OpenRow, usual: ImportMode): ImportMode {
  return command === undefined || command === 'IGNORE' ? usual : modes[command];
}

function findCustomer(
  work: OpenRow,
  ledger: RunLedger,
  options: IdentifyOptions,
  byKey: KnownCustomer | undefined,
): ImportRow {
  const { columns } = options;
  const mode = chooseMode(work, options.mode);
  if (work.customerCode !== undefined)
    return mode === 'add' ? endAsInvalid(work.row, [codeInAdd(work, columns)], work.key) : work;
  const byFields = byKey === undefined && mode !== 'add' ? findByFields(work, ledger, options) : undefined;
  if (byFields !== undefined) return byFields;
  const known = byKey ?? findSameContent(work, ledger, mode, options);
  if (known === undefined) return mode === 'update' ? endAsMissing(work, columns) : work;
  if (known.state === 'in_doubt') return endAsSkipped(work, known, inDoubt(work, known));
  if (mode === 'add' || work.key === undefined) return endAsSkipped(work, known, alreadyCreated(work, known));
  return known.customerCode === undefined ? work : work.withCustomer(known.customerCode);
}

/** Exactly the same content, which can only tell that an add of a row without a key would be a second one. */
function findSameContent(
  work: OpenRow,
  ledger: RunLedger,
  mode: ImportMode,
  { force, matcher, mirror }: IdentifyOptions,
): KnownCustomer | undefined {
  if (work.key !== undefined || mode === 'update' || force) return undefined;
  const known = ledger.findCustomerByContent(work.contentHash);
  if (known?.customerCode === undefined || matcher === undefined) return known;
  // Where customers are found by what they say, one that is gone from the API may be added again.
  return mirror?.find(known.customerCode) === undefined ? undefined : known;
}

/** The one customer that says the same in the fields to match by; `undefined` when there is none. */
function findByFields(work: OpenRow, ledger: RunLedger, { matcher, columns }: IdentifyOptions): ImportRow | undefined {
  if (matcher === undefined) return undefined;
  const value = matcher.readValue(work.draft);
  if (value === undefined)
    return work.key === undefined ? endAsInvalid(work.row, [matchBlank(matcher, columns)]) : undefined;
  const codes = matcher.findCodes(value);
  const [customerCode] = codes;
  if (customerCode === undefined) return undefined;
  if (codes.length > 1) return endAsInvalid(work.row, [matchAmbiguous(matcher, codes, columns)], work.key);
  const other = work.key === undefined ? undefined : ledger.findKey(customerCode);
  if (other !== undefined && other !== work.key)
    return endAsInvalid(work.row, [matchTaken(work, customerCode, other, columns)], work.key);
  return work.withCustomer(customerCode);
}

/** A row whose customer must exist and does not; for a delete, that is what it wanted. */
function endAsMissing(work: OpenRow, columns: readonly string[]): ImportRow {
  const isNamed = work.key !== undefined || work.matchValue !== undefined;
  return work.command === 'DELETE' && isNamed
    ? endAsGone(work)
    : endAsInvalid(work.row, [customerUnknown(work, columns)], work.key);
}

function endAsGone({ row, key, customerCode }: OpenRow): EndedRow {
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

function matchBlank({ fields }: FieldMatcher, columns: readonly string[]): Issue {
  return {
    code: 'MATCH_BLANK',
    message: `Customers are found by ${fields.join(' and ')}, and this row leaves that blank: fill it in.`,
    columns,
  };
}

function matchAmbiguous({ fields }: FieldMatcher, codes: readonly string[], columns: readonly string[]): Issue {
  return {
    code: 'MATCH_AMBIGUOUS',
    message: `Several customers have this ${fields.join(' and ')}: ${codes.join(', ')}. Say which one with its customerCode.`,
    columns,
  };
}

function matchTaken(work: OpenRow, code: string, other: string, columns: readonly string[]): Issue {
  return {
    code: 'MATCH_TAKEN',
    message: `This row looks like customer ${code}, who stands for the key "${other}" already. Correct the key, or the fields that customers are found by.`,
    columns,
    ...(work.key === undefined ? {} : { value: work.key }),
  };
}

function endAsSkipped(work: OpenRow, known: KnownCustomer, reason: Issue): EndedRow {
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

function codeInAdd(work: OpenRow, columns: readonly string[]): Issue {
  return {
    code: 'CODE_IN_ADD',
    message: `The row names the customer ${work.customerCode}, so it exists already; an add would make a second one. Import with --mode update, or empty the cell.`,
    columns,
  };
}

function customerUnknown(work: OpenRow, columns: readonly string[]): Issue {
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

function alreadyCreated(work: OpenRow, known: KnownCustomer): Issue {
  const next =
    work.key === undefined
      ? 'If it is another customer, add it with --force.'
      : 'To change it, import with --mode update.';
  return {
    code: 'ALREADY_CREATED',
    message: `${describeSubject(work)} was created ${describeRun(known)} as ${known.customerCode}. ${next}`,
  };
}

function inDoubt(work: OpenRow, known: KnownCustomer): Issue {
  return {
    code: 'IN_DOUBT_ELSEWHERE',
    message: `${describeSubject(work)} was sent ${describeRun(known)} and it is not known whether it was created. Settle that first: mypos-customers reconcile ${known.run}`,
  };
}

function describeSubject(work: OpenRow): string {
  return work.key === undefined ? 'A customer with exactly this content' : `The customer with the key "${work.key}"`;
}

function describeRun(known: KnownCustomer): string {
  return `by run ${known.run}${known.row === undefined ? '' : ` (row ${known.row})`}`;
}
