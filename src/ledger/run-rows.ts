import type { Customer, Draft } from '../../pipelines/customer.js';
import { reached } from '../../pipelines/milestones.js';
import type { CustomerMirror } from '../../pipelines/mirror.js';
import type { RowOutcome } from '../../pipelines/outcome.js';
import type { Intent, KnownCustomer, LedgerRow, RowStanding, RunLedger, Settlement } from '../../pipelines/ports.js';
import type { Database, SqlValue, Statement } from '../sqlite/open-database.js';
import { contentIndex } from './content-index.js';
import { GroupCommit } from './group-commit.js';
import { settledRows } from './settled-rows.js';

/** The server's clock minus ours, in milliseconds; `undefined` while unknown. */
export type Clock = () => number | undefined;

export interface RunSurroundings {
  readonly now: () => number;
  readonly clockDifferenceMs: Clock;
  readonly mirror: CustomerMirror;
}

/** The rows of run number `run`, and what other runs of the tenant know of the same customers. */
export function openRunRows(
  database: Database,
  run: number,
  { now, clockDifferenceMs, mirror }: RunSurroundings,
): RunLedger {
  const contents = contentIndex(database);
  const sql = prepare(database);
  const links = keyLinks(sql, run);
  const commits = new GroupCommit(database, {
    begin() {
      contents.noteWrite(run);
      links.clear();
    },
    end: () => links.write(),
  });
  return {
    ...settledRows(database, run, toStanding),
    outcomesBetween(first, last) {
      const outcomes = new Map<number, RowOutcome | 'intent'>();
      for (const { idx, outcome } of sql.outcomes.all(run, first, last))
        outcomes.set(Number(idx), outcome === null ? 'intent' : (JSON.parse(String(outcome)) as RowOutcome));
      return outcomes;
    },
    standingsBetween(first, last) {
      return new Map(sql.standings.all(run, first, last).map((row) => [Number(row.idx), toStanding(row)]));
    },
    intend: (intent) => commits.write(() => writeIntent(sql, run, intent, now(), clockDifferenceMs())),
    intendInCompany: (intent) =>
      commits.writeInCompany(() => writeIntent(sql, run, intent, now(), clockDifferenceMs())),
    withdraw: (index) =>
      commits.write(() => {
        sql.restore.run(run, index);
        sql.withdraw.run(run, index);
      }),
    settle: (rows) =>
      commits.writeInCompany(() => {
        for (const row of rows) {
          writeSettlement(sql, run, row, now(), links);
          mirrorSettlement(mirror, row);
        }
      }),
    doubtful: () => sql.doubtful.all(run).map(toLedgerRow),
    written: () => sql.written.all(run).map(toLedgerRow),
    createdSince: (ms) => sql.createdSince.all(run, ms).map((row) => String(row.customer_code)),
    hasCustomers: () => sql.anyCustomer.get() !== undefined,
    isKnownCode: (customerCode) => sql.codeKnown.get(customerCode, customerCode) !== undefined,
    customersOfKeys(keys) {
      const known = new Map<string, KnownCustomer>();
      for (let from = 0; from < keys.length; from += keysAtOnce) {
        const some: (string | null)[] = keys.slice(from, from + keysAtOnce);
        // What is known comes before what is in doubt, and goes before it.
        for (const row of sql.ofKeys.all(...some, ...noKeys.slice(some.length))) {
          // By its place: a key that is no proper Unicode comes back as another text than it was asked for by.
          const key = keys[from + Number(row.place)];
          if (key !== undefined && !known.has(key)) known.set(key, toKnownCustomer(row));
        }
      }
      return known;
    },
    keyOfCustomer(customerCode) {
      const row = sql.ofCode.get(customerCode);
      return row === undefined ? undefined : String(row.key);
    },
    customerOfContent(payloadHash) {
      const known = contents.find(payloadHash, run);
      return known === undefined ? undefined : toKnownCustomer(known);
    },
  };
}

/** Asked for together, they cost a third of what they cost one by one. */
const keysAtOnce = 50;
const noKeys: readonly null[] = Array.from({ length: keysAtOnce }, () => null);

const rowColumns = `idx, row, state, key, payload, payload_hash, customer_code, outcome, intent_at, clock_difference,
  doubt_at, pre_image, written_hash`;

