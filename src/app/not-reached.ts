import { countTaken } from '#pipelines/batches.js';
import type { RowCounts, RowOutcome } from '#pipelines/model.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import type { NotReached } from '#src/results/write-results.js';

/**
 * The rows of a run by status. Rows that are not in the ledger are `pending` if a resumed run sends them, and skipped otherwise.
 *
 * @param rows - data rows of the input, where the run itself does not say
 */
export function countOutcomes(ledger: Ledger, run: RunRecord, rows: number = run.input?.rows ?? 0): RowCounts {
  const counts = { ...ledger.runs.countRows(run.number) };
  // Customers that are in no row come behind the rows.
  const leavers = run.command === 'import' ? ledger.runs.countBehind(run.number, rows) : 0;
  const known = Object.values(counts).reduce((sum, count) => sum + count, 0) - leavers;
  const taken = run.state === 'completed' ? 0 : countTaken(rows, readPilotSize(run));
  const pending = Math.max(0, taken - known);
  counts.pending += pending;
  counts.skipped += Math.max(0, rows - known - pending);
  return counts;
}

/** What the result file says of rows that are not in the ledger. */
export function explainNotReached(run: RunRecord): NotReached {
  const pilotSize = run.state === 'completed' ? 0 : readPilotSize(run);
  return ({ index }) => (index < pilotSize ? describePending(run.name) : notInPilot);
}

function readPilotSize({ options }: RunRecord): number {
  return typeof options.first === 'number' ? options.first : Number.POSITIVE_INFINITY;
}

function describePending(run: string): RowOutcome {
  const message = `Not sent: the run ended before this row. To continue: mypos-customers resume ${run}`;
  return { status: 'pending', reason: { severity: 'info', code: 'NOT_REACHED', message }, attempts: 0 };
}

const notInPilot: RowOutcome = {
  status: 'skipped',
  reason: {
    severity: 'info',
    code: 'NOT_IN_PILOT',
    message: 'Not part of this pilot (--first). Import the file again without it.',
  },
  attempts: 0,
};
