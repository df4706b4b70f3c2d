import type { DecisionStore, DecisionWord, KeptDecision, WaitingCandidate, WaitingRow } from '#pipelines/ports.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';
import { isArrayOf, isJsonObject, isReviewCandidate, isText, readStoredJson } from './damaged-ledger.js';

/** A row that waits for a decision, where it came from, and who it is about. */
export interface StoredWaitingRow extends WaitingRow {
  /** The run that asked. */
  readonly run: string;
  /** Line or row number in that run's file. */
  readonly row: number;
  readonly key?: string;
}

/** What people have decided about rows of this tenant, and the rows that wait for them. */
export interface Decisions extends DecisionStore {
  /** All decisions, in the order of their subjects. */
  all(): Iterable<KeptDecision>;
  /** Forgets what was decided about a row, so that it is asked about again. */
  forget(subject: string): void;
  /** The rows of a run that waited for a decision, in file order; decided ones are among them. */
  waitingRows(run: string): Iterable<StoredWaitingRow>;
  /** How many rows of a run waited for a decision, and how many of these no run before it has asked about. */
  countWaiting(runNumber: number): { readonly waiting: number; readonly fresh: number };
}

export function openDecisions(database: Database): Decisions {
  const columns = 'subject, customer_code, decision, row_basis, customer_basis, decided_at, run';
  const bySubject = database.prepare(`SELECT ${columns} FROM decisions WHERE subject = ? ORDER BY customer_code`);
  const all = database.prepare(`SELECT ${columns} FROM decisions ORDER BY subject, customer_code`);
  const insert = database.prepare(`INSERT OR REPLACE INTO decisions (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  // A row is one customer at most.
  const forgetSame = database.prepare("DELETE FROM decisions WHERE subject = ? AND decision = 'same'");
  const forget = database.prepare('DELETE FROM decisions WHERE subject = ?');
  const waiting = database.prepare(`SELECT waiting_rows.*, rows.row, rows.key FROM waiting_rows
    JOIN runs ON runs.number = waiting_rows.run JOIN rows ON rows.run = waiting_rows.run AND rows.idx = waiting_rows.idx
    WHERE runs.name = ? ORDER BY waiting_rows.idx`);
  const counts = database.prepare(`SELECT count(*) AS waiting, count(*) FILTER (WHERE NOT EXISTS (
      SELECT 1 FROM waiting_rows AS earlier WHERE earlier.subject = asked.subject AND earlier.run < asked.run
        AND earlier.row_basis = asked.row_basis AND earlier.codes = asked.codes)) AS fresh
    FROM waiting_rows AS asked WHERE run = ?`);
  return {
    find: (subject) => bySubject.all(subject).map(toDecision),
    *all() {
      for (const row of all.iterate()) yield toDecision(row);
    },
    save: (decisions) =>
      database.transaction(() => {
        for (const { subject, decision } of decisions) if (decision === 'same') forgetSame.run(subject);
        for (const { subject, customerCode, decision, rowBasis, customerBasis, decidedAtMs, run } of decisions)
          insert.run(
            ...[subject, customerCode ?? '', decision, rowBasis],
            ...[customerBasis ?? null, decidedAtMs, run ?? null],
          );
      }),
    forget: (subject) => {
      forget.run(subject);
    },
    *waitingRows(run) {
      for (const row of waiting.iterate(run)) yield toWaitingRow(row, run);
    },
    countWaiting(runNumber) {
      const row = counts.get(runNumber);
      return { waiting: Number(row?.waiting ?? 0), fresh: Number(row?.fresh ?? 0) };
    },
  };
}

/** Prepares what saves the waiting rows of run number `run`; to be called within a transaction. */
export function prepareWaitingRows(database: Database, run: number): (index: number, row: WaitingRow) => void {
  const insert = database.prepare(`INSERT OR REPLACE INTO waiting_rows
    (run, idx, subject, row_basis, codes, command, candidates, draft) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  return (index, { subject, rowBasis, command, candidates, draft }) => {
    const codes = candidates.map(({ customerCode }) => customerCode).toSorted();
    insert.run([
      ...[run, index, subject, rowBasis, JSON.stringify(codes), command ?? null],
      ...[JSON.stringify(candidates), JSON.stringify(draft)],
    ]);
  };
}

function toDecision(row: Record<string, SqlValue>): KeptDecision {
  return {
    subject: String(row.subject),
    // The table's CHECK admits nothing else.
    decision: row.decision as DecisionWord,
    rowBasis: String(row.row_basis),
    decidedAtMs: Number(row.decided_at),
    ...(row.customer_code === '' ? {} : { customerCode: String(row.customer_code) }),
    ...(row.customer_basis == null ? {} : { customerBasis: String(row.customer_basis) }),
    ...(row.run == null ? {} : { run: String(row.run) }),
  };
}

function toWaitingRow(row: Record<string, SqlValue>, run: string): StoredWaitingRow {
  return {
    run,
    row: Number(row.row),
    subject: String(row.subject),
    rowBasis: String(row.row_basis),
    draft: readStoredJson(row.draft, 'a row that waits for a decision', isJsonObject),
    candidates: readStoredJson(row.candidates, 'the candidates of a row', isArrayOf(isWaitingCandidate)),
    ...(row.key == null ? {} : { key: String(row.key) }),
    ...(row.command == null ? {} : { command: row.command as NonNullable<WaitingRow['command']> }),
  };
}

function isWaitingCandidate(value: unknown): value is WaitingCandidate {
  return isReviewCandidate(value) && (!('basis' in value) || isText(value.basis));
}