function prepare(database: Database) {
  return {
    // A row that was tried again has the outcome of before, too.
    outcomes: database.prepare(`SELECT idx, CASE state WHEN 'intent' THEN NULL ELSE outcome END AS outcome FROM rows
      WHERE run = ? AND idx BETWEEN ? AND ?`),
    standings: database.prepare(`SELECT idx, row, state, key, payload_hash, customer_code FROM rows
      WHERE run = ? AND idx BETWEEN ? AND ?`),
    doubtful: database.prepare(`SELECT ${rowColumns} FROM rows INDEXED BY rows_in_doubt
      WHERE run = ? AND state IN ('intent', 'in_doubt') ORDER BY idx`),
    written: database.prepare(`SELECT ${rowColumns} FROM rows
      WHERE run = ? AND state IN ('created', 'updated', 'deleted') ORDER BY idx`),
    codeKnown: database.prepare(`SELECT 1 AS known FROM rows
      WHERE customer_code = ? AND state IN ('created', 'updated', 'unchanged')
      UNION ALL SELECT 1 FROM crosswalk WHERE customer_code = ? LIMIT 1`),
    // The outcome stays where it is: an intent that is taken back leaves the row as it was.
    intend: database.prepare(`INSERT INTO rows
      (run, idx, row, state, key, payload, payload_hash, customer_code, pre_image, intent_at, clock_difference)
      VALUES (?, ?, ?, 'intent', ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (run, idx) DO UPDATE SET state = 'intent', key = excluded.key, payload = excluded.payload,
        payload_hash = excluded.payload_hash, customer_code = excluded.customer_code,
        pre_image = excluded.pre_image, intent_at = excluded.intent_at,
        clock_difference = excluded.clock_difference, doubt_at = NULL`),
    restore:
      database.prepare(`UPDATE rows SET state = json_extract(outcome, '$.status'), payload = NULL, pre_image = NULL
      WHERE run = ? AND idx = ? AND state = 'intent' AND outcome IS NOT NULL`),
    withdraw: database.prepare(`DELETE FROM rows WHERE run = ? AND idx = ? AND state = 'intent'`),
    // What was sent is personal data and large: it stays only while it is needed to settle a doubt, and what was there
    // before only where something has been changed.
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
    createdSince: database.prepare(`SELECT customer_code FROM rows
      WHERE run = ? AND state = 'created' AND intent_at > ? ORDER BY idx LIMIT 100`),
    anyCustomer: database.prepare(`SELECT 1 AS found FROM rows AS made WHERE made.state = 'created'
      AND made.customer_code IS NOT NULL AND NOT EXISTS (SELECT 1 FROM rows AS gone
        WHERE gone.customer_code = made.customer_code AND gone.state = 'deleted') LIMIT 1`),
    // All rows of a group at once, from what has just been written of them.
    link: database.prepare(`INSERT INTO crosswalk (key, customer_code, customer_id, written_hash, run, row)
      SELECT key, customer_code, customer_id, payload_hash, run, row FROM rows
      WHERE run = ? AND idx IN (SELECT value FROM json_each(?)) ORDER BY idx
      ON CONFLICT (key) DO UPDATE SET customer_code = excluded.customer_code, customer_id = excluded.customer_id,
        written_hash = excluded.written_hash, run = excluded.run, row = excluded.row`),
    // A deleted customer may be created again, so nothing may go on saying that it exists.
    unlink: database.prepare('DELETE FROM crosswalk WHERE customer_code = ?'),
    forgetContent: database.prepare(
      `UPDATE rows SET payload_hash = NULL WHERE customer_code = ? AND state = 'created'`,
    ),
    // Every key is looked for in the crosswalk and among the few rows in doubt, whatever SQLite thinks of their sizes.
    ofKeys: database.prepare(`WITH asked (place, key) AS (VALUES ${noKeys.map((_, place) => `(${place}, ?)`).join()})
      SELECT asked.place, 'known' AS certainty, runs.name, crosswalk.row, customer_code, customer_id, written_hash
      FROM asked CROSS JOIN crosswalk ON crosswalk.key = asked.key LEFT JOIN runs ON runs.number = crosswalk.run
      UNION ALL SELECT asked.place, 'in_doubt', runs.name, rows.row, NULL, NULL, NULL
      FROM asked CROSS JOIN rows ON rows.key = asked.key AND rows.state IN ('intent', 'in_doubt')
        JOIN runs ON runs.number = rows.run`),
    ofCode: database.prepare('SELECT key FROM crosswalk WHERE customer_code = ? LIMIT 1'),
  } satisfies Record<string, Statement>;
}

