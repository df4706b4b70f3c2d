import { hash } from 'node:crypto';
import type { Issue } from '#pipelines/issue.js';
import type { Command, Draft, JsonValue, Row, RowOutcome } from '#pipelines/model.js';

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

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

function sortDeep(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => sortDeep(item));
  const entries = Object.entries(value as Draft).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, sortDeep(item)]));
}

/** A row on its way through the import: open, or ended with its outcome. */
export type ImportRow = OpenRow | EndedRow;

/** Who a row is about, as far as the file alone can tell. */
export interface RowIdentity {
  /** The legacy system's identifier. */
  readonly key?: string | undefined;
  /** The customer: named by the row itself, or found for it. */
  readonly customerCode?: string | undefined;
  /** What the row says in the fields by which its customer is found when it has neither code nor known key. */
  readonly matchValue?: string | undefined;
}

/** What a row says. */
export interface RowContent extends Required<RowIdentity> {
  readonly draft: Draft;
  /** What the row itself asks for; without one, the import's mode decides. */
  readonly command: Command | undefined;
}

/** A mapped row that may be sent. Once it is decided, one without a `customerCode` is an add. */
export class OpenRow implements RowContent {
  declare readonly outcome: undefined;
  readonly draft: Draft;
  readonly key: string | undefined;
  readonly customerCode: string | undefined;
  readonly matchValue: string | undefined;
  readonly command: Command | undefined;
  #contentHash: string | undefined;

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

  /** The fingerprint of what would be written; computed when it is asked for, because it costs more than to read the row. */
  get contentHash(): string {
    const needsCommand = this.command === 'REPLACE' || this.command === 'DELETE';
    this.#contentHash ??= contentHash(needsCommand ? { ...this.draft, 'row command': this.command } : this.draft);
    return this.#contentHash;
  }

  /** The same row, now that its customer is known. */
  withCustomer(customerCode: string): OpenRow {
    return new OpenRow(this.row, { ...this, customerCode }, this.#contentHash);
  }
}

/** A row that will not be sent, or no more. */
export interface EndedRow {
  readonly row: Row;
  readonly key: string | undefined;
  readonly outcome: RowOutcome;
  readonly contentHash?: string;
}

/** One text for who a row is about; `undefined` when the row does not say. */
export function identityKey({ key, customerCode, matchValue }: RowIdentity): string | undefined {
  if (key !== undefined) return `key ${key}`;
  if (customerCode !== undefined) return `code ${customerCode}`;
  return matchValue === undefined ? undefined : `match ${matchValue}`;
}

/** Ends a row that its owner has to fix. */
export function endAsInvalid(row: Row, reasons: readonly Issue[], key?: string): EndedRow {
  return { row, key, outcome: { status: 'invalid', reasons, attempts: 0 } };
}

/** Ends a row that is left out on purpose. */
export function endAsSkipped(
  { row, key }: Pick<EndedRow, 'row' | 'key'>,
  reason: Issue,
  customer: { readonly customerCode?: string | undefined; readonly customerId?: string | undefined } = {},
): EndedRow {
  const { customerCode, customerId } = customer;
  const identity = {
    ...(customerCode === undefined ? {} : { customerCode }),
    ...(customerId === undefined ? {} : { customerId }),
  };
  return { row, key, outcome: { status: 'skipped', attempts: 0, reason, ...identity } };
}

/** The outcome of a row that names a customer whom the API does not know. */
export function describeUnknownCustomer(
  customerCode: string,
  mapper: { findColumns(field: string): readonly string[] },
  key: string | undefined,
) {
  const columns = mapper.findColumns('customerCode');
  const advice =
    key === undefined || columns.length > 0
      ? 'Correct the code, or add the customer with --mode add.'
      : `The key "${key}" stands for it, so somebody has deleted it there. To add it again: mypos-customers crosswalk forget "${key}", then import again.`;
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
