import { publishMilestone } from '#pipelines/milestones.js';
import type { Intent, Settlement } from '#pipelines/ports.js';
import type { Database } from '#src/sqlite/open-database.js';
import type { LedgerMirror } from './mirror.js';

/** What happens to rows of a run in the ledger. */
export type RowChange =
  | { readonly kind: 'intent'; readonly intent: Intent }
  | { readonly kind: 'withdrawal'; readonly index: number }
  | { readonly kind: 'settlement'; readonly rows: readonly Settlement[] };

/** The server's clock minus ours, in milliseconds; `undefined` while unknown. */
export type ReadClockDifference = () => number | undefined;

export interface Clocks {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly clockDifferenceMs: ReadClockDifference;
}

/** Statuses after which a customer differs from what the mirror says, unless we know how it is now. */
const changesCustomer: ReadonlySet<string> = new Set(['updated', 'deleted', 'deactivated']);

/** Statuses after which a row's key stands for its customer. */
const linksKey: ReadonlySet<string> = new Set(['created', 'updated', 'unchanged']);

/**
 * Prepares what writes changes of the rows of run number `run`.
 *
 * @returns a function that makes some changes, in their order; to be called within a transaction
 */
export function prepareRowChanges(
  database: Database,
  mirror: LedgerMirror,
  run: number,
  { now, clockDifferenceMs }: Clocks,
): (changes: readonly RowChange[]) => void {
  const sql = prepareStatements(database);

  function recordIntent(intent: Intent, nowMs: number): void {
    const { index, number, key, payload, payloadHash, customerCode, preImage } = intent;
    const clockMs = clockDifferenceMs();
    sql.intend.run([
      ...[run, index, number, key ?? null, payload, payloadHash, customerCode ?? null],
      preImage === undefined ? null : JSON.stringify(preImage),
      nowMs,
      clockMs === undefined ? null : Math.round(clockMs),
    ]);
  }

  function withdrawIntent(index: number): void {
    // A row that was tried before keeps the outcome of that.
    sql.restoreOutcome.run([run, index]);
    sql.deleteIntent.run([run, index]);
  }

  function settle(row: Settlement, nowMs: number): void {
    const { index, number, outcome, key, payloadHash, writtenHash } = row;
    publishMilestone('during-outcome-commit');
    const { status } = outcome;
    const code = 'customerCode' in outcome ? outcome.customerCode : undefined;
    const id = 'customerId' in outcome ? outcome.customerId : undefined;
    sql.settle.run([
      ...[run, index, number, status, key ?? null, payloadHash ?? null, code ?? null, id ?? null],
      ...[JSON.stringify(outcome), writtenHash ?? null, status === 'in_doubt' ? nowMs : null],
    ]);
    if (outcome.status === 'deleted') releaseKey(outcome.customerCode);
    if (key !== undefined && linksKey.has(status)) sql.linkKey.run([run, index]);
    if (code !== undefined) updateMirror(code, row);
  }

  /** A deleted customer may be created again, so nothing may go on saying that it exists. */
  function releaseKey(customerCode: string): void {
    sql.unlinkCustomer.run([customerCode]);
    sql.forgetContent.run([customerCode]);
  }

  function updateMirror(customerCode: string, { written, outcome }: Settlement): void {
    if (written !== undefined) mirror.save(customerCode, written);
    else if (changesCustomer.has(outcome.status)) mirror.forget(customerCode);
  }

  return (changes) => {
    // Read after the file is locked: another program may have held it, and a doubt is settled by when its request left.
    const nowMs = now();
    sql.markContentsUnindexed.run([run]);
    for (const change of changes) {
      if (change.kind === 'intent') recordIntent(change.intent, nowMs);
      else if (change.kind === 'withdrawal') withdrawIntent(change.index);
      else for (const row of change.rows) settle(row, nowMs);
    }
    publishMilestone('during-commit');
  };
}

function prepareStatements(database: Database) {
  return {
    markContentsUnindexed: database.prepare(
      'UPDATE runs SET contents_known = 0 WHERE number = ? AND contents_known = 1',
    ),
    // The outcome stays where it is: an intent that is withdrawn leaves the row as it was.
    intend: database.prepare(`INSERT INTO rows
      (run, idx, row, key, payload, payload_hash, customer_code, pre_image, intent_at, clock_difference, state)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'intent')
      ON CONFLICT (run, idx) DO UPDATE SET state = 'intent', key = excluded.key, payload = excluded.payload,
        payload_hash = excluded.payload_hash, customer_code = excluded.customer_code, pre_image = excluded.pre_image,
        intent_at = excluded.intent_at, clock_difference = excluded.clock_difference, doubt_at = NULL`),
    restoreOutcome: database.prepare(`UPDATE rows
      SET state = json_extract(outcome, '$.status'), payload = NULL, pre_image = NULL
      WHERE run = ? AND idx = ? AND state = 'intent' AND outcome IS NOT NULL`),
    deleteIntent: database.prepare("DELETE FROM rows WHERE run = ? AND idx = ? AND state = 'intent'"),
    // What was sent is personal data and large: it is kept only while a doubt may have to be settled by it, and the
    // pre-image only where something was changed.
    settle: database.prepare(`INSERT INTO rows
      (run, idx, row, state, key, payload_hash, customer_code, customer_id, outcome, written_hash, doubt_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (run, idx) DO UPDATE SET state = excluded.state, key = coalesce(excluded.key, rows.key),
        payload_hash = coalesce(excluded.payload_hash, rows.payload_hash),
        customer_code = coalesce(excluded.customer_code, rows.customer_code), customer_id = excluded.customer_id,
        outcome = excluded.outcome, written_hash = excluded.written_hash,
        payload = CASE excluded.state WHEN 'in_doubt' THEN rows.payload END,
        pre_image = CASE WHEN excluded.state IN ('in_doubt', 'updated') THEN rows.pre_image END,
        doubt_at = CASE excluded.state WHEN 'in_doubt' THEN coalesce(rows.doubt_at, excluded.doubt_at) END`),
    // From the row, which may know more than its settlement says.
    linkKey: database.prepare(`INSERT INTO crosswalk (key, customer_code, customer_id, written_hash, run, row)
      SELECT key, customer_code, customer_id, payload_hash, run, row FROM rows WHERE run = ? AND idx = ?
      ON CONFLICT (key) DO UPDATE SET customer_code = excluded.customer_code, customer_id = excluded.customer_id,
        written_hash = excluded.written_hash, run = excluded.run, row = excluded.row`),
    unlinkCustomer: database.prepare('DELETE FROM crosswalk WHERE customer_code = ?'),
    forgetContent: database.prepare(
      "UPDATE rows SET payload_hash = NULL WHERE customer_code = ? AND state = 'created'",
    ),
  };
}
