import type { Command } from './command.js';
import type { Draft } from './customer.js';
import type { RowOutcome } from './outcome.js';
import type { Reason, Row } from './row.js';

/** A row on its way through the stages: still open, or ended with its outcome. */
export type Work = OpenWork | EndedWork;

export interface OpenWork {
  readonly row: Row;
  readonly outcome?: undefined;
  readonly draft: Draft;
  /** The legacy system's identifier. */
  readonly key?: string;
  /** The customer that the row is about: named by the row itself, or found by matching. Without one it is an add. */
  readonly customerCode?: string;
  /** By which the customer is found when there is neither a code nor a known key. */
  readonly matchValue?: string;
  /** What the row itself asks for; without one, the import's mode decides. */
  readonly command?: Command;
  readonly contentHash: string;
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

interface Identifying {
  readonly key?: string;
  readonly customerCode?: string;
  readonly matchValue?: string;
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
