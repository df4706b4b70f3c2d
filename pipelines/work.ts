import type { Command } from './command.js';
import { contentHash } from './content-hash.js';
import type { Draft } from './customer.js';
import type { RowOutcome } from './outcome.js';
import type { Reason, Row } from './row.js';

/** A row on its way through the stages: still open, or ended with its outcome. */
export type Work = OpenWork | EndedWork;

/** What a row says of itself. */
export interface Statement {
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
export interface Addition {
  readonly payload: Draft;
  /** The same as JSON: made once, for the ledger and for the wire. */
  readonly text: string;
}

/** A class, since the fingerprint is worked out when it is asked for: it costs more than to read the row. */
export class OpenWork implements Statement {
  declare readonly outcome: undefined;
  readonly draft: Draft;
  readonly key: string | undefined;
  readonly customerCode: string | undefined;
  readonly matchValue: string | undefined;
  readonly command: Command | undefined;
  #contentHash: string | undefined;
  #addition: Addition | undefined;

  constructor(
    readonly row: Row,
    { draft, key, customerCode, matchValue, command }: Statement,
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
  get addition(): Addition {
    if (this.#addition === undefined) {
      const { draft } = this;
      const payload = Object.values(draft).includes(null) ? withoutNulls(draft) : draft;
      this.#addition = { payload, text: JSON.stringify(payload) };
    }
    return this.#addition;
  }

  /** The same row, now that its customer is known. */
  about(customerCode: string): OpenWork {
    const { row, draft, key, matchValue, command } = this;
    return new OpenWork(row, { draft, key, customerCode, matchValue, command }, this.#contentHash);
  }
}

function withoutNulls(draft: Draft): Draft {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== null));
}

export interface EndedWork {
  readonly row: Row;
  readonly outcome: RowOutcome;
  readonly key?: string;
  readonly contentHash?: string;
}

/** The customer that a row stands for, as far as the file alone can tell. */
export function identityOf(work: Identifying): string | undefined {
  if (work.key !== undefined) return `key ${work.key}`;
  if (work.customerCode !== undefined) return `code ${work.customerCode}`;
  return work.matchValue === undefined ? undefined : `match ${work.matchValue}`;
}

export interface Identifying {
  readonly key?: string | undefined;
  readonly customerCode?: string | undefined;
  readonly matchValue?: string | undefined;
}

/** The end of a row that names a customer whom the API does not know. */
export function unknownCustomer(
  customerCode: string,
  mapper: { columnsOf(field: string): readonly string[] },
  key: string | undefined,
) {
  const columns = mapper.columnsOf('customerCode');
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
export function invalid(row: Row, reasons: readonly Reason[], key?: string): EndedWork {
  return { row, outcome: { status: 'invalid', reasons, attempts: 0 }, ...(key === undefined ? {} : { key }) };
}
