import { type EarlierRows, ReturnedRows } from '#pipelines/import/returned-rows.js';
import { resolveTenant } from '#src/app/connect.js';
import type { MappingFile } from '#src/app/mapping-file.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import type { AdoptRows, RowAdopter, SourceColumns } from '#src/files/input-source.js';
import { hasLedger, type Ledger, openLedger } from '#src/ledger/open-ledger.js';

/** What is needed of the ledger for a file that this program wrote and that comes back. */
export interface ReturnedFiles {
  readonly adoptRows: AdoptRows;
  /** The ledger; opened when it is first asked for, since few files come back. */
  ledger(): Ledger;
  close(): void;
}

interface ReturnedFileOptions {
  /** Whether rows for the same customer are sent one after the other. @default false */
  readonly allowsRepeats?: boolean;
  /** If it is open already. */
  readonly ledger?: Ledger;
  /** Leaves no trace: without a ledger nothing is known of earlier runs, and a review file is refused. @default false */
  readonly isCheck?: boolean;
}

/** @throws UsageError `REVIEW_NEEDS_IMPORT` from `ledger`, in a check */

export function openReturnedFiles(
  settings: Settings,
  mappingFile: MappingFile,
  { allowsRepeats = false, ledger: given, isCheck = false }: ReturnedFileOptions = {},
): ReturnedFiles {
  let open: Ledger | undefined;
  let earlier: EarlierRows | undefined;
  const stateFolder = settings.stateDir.value;
  const ledger = () => {
    if (given !== undefined) return given;
    open ??= openLedger(stateFolder, resolveTenant(settings));
    return open;
  };
  return {
    ledger: isCheck ? refuseReview : ledger,
    adoptRows(columns) {
      if (!isReturnedFile(columns) || isReviewFile(columns)) return asTheyAre;
      if (isCheck && !hasLedger(stateFolder, resolveTenant(settings))) return asTheyAre;
      earlier ??= ledger().returnedRows.open(mappingFile.sha256);
      const { mapping } = mappingFile;
      return new ReturnedRows({
        ...{ earlier, allowsRepeats },
        columns: columns.columns,
        keyColumns: mapping.key?.columns ?? [],
      });
    },
    close: () => open?.close(),
  };
}

function refuseReview(): never {
  throw new UsageError('This is a review file: its decisions are about rows of an earlier import.', {
    code: 'REVIEW_NEEDS_IMPORT',
  });
}

const asTheyAre: RowAdopter = { adopt: (rows) => rows, notices: () => [] };

/** Whether a file was written by this program, with rows of an earlier run: it is only a part of what that run read. */
export function isReturnedFile({ ownColumns = [] }: Pick<SourceColumns, 'ownColumns'>): boolean {
  return ownColumns.includes('_run') && ownColumns.includes('_row');
}

/** Whether a file is a review file: decisions about rows of an earlier run. */
export function isReviewFile({ columns, ownColumns = [] }: Pick<SourceColumns, 'columns' | 'ownColumns'>): boolean {
  return ownColumns.includes('_reason') && columns.includes('decision') && columns.includes('candidate');
}
