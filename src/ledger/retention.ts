import type { Issue } from '#pipelines/issue.js';
import type { RowOutcome } from '#pipelines/model.js';
import type { Database } from '#src/sqlite/open-database.js';
import { isRowOutcome, readStoredJson } from './damaged-ledger.js';
import { maxPlanAgeMs } from './plans.js';
import type { RowBlocks } from './row-blocks.js';

/** Runs whose personal data is no longer needed. */
interface PrunedRuns {
  readonly runs: number;
  /** Their rows. */
  readonly rows: number;
}

/**
 * What the ledger keeps of customers, and for how long. Code, id and key of every customer are kept for good, and so is
 * who was created with which content: without them customers would be added twice. What only an undo, a report or a
 * correction needs is removed after a while.
 */
export interface Retention {
  /** Runs that ended before this moment and that nothing needs: not those that are unfinished, or have doubts. */
  findPrunable(beforeMs: number): PrunedRuns;
  /** Removes what these runs keep of customers besides code, id and key. */
  prune(beforeMs: number): PrunedRuns;
  /** When that was last done, by whichever process. */
  lastPrunedAtMs(): number | undefined;
  /** Gives unused space of the file back to the disk. */
  giveBackSpace(): void;
  /** The share of the file that is unused. */
  unusedShare(): { readonly bytes: number; readonly share: number };
}

/** A run that an unfinished undo puts back is not over. */
const prunable = `state = 'completed' AND pruned_at IS NULL AND ended_at < ?
  AND number NOT IN (SELECT run FROM rows INDEXED BY rows_in_doubt WHERE state IN ('intent', 'in_doubt'))
  AND name NOT IN (SELECT json_extract(options, '$.undoes') FROM runs AS undo
    WHERE undo.command = 'undo' AND undo.state <> 'completed')`;

export function openRetention(database: Database, blocks: RowBlocks, now: () => number): Retention {
  const find = database.prepare(`SELECT number FROM runs WHERE ${prunable} ORDER BY number`);
  const countRows = database.prepare('SELECT count(*) AS count FROM rows WHERE run = ?');
  const told = database.prepare(`SELECT idx, outcome FROM rows WHERE run = ? AND outcome IS NOT NULL
    AND (state IN ('invalid', 'rejected', 'failed', 'skipped') OR instr(outcome, '"notes"') > 0)`);
  const setOutcome = database.prepare('UPDATE rows SET outcome = ? WHERE run = ? AND idx = ?');
  const clear =
    database.prepare(`UPDATE rows SET payload = NULL, pre_image = NULL, sent_values = NULL, sent_before = NULL
    WHERE run = ? AND (payload IS NOT NULL OR pre_image IS NOT NULL OR sent_values IS NOT NULL OR sent_before IS NOT NULL)`);
  const remove = ['waiting_rows', 'reject_cells', 'input_looks'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE run = ?`),
  );
  const markRun = database.prepare('UPDATE runs SET pruned_at = ? WHERE number = ?');
  const removePlans = database.prepare('DELETE FROM plans WHERE made_at < ?');
  const markDone = database.prepare('UPDATE upkeep SET pruned_at = ?');
  const lastDone = database.prepare('SELECT pruned_at, packed_runs FROM upkeep');
  const toPack = database.prepare("SELECT number FROM runs WHERE state = 'completed' AND number <= ? ORDER BY number");
  const markPacked = database.prepare('UPDATE upkeep SET packed_runs = 0');

  function pruneRun(run: number): number {
    const rows = Number(countRows.get(run)?.count ?? 0) + blocks.count(run);
    for (const { idx = 0, outcome } of told.all(run))
      setOutcome.run(
        JSON.stringify(slimOutcome(readStoredJson(outcome, 'the outcome of a row', isRowOutcome))),
        run,
        idx,
      );
    clear.run(run);
    for (const statement of remove) statement.run(run);
    markRun.run(now(), run);
    return rows;
  }

  /** Ledgers of earlier versions have an entry for every row of every night. */
  function packEarlierRuns(): void {
    const until = Number(lastDone.get()?.packed_runs ?? 0);
    if (until === 0) return;
    for (const { number } of toPack.all(until)) blocks.pack(Number(number));
    markPacked.run();
  }

  return {
    findPrunable(beforeMs) {
      const runs = find.all(beforeMs).map(({ number }) => Number(number));
      const rows = runs.reduce((sum, run) => sum + Number(countRows.get(run)?.count ?? 0) + blocks.count(run), 0);
      return { runs: runs.length, rows };
    },
    prune(beforeMs) {
      // What is deleted is overwritten: a file on a disk outlives what SQLite calls free.
      database.exec('PRAGMA secure_delete = ON');
      packEarlierRuns();
      let rows = 0;
      const runs = find.all(beforeMs).map(({ number }) => Number(number));
      for (const run of runs) rows += database.transaction(() => pruneRun(run));
      database.transaction(() => {
        removePlans.run(now() - maxPlanAgeMs);
        markDone.run(now());
      });
      database.exec('PRAGMA secure_delete = OFF');
      return { runs: runs.length, rows };
    },
    lastPrunedAtMs() {
      const at = lastDone.get()?.pruned_at;
      return at == null ? undefined : Number(at);
    },
    giveBackSpace: () => database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)'),
    unusedShare() {
      const pragma = (name: string) => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
      const [free, pages, size] = [pragma('freelist_count'), pragma('page_count'), pragma('page_size')];
      return { bytes: free * size, share: pages === 0 ? 0 : free / pages };
    },
  };
}

/** An outcome without what it says of the customer: which code it had is kept for reports. */
export function slimOutcome(outcome: RowOutcome): RowOutcome {
  const { attempts } = outcome;
  const { customerCode, customerId } = 'customerCode' in outcome ? outcome : {};
  const identity = {
    ...(customerCode === undefined ? {} : { customerCode }),
    ...(customerId === undefined ? {} : { customerId }),
  };
  switch (outcome.status) {
    case 'invalid':
      return {
        ...{ status: 'invalid', attempts: 0, reasons: outcome.reasons.map(slimIssue) },
        ...(outcome.candidates === undefined
          ? {}
          : { candidates: outcome.candidates.map((candidate) => ({ ...candidate, evidence: [] })) }),
      };
    case 'pending':
    case 'skipped':
      return { ...outcome, reason: slimIssue(outcome.reason) };
    case 'rejected':
    case 'failed':
    case 'in_doubt': {
      const { status, errorCode, httpStatus } = outcome;
      const http = httpStatus === undefined ? {} : { httpStatus };
      return { status, errorCode, attempts, message: removed, ...http, ...identity };
    }
    default: {
      const { notes: _, ...rest } = outcome;
      return rest;
    }
  }
}

const removed = 'The details were removed at the end of their retention.';

function slimIssue({ severity, code }: Issue): Issue {
  return { severity, code, message: removed };
}
