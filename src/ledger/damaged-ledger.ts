import { parseExactJson } from '#pipelines/exact-json.js';
import { type JsonValue, type ReviewCandidate, type RowOutcome, rowStatuses } from '#pipelines/model.js';
import { GuardError } from '#src/errors.js';
import type { SqlValue } from '#src/sqlite/open-database.js';

/** What SQLite says of a file that was cut, or overwritten by something else. */
const sqliteDamage = /malformed|not a database|corrupt/i;

export function isDamagedLedgerError(error: Error): boolean {
  return sqliteDamage.test(`${error.message} ${'code' in error ? String(error.code) : ''}`);
}

/** Without its ledger the program does not know which customers it has created, so it must not continue as if there were none. */
export function createDamagedLedgerError(where: string, cause: Error): GuardError {
  return new GuardError(`The ledger ${where} is damaged (${cause.message}).`, {
    code: 'LEDGER_DAMAGED',
    nextStep:
      'Do not import again before this is fixed, or customers may be created twice: restore the state folder from a backup, or move it away and compare your last result file with the customers in the API.',
    cause,
  });
}

/**
 * Reads JSON that the ledger holds, and checks it: the file may have been edited, or damaged where SQLite does not notice.
 *
 * @param what - names the value in the error, e.g. `the outcome of a row`
 * @throws GuardError when it is not what this program writes
 */
export function readStoredJson<T>(
  text: SqlValue | undefined,
  what: string,
  isValid: (value: unknown) => value is T,
): T {
  const value = tryParse(text);
  if (isValid(value)) return value;
  throw createDamagedLedgerError('in the state folder', new Error(`${what} was not written by this program`));
}

function tryParse(text: SqlValue | undefined): unknown {
  try {
    return parseExactJson(String(text));
  } catch {
    return undefined;
  }
}

/** A customer or a draft: fields by name. */
export function isJsonObject(value: unknown): value is { readonly [field: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArrayOf<T>(isItem: (item: unknown) => item is T): (value: unknown) => value is readonly T[] {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(isItem);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

const statuses: ReadonlySet<unknown> = new Set(rowStatuses);

/** What each kind of outcome has besides its status and attempts. */
export function isRowOutcome(value: unknown): value is RowOutcome {
  if (!isJsonObject(value) || !statuses.has(value.status) || typeof value.attempts !== 'number') return false;
  switch (value.status) {
    case 'invalid':
      return (
        Array.isArray(value.reasons) &&
        value.reasons.every(isReason) &&
        (value.candidates === undefined || isArrayOf(isReviewCandidate)(value.candidates))
      );
    case 'skipped':
    case 'pending':
      return isReason(value.reason);
    case 'rejected':
    case 'failed':
    case 'in_doubt':
      return isText(value.errorCode) && isText(value.message);
    default:
      return isText(value.customerCode);
  }
}

/** Whether a value is a candidate of a row that waits for a decision. */
export function isReviewCandidate(value: unknown): value is ReviewCandidate {
  return isJsonObject(value) && isText(value.customerCode) && isArrayOf(isText)(value.evidence);
}

function isReason(value: unknown): boolean {
  return isJsonObject(value) && isText(value.code) && isText(value.message);
}
