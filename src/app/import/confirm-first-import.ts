import type { Connection } from '#src/app/connect.js';
import type { RunTarget } from '#src/app/run-summary.js';
import { UsageError } from '#src/errors.js';
import type { RunRecord } from '#src/ledger/runs.js';

/** Whether so many rows are to be imported into this account. */
export type ConfirmImport = (rows: number, target: RunTarget) => Promise<boolean>;

/** A pilot of so many rows is taken back soon; more are not sent to the wrong account by an oversight. */
const maxUnconfirmedRows = 100;

/**
 * Asks once for each account and login, before the first import that is more than a pilot.
 *
 * @throws UsageError when the answer is no
 */
export async function confirmFirstImport(
  { ledger, target, isSandbox }: Connection,
  rows: number,
  confirm: ConfirmImport | undefined,
): Promise<void> {
  if (confirm === undefined || isSandbox || rows <= maxUnconfirmedRows) return;
  for (const run of ledger.runs.all()) if (isLargeImport(run)) return;
  if (await confirm(rows, target)) return;
  throw new UsageError('The import was not confirmed. Nothing was sent.', {
    code: 'IMPORT_NOT_CONFIRMED',
    nextStep: 'For another account, choose it with --profile. To try some rows first, add --first 5.',
  });
}

function isLargeImport({ command, input, options }: RunRecord): boolean {
  const taken = Math.min(
    input?.rows ?? 0,
    typeof options.first === 'number' ? options.first : Number.POSITIVE_INFINITY,
  );
  return command === 'import' && taken > maxUnconfirmedRows;
}
