import { hash } from 'node:crypto';
import type { Command, Draft, Issue, JsonValue, Row, RowOutcome } from '#pipelines/model.js';

/**
 * A fingerprint of what a draft says, whatever the order of its fields: two drafts have the same one only when they
 * would write the same customer.
 */
export function contentHash(draft: Draft): string {
  return hash('sha256', JSON.stringify(sortFields(draft)), 'base64url').slice(0, 22);
}

/** The drafts of one run have their fields in the same few orders: sorting them for every row would take longer than the hash. */
let lastFields: readonly string[] = [];
let lastFieldsSorted: readonly string[] = [];

function sortFields(draft: Draft): Draft {
  const names = Object.keys(draft);
  if (!areEqual(names, lastFields)) [lastFields, lastFieldsSorted] = [names, names.toSorted()];
  const ordered: { [field: string]: JsonValue } = {};
  for (const name of lastFieldsSorted) {
    const value = draft[name];
    if (value !== undefined) ordered[name] = typeof value === 'object' && value !== null ? sortDeep(value) : value;
  }
  return ordered;
}

function areEqual(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

function sortDeep(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one: JsonValue) => sortDeep(one));
  const entries = Object.entries(value as Draft).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, sortDeep(one)]));
}

/** A row on its way through the stages: still open, or ended with its outcome. */
export type ImportRow = OpenRow | EndedRow;

/** What a row says of itself. */
interface RowContent {
  readonly draft: Draft;
  /** The legacy system's identifier. */
  readonly key: string | undefined;
  /** The customer that the row is about: named by the row itself, or found by matching. Without one it is an add. */
  readonly customerCode: string | undefined;
  /** By which the customer is found when there is neither a code nor a known key. */
  readonly matchValue: string | undefined;
  /** What the row itself asks for; without one, the import's mode decides. */
  readonly command: Command | undefined;
}

/** What is sent to add a customer. */
interface AddPayload {
  readonly payload: Draft;
  /** The same as JSON: made once, for the ledger and for the wire. */
  readonly text: string;
}

/** A class, since the fingerprint is worked out when it is asked for: it costs more than to read the row. */
export class OpenRow implements RowContent {
  declare readonly outcome: undefined;
  readonly draft: Draft;
  readonly key: string | undefined;
  readonly customerCode: string | undefined;
  readonly matchValue: string | undefined;
  readonly command: Command | undefined;
  #contentHash: string | undefined;
  #addition: AddPayload | undefined;

  constructor(
    readonly row: Row,
    { draft, key, customerCode, matchValue, command }: RowContent,
    hash?: string,
  ) {
    this.draft = draft;
    this.key = key;
    this.customerCode = customerCode;
    this.matchValue = matchValue;
    this.command = command;
    this.#contentHash = hash;
  }

  /** The fingerprint of what would be written. */
  get contentHash(): string {
    const isOfItsOwn = this.command === 'REPLACE' || this.command === 'DELETE';
    this.#contentHash ??= contentHash(isOfItsOwn ? { ...this.draft, 'row command': this.command } : this.draft);
    return this.#contentHash;
  }

  /** There is nothing to clear in a customer that does not exist yet. */
  get addPayload(): AddPayload {
    if (this.#addition === undefined) {
      const { draft } = this;
      const payload = Object.values(draft).includes(null) ? withoutNulls(draft) : draft;
      this.#addition = { payload, text: JSON.stringify(payload) };
    }
    return this.#addition;
  }

  /** The same row, now that its customer is known. */
  withCustomer(customerCode: string): OpenRow {
    const { row, draft, key, matchValue, command } = this;
    return new OpenRow(row, { draft, key, customerCode, matchValue, command }, this.#contentHash);
  }
}

function withoutNulls(draft: Draft): Draft {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== null));
}

export interface EndedRow {
  readonly row: Row;
  readonly outcome: RowOutcome;
  readonly key?: string;
  readonly contentHash?: string;
}

/** The customer that a row stands for, as far as the file alone can tell. */
export function identityKey(work: RowIdentity): string | undefined {
  if (work.key !== undefined) return `key ${work.key}`;
  if (work.customerCode !== undefined) return `code ${work.customerCode}`;
  return work.matchValue === undefined ? undefined : `match ${work.matchValue}`;
}

export interface RowIdentity {
  readonly key?: string | undefined;
  readonly customerCode?: string | undefined;
  readonly matchValue?: string | undefined;
}

/** The end of a row that names a customer whom the API does not know. */
export function describeUnknownCustomer(
  customerCode: string,
  mapper: { findColumns(field: string): readonly string[] },
  key: string | undefined,
) {
  const columns = mapper.findColumns('customerCode');
  const advice =
    key === undefined || columns.length > 0
      ? 'Correct the code, or add the customer with --mode add.'
      : `The key "${key}" stands for it, so somebody has deleted it there. To add it anew: mypos-customers crosswalk forget "${key}", then import again.`;
  return {
    status: 'rejected',
    httpStatus: 404,
    errorCode: 'NOT_FOUND',
    message: `The API knows no customer ${customerCode}. ${advice}`,
    columns,
    attempts: 0,
    customerCode,
  } as const;
}

/** The row ends here as ours to mend. */
export function endAsInvalid(row: Row, reasons: readonly Issue[], key?: string): EndedRow {
  return { row, outcome: { status: 'invalid', reasons, attempts: 0 }, ...(key === undefined ? {} : { key }) };
}
