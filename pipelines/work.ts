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
  readonly contentHash: string;
}

export interface EndedWork {
  readonly row: Row;
  readonly outcome: RowOutcome;
  readonly key?: string;
}

/** The customer that a row stands for, as far as the file alone can tell. */
export function identityOf(work: { readonly key?: string; readonly customerCode?: string }): string | undefined {
  if (work.key !== undefined) return `key ${work.key}`;
  return work.customerCode === undefined ? undefined : `code ${work.customerCode}`;
}

/** The row ends here as ours to mend. */
export function invalid(row: Row, reasons: readonly Reason[], key?: string): EndedWork {
  return { row, outcome: { status: 'invalid', reasons, attempts: 0 }, ...(key === undefined ? {} : { key }) };
}
