import type { GapReason, LedgerGap } from '#src/ledger/ledger-age.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunObserver } from './run-summary.js';

const reasons: Readonly<Record<GapReason, string>> = {
  commits_lost:
    'has lost what was written last: it is an older copy, or its write-ahead log (ledger.db-wal) is damaged or missing',
  other_ledger: 'is another one than before',
  no_record:
    'may be an older copy: the file beside it that says how far it was (ledger-age.json) is missing or damaged',
  restored: 'was restored from a backup',
};

/** Says that a ledger does not know everything, as whole sentences. */
export function describeGap({ reason, fromMs }: LedgerGap): string {
  const since = new Date(fromMs).toISOString();
  return `The ledger in the state folder ${reasons[reason]}. It does not know what was done since ${since}.`;
}

/** Says, at the start of a run, what the ledger does not know. */
export function reportGap({ age }: Ledger, observer: RunObserver): LedgerGap | undefined {
  const gap = age.gap();
  if (gap !== undefined)
    observer.notice?.({
      severity: 'warning',
      code: 'LEDGER_NOT_NEWEST',
      message: `${describeGap(gap)} Rows are compared with what was created or changed in the account since.`,
    });
  return gap;
}