type Prepared = ReturnType<typeof prepare>;

function writeIntent(sql: Prepared, run: number, intent: Intent, nowMs: number, clockMs: number | undefined): void {
  const { index, number, key = null, payload, payloadHash, customerCode = null, preImage } = intent;
  const before = preImage === undefined ? null : JSON.stringify(preImage);
  const clock = clockMs === undefined ? null : Math.round(clockMs);
  sql.intend.run([run, index, number, key, payload, payloadHash, customerCode, before, nowMs, clock]);
}

function writeSettlement(sql: Prepared, run: number, row: Settlement, nowMs: number, links: KeyLinks): void {
  reached('during-outcome-commit');
  const { index, number, outcome, key = null, payloadHash = null, writtenHash = null } = row;
  const { status } = outcome;
  const code = 'customerCode' in outcome ? (outcome.customerCode ?? null) : null;
  const id = 'customerId' in outcome ? (outcome.customerId ?? null) : null;
  const doubtAt = status === 'in_doubt' ? nowMs : null;
  const told = JSON.stringify(outcome);
  sql.settle.run([run, index, number, status, key, payloadHash, code, id, told, writtenHash, doubtAt]);
  if (outcome.status === 'deleted') {
    links.write();
    sql.unlink.run(outcome.customerCode);
    sql.forgetContent.run(outcome.customerCode);
  }
  const linked = outcome.status === 'created' || outcome.status === 'updated' || outcome.status === 'unchanged';
  if (linked && row.key !== undefined) links.note(row.index);
}

type KeyLinks = ReturnType<typeof keyLinks>;

/** Gathers the rows whose keys stand for their customers from now on. */
function keyLinks(sql: Prepared, run: number) {
  let indexes: number[] = [];
  return {
    note: (index: number) => {
      indexes.push(index);
    },
    write(): void {
      if (indexes.length > 0) sql.link.run(run, JSON.stringify(indexes));
      indexes = [];
    },
    clear(): void {
      indexes = [];
    },
  };
}

/** Statuses after which a customer is other than the mirror says, unless we know how it is now. */
const touched: ReadonlySet<string> = new Set(['updated', 'deleted', 'deactivated']);

function mirrorSettlement(mirror: CustomerMirror, { outcome, written }: Settlement): void {
  if (!('customerCode' in outcome) || outcome.customerCode === undefined) return;
  if (written !== undefined) mirror.noteWritten(outcome.customerCode, written);
  else if (touched.has(outcome.status)) mirror.forget(outcome.customerCode);
}

function toStanding(row: Record<string, SqlValue>): RowStanding {
  return {
    number: Number(row.row),
    state: String(row.state) as LedgerRow['state'],
    ...(row.key === null ? {} : { key: String(row.key) }),
    ...(row.payload_hash === null ? {} : { payloadHash: String(row.payload_hash) }),
    ...(row.customer_code === null ? {} : { customerCode: String(row.customer_code) }),
  };
}

function toLedgerRow(row: Record<string, SqlValue>): LedgerRow {
  return {
    ...toStanding(row),
    index: Number(row.idx),
    ...(row.outcome === null ? {} : { outcome: JSON.parse(String(row.outcome)) as RowOutcome }),
    ...(row.payload === null ? {} : { payload: JSON.parse(String(row.payload)) as Draft }),
    ...(row.written_hash === null ? {} : { writtenHash: String(row.written_hash) }),
    ...(row.intent_at === null ? {} : { intentAtMs: Number(row.intent_at) }),
    ...(row.clock_difference === null ? {} : { clockDifferenceMs: Number(row.clock_difference) }),
    ...(row.doubt_at === null ? {} : { doubtAtMs: Number(row.doubt_at) }),
    ...(row.pre_image === null ? {} : { preImage: JSON.parse(String(row.pre_image)) as Customer }),
  };
}

function toKnownCustomer(row: Record<string, SqlValue>): KnownCustomer {
  return {
    certainty: row.certainty === 'known' ? 'known' : 'in_doubt',
    run: String(row.name ?? 'an earlier one'),
    ...(row.row == null ? {} : { row: Number(row.row) }),
    ...(row.customer_code == null ? {} : { customerCode: String(row.customer_code) }),
    ...(row.customer_id == null ? {} : { customerId: String(row.customer_id) }),
    ...(row.written_hash == null ? {} : { writtenHash: String(row.written_hash) }),
  };
}
