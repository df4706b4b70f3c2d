import type { WrittenCustomer } from '#pipelines/listing/mirror.js';
import { publishMilestone } from '#pipelines/milestones.js';
import type { Intent, Settlement } from '#pipelines/ports.js';
import { literal } from '#src/sqlite/sql-text.js';
import { deleteCustomer, upsertCustomer } from './mirror.js';

/** What happens to rows of a run in the ledger. */
export type RowChange =
  | { readonly kind: 'intent'; readonly intent: Intent }
  | { readonly kind: 'withdrawal'; readonly index: number }
  | { readonly kind: 'settlement'; readonly rows: readonly Settlement[] };

/** When changes are written. */
export interface WriteTime {
  /** Epoch milliseconds, our clock. */
  readonly nowMs: number;
  /** The same by the clock that SQLite reads. */
  readonly wallMs: number;
  /** The server's clock minus ours; `undefined` while unknown. */
  readonly clockMs: number | undefined;
}

/** The SQL that makes these changes to the rows of run number `run`, in their order. */
export function rowStatements(run: number, changes: readonly RowChange[], moment: WriteTime): string {
  const script = new RowScript(run, moment);
  for (const change of changes) {
    if (change.kind === 'intent') script.intend(change.intent);
    else if (change.kind === 'withdrawal') script.withdraw(change.index);
    else for (const row of change.rows) script.settle(row);
  }
  return script.end();
}

/** Statuses after which a customer is other than the mirror says, unless we know how it is now. */
const touched: ReadonlySet<string> = new Set(['updated', 'deleted', 'deactivated']);

export interface MirrorChange {
  readonly customerCode: string;
  /** How it is now; `undefined` when that is not known any more, so that the mirror forgets it. */
  readonly customer: WrittenCustomer | undefined;
}

/** What a row's end means for the mirror. */
export function findMirrorChange({ outcome, written }: Settlement): MirrorChange | undefined {
  const customerCode = 'customerCode' in outcome ? outcome.customerCode : undefined;
  if (customerCode === undefined || (written === undefined && !touched.has(outcome.status))) return undefined;
  return { customerCode, customer: written };
}

/** Statuses after which a row's key stands for its customer. */
const linked: ReadonlySet<string> = new Set(['created', 'updated', 'unchanged']);

/**
 * Rows that are written alike share a statement, which costs half of what one each would. So they wait for one another,
 * but never beyond a statement of another kind that may be about the same row or customer.
 */
class RowScript {
  #statements: string;
  #intents: string[] = [];
  #settlements: string[] = [];
  readonly #settled = new Set<number>();
  #links: number[] = [];
  #mirrored: string[] = [];

  constructor(
    readonly run: number,
    readonly moment: WriteTime,
  ) {
    this.#statements = markContentsUnindexed(run);
  }

  intend({ index, number, key, payload, payloadHash, customerCode, preImage }: Intent): void {
    const { nowMs, wallMs, clockMs } = this.moment;
    if (this.#settled.has(index)) this.#flush();
    // Whoever else writes to the ledger is waited for, and a doubt is settled by when its request may have left.
    const at = `${nowMs}+max(0,CAST(unixepoch('subsec')*1000 AS INTEGER)-${wallMs})`;
    const before = preImage === undefined ? undefined : JSON.stringify(preImage);
    const clock = clockMs === undefined ? undefined : Math.round(clockMs);
    this.#intents.push(
      `(${this.run},${index},${number},'intent',${literal(key)},${literal(payload)},${literal(payloadHash)},${literal(customerCode)},${literal(before)},${at},${literal(clock)})`,
    );
  }

