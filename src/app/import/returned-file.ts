import { type EarlierRows, ReturnedRows } from '#pipelines/import/returned-rows.js';
import { openTenantLedger, resolveTenant } from '#src/app/connect.js';
import type { MappingFile } from '#src/app/mapping-file.js';
import type { Settings } from '#src/config/settings.js';
import { hasLedger, type Ledger } from '#src/ledger/open-ledger.js';
import { asTheyAre, isReturnedFile, isReviewFile, type ReturnedFiles, refuseReview } from './recognise-returned.js';

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
    open ??= openTenantLedger(settings);
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
