import type {
  DecisionStore,
  DecisionWord,
  DoneDecision,
  KeptDecision,
  WaitingCandidate,
  WaitingRow,
} from '#pipelines/ports.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';
import { isArrayOf, isJsonObject, isReviewCandidate, isRowOutcome, isText, readStoredJson } from './damaged-ledger.js';

/** A row that waits for a decision, where it came from, and who it is about. */
export interface StoredWaitingRow extends WaitingRow {
  /** The run that asked. */
  readonly run: string;
  /** Line or row number in that run's file. */
  readonly row: number;
  readonly key?: string;
  /** Why it waits: a code. */
  readonly reason: string;
  /** Whether it was done as decided. */
  readonly isDone: boolean;
}

/** What people have decided about rows of this tenant, and the rows that wait for them. */
export interface Decisions extends DecisionStore {
  /** All decisions, in the order of their subjects. */
  all(): readonly KeptDecision[];
  /** Forgets what was decided about a row, so that it is asked about again. */
  forget(subject: string): void;
  /** The rows of a run that waited for a decision, in file order; those that are done are among them. */
  waitingRows(run: string): readonly StoredWaitingRow[];
  /** The same row as the latest run saw it that had to wait for a decision. */
  findLatestWaiting(subject: string): StoredWaitingRow | undefined;
  /** How many rows of a run wait for a decision, and how many of these no run before it has asked about. */
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
  const any = database.prepare('SELECT 1 AS found FROM decisions LIMIT 1');
  const waitingFrom = `SELECT waiting_rows.*, runs.name, rows.key, rows.outcome FROM waiting_rows
    JOIN runs ON runs.number = waiting_rows.run JOIN rows ON rows.run = waiting_rows.run AND rows.idx = waiting_rows.idx`;
  const waiting = database.prepare(`${waitingFrom} WHERE runs.name = ? ORDER BY waiting_rows.idx`);
  const latest = database.prepare(
    `${waitingFrom} WHERE waiting_rows.subject = ? ORDER BY waiting_rows.run DESC, waiting_rows.idx DESC LIMIT 1`,
  );
  const counts = database.prepare(`SELECT count(*) AS waiting, count(*) FILTER (WHERE NOT EXISTS (
      SELECT 1 FROM waiting_rows AS earlier WHERE earlier.subject = asked.subject AND earlier.run < asked.run
        AND earlier.row_basis = asked.row_basis AND earlier.codes = asked.codes)) AS fresh
    FROM waiting_rows AS asked WHERE run = ? AND done_run IS NULL`);
  return {
    find: (subject) => bySubject.all(subject).map(toDecision),
    isEmpty: () => any.get() === undefined,
    all: () => all.all().map(toDecision),
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
    waitingRows: (run) => waiting.all(run).map(toWaitingRow),
    findLatestWaiting(subject) {
      const row = latest.get(subject);
      return row && toWaitingRow(row);
    },
    countWaiting(runNumber) {
      const row = counts.get(runNumber);
      return { waiting: Number(row?.waiting ?? 0), fresh: Number(row?.fresh ?? 0) };
    },
  };
}

/** What a run writes about rows that wait; to be called within a transaction. */
interface WaitingRowWriter {
  save(index: number, row: number, waiting: WaitingRow): void;
  /** A row of an earlier run was done as decided. */
  markDone(decided: DoneDecision): void;
}

export function prepareWaitingRows(database: Database, run: number): WaitingRowWriter {
  const insert = database.prepare(`INSERT OR REPLACE INTO waiting_rows
    (run, idx, row, subject, row_basis, codes, command, candidates, draft, defaulted)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const markDone = database.prepare(
    'UPDATE waiting_rows SET done_run = ? WHERE run = (SELECT number FROM runs WHERE name = ?) AND row = ?',
  );
  const renewBasis = database.prepare(`UPDATE decisions SET customer_basis = ? WHERE decision = 'same' AND subject IN (
    SELECT subject FROM waiting_rows WHERE run = (SELECT number FROM runs WHERE name = ?) AND row = ?)`);
  const save: WaitingRowWriter['save'] = (index, row, waiting) => {
    const { subject, rowBasis, command, candidates, draft, defaulted } = waiting;
    const codes = candidates.map(({ customerCode }) => customerCode).toSorted();
    insert.run([
      ...[run, index, row, subject, rowBasis, JSON.stringify(codes), command ?? null],
      ...[
        JSON.stringify(candidates),
        JSON.stringify(draft),
        defaulted === undefined ? null : JSON.stringify(defaulted),
      ],
    ]);
  };
  return {
    save,
    markDone: ({ run: asking, row, customerBasis }) => {
      markDone.run(run, asking, row);
      if (customerBasis !== undefined) renewBasis.run(customerBasis, asking, row);
    },
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

function toWaitingRow(row: Record<string, SqlValue>): StoredWaitingRow {
  const outcome = readStoredJson(row.outcome, 'the outcome of a row', isRowOutcome);
  return {
    run: String(row.name),
    reason: outcome.status === 'invalid' ? (outcome.reasons[0]?.code ?? '') : '',
    isDone: row.done_run !== null,
    row: Number(row.row),
    subject: String(row.subject),
    rowBasis: String(row.row_basis),
    draft: readStoredJson(row.draft, 'a row that waits for a decision', isJsonObject),
    candidates: readStoredJson(row.candidates, 'the candidates of a row', isArrayOf(isWaitingCandidate)),
    ...(row.key == null ? {} : { key: String(row.key) }),
    ...(row.command == null ? {} : { command: row.command as NonNullable<WaitingRow['command']> }),
    ...(row.defaulted == null
      ? {}
      : { defaulted: readStoredJson(row.defaulted, 'a row that waits for a decision', isArrayOf(isText)) }),
  };
}

function isWaitingCandidate(value: unknown): value is WaitingCandidate {
  if (!isReviewCandidate(value)) return false;
  return (!('basis' in value) || isText(value.basis)) && (!('subject' in value) || isText(value.subject));
}