  withdraw(index: number): void {
    const row = `run = ${this.run} AND idx = ${index} AND state = 'intent'`;
    // A row that was tried again has the outcome of before, too.
    this.#add(`UPDATE rows SET state = json_extract(outcome, '$.status'), payload = NULL, pre_image = NULL
      WHERE ${row} AND outcome IS NOT NULL`);
    this.#add(`DELETE FROM rows WHERE ${row}`);
  }

  settle(row: Settlement): void {
    const { index, number, outcome, key, payloadHash, writtenHash } = row;
    publishMilestone('during-outcome-commit');
    this.#settled.add(index);
    const { status } = outcome;
    const code = 'customerCode' in outcome ? outcome.customerCode : undefined;
    const id = 'customerId' in outcome ? outcome.customerId : undefined;
    const doubtAt = status === 'in_doubt' ? this.moment.nowMs : undefined;
    this.#settlements.push(
      `(${this.run},${index},${number},'${status}',${literal(key)},${literal(payloadHash)},${literal(code)},${literal(id)},${literal(JSON.stringify(outcome))},${literal(writtenHash)},${literal(doubtAt)})`,
    );
    if (outcome.status === 'deleted') this.#release(outcome.customerCode);
    if (key !== undefined && linked.has(status)) this.#links.push(index);
    const mirrored = findMirrorChange(row);
    if (mirrored === undefined) return;
    const { customerCode, customer } = mirrored;
    if (customer === undefined) this.#add(deleteCustomer(customerCode));
    else this.#mirrored.push(upsertCustomer.row(customerCode, customer, this.moment.nowMs));
  }

  end(): string {
    this.#flush();
    return this.#statements;
  }

  /** A deleted customer may be created again, so nothing may go on saying that it exists. */
  #release(customerCode: string): void {
    this.#add(`DELETE FROM crosswalk WHERE customer_code = ${literal(customerCode)}`);
    this.#add(`UPDATE rows SET payload_hash = NULL
      WHERE customer_code = ${literal(customerCode)} AND state = 'created'`);
  }

  /** A statement that must come after all before it. */
  #add(statement: string): void {
    this.#flush();
    this.#statements += `;${statement}`;
  }

  #flush(): void {
    const parts = [
      together(intending, this.#intents),
      together(settling, this.#settlements),
      this.#links.length === 0 ? '' : linking(this.run, this.#links),
      together(upsertCustomer, this.#mirrored),
    ];
    for (const part of parts) if (part !== '') this.#statements += `;${part}`;
    this.#intents = [];
    this.#settlements = [];
    this.#settled.clear();
    this.#links = [];
    this.#mirrored = [];
  }
}

interface Insertion {
  readonly head: string;
  readonly tail: string;
}

function together({ head, tail }: Insertion, rows: readonly string[]): string {
  return rows.length === 0 ? '' : `${head} VALUES ${rows.join()} ${tail}`;
}

// The outcome stays where it is: an intent that is taken back leaves the row as it was.
const intending: Insertion = {
  head: `INSERT INTO rows
    (run, idx, row, state, key, payload, payload_hash, customer_code, pre_image, intent_at, clock_difference)`,
  tail: `ON CONFLICT (run, idx) DO UPDATE SET state = 'intent', key = excluded.key, payload = excluded.payload,
    payload_hash = excluded.payload_hash, customer_code = excluded.customer_code, pre_image = excluded.pre_image,
    intent_at = excluded.intent_at, clock_difference = excluded.clock_difference, doubt_at = NULL`,
};

// What was sent is personal data and large: it stays only while it is needed to settle a doubt, and what was there
// before only where something has been changed.
const settling: Insertion = {
  head: `INSERT INTO rows
    (run, idx, row, state, key, payload_hash, customer_code, customer_id, outcome, written_hash, doubt_at)`,
  tail: `ON CONFLICT (run, idx) DO UPDATE SET state = excluded.state, key = coalesce(excluded.key, rows.key),
    payload_hash = coalesce(excluded.payload_hash, rows.payload_hash),
    customer_code = coalesce(excluded.customer_code, rows.customer_code), customer_id = excluded.customer_id,
    outcome = excluded.outcome, written_hash = excluded.written_hash,
    payload = CASE excluded.state WHEN 'in_doubt' THEN rows.payload END,
    pre_image = CASE WHEN excluded.state IN ('in_doubt', 'updated') THEN rows.pre_image END,
    doubt_at = CASE excluded.state WHEN 'in_doubt' THEN coalesce(rows.doubt_at, excluded.doubt_at) END`,
};

/** From what has just been written of the rows. */
function linking(run: number, indexes: readonly number[]): string {
  return `INSERT INTO crosswalk (key, customer_code, customer_id, written_hash, run, row)
    SELECT key, customer_code, customer_id, payload_hash, run, row FROM rows
    WHERE run = ${run} AND idx IN (${indexes.join()}) ORDER BY idx
    ON CONFLICT (key) DO UPDATE SET customer_code = excluded.customer_code, customer_id = excluded.customer_id,
      written_hash = excluded.written_hash, run = excluded.run, row = excluded.row`;
}

/** Belongs into every transaction that writes rows of this run: what the index knows of them is no longer all. */
function markContentsUnindexed(run: number): string {
  return `UPDATE runs SET contents_known = 0 WHERE number = ${run} AND contents_known = 1`;
}
