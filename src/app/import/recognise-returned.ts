import { UsageError } from '#src/errors.js';
import type { AdoptRows, RowAdopter, SourceColumns } from '#src/files/input-source.js';
import type { Ledger } from '#src/ledger/open-ledger.js';

/** What is needed of the ledger for a file that this program wrote and that comes back. */
export interface ReturnedFiles {
  readonly adoptRows: AdoptRows;
  /** The ledger; opened when it is first asked for, since few files come back. */
  ledger(): Ledger;
  close(): void;
}

/** @throws UsageError */
export function refuseReview(): never {
  throw new UsageError('This is a review file: its decisions are about rows of an earlier import.', {
    code: 'REVIEW_NEEDS_IMPORT',
  });
}

/** Rows of a file of which nothing earlier is known. */
export const asTheyAre: RowAdopter = { adopt: (rows) => rows, notices: () => [] };

/** Whether a file was written by this program, with rows of an earlier run: it is only a part of what that run read. */
export function isReturnedFile({ ownColumns = [] }: Pick<SourceColumns, 'ownColumns'>): boolean {
  return ownColumns.includes('_run') && ownColumns.includes('_row');
}

/** Whether a file is a review file: decisions about rows of an earlier run. */
export function isReviewFile({ columns, ownColumns = [] }: Pick<SourceColumns, 'columns' | 'ownColumns'>): boolean {
  return ownColumns.includes('_reason') && columns.includes('decision') && columns.includes('candidate');
}
