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
  /** The customer that the row itself names. */
  readonly customerCode?: string;
  readonly contentHash: string;
}

export interface EndedWork {
  readonly row: Row;
  readonly outcome: RowOutcome;
  readonly key?: string;
}

/** The row ends here as ours to mend. */
export function invalid(row: Row, reasons: readonly Reason[], key?: string): EndedWork {
  return { row, outcome: { status: 'invalid', reasons, attempts: 0 }, ...(key === undefined ? {} : { key }) };
}
