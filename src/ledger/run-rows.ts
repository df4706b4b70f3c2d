import type { Customer, Draft } from '#pipelines/customer.js';
import type { RowOutcome } from '#pipelines/outcome.js';
import type { KnownCustomer, LedgerRow, RowStanding, RunLedger, Settlement } from '#pipelines/ports.js';
import type { Database, SqlValue, Statement } from '#src/sqlite/open-database.js';
import type { ScriptRunner } from '#src/sqlite/script-runner.js';
import { contentIndex } from './content-index.js';
import { GroupCommit } from './group-commit.js';
import type { MirrorTable } from './mirror-table.js';
import { mirrorChangeOf, type RowChange, rowStatements } from './row-statements.js';
import { settledRows } from './settled-rows.js';

/** The server's clock minus ours, in milliseconds; `undefined` while unknown. */
export type Clock = () => number | undefined;

/** Reads wait for the database, changes go to it beside the event loop. */
export interface LedgerFile {
  readonly database: Database;
  readonly scripts: ScriptRunner;
  readonly mirror: MirrorTable;
}

export interface Clocks {
  readonly now: () => number;
  readonly clockDifferenceMs: Clock;
}

/** The rows of run number `run`, and what other runs of the tenant know of the same customers. */
export function openRunRows(
  { database, scripts, mirror }: LedgerFile,
  run: number,
  { now, clockDifferenceMs }: Clocks,
): RunLedger {
  const contents = contentIndex(database);
  const sql = prepare(database);
  const commits = new GroupCommit<RowChange>(scripts, (changes) =>
    rowStatements(run, changes, { nowMs: now(), wallMs: Date.now(), clockMs: clockDifferenceMs() }),
  );
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
    intend: (intent) => commits.write({ kind: 'intent', intent }),
    intendInCompany: (intent) => commits.writeInCompany({ kind: 'intent', intent }),
    withdraw: (index) => commits.write({ kind: 'withdrawal', index }),
    settle(rows) {
      const settled = commits.writeInCompany({ kind: 'settlement', rows });
      return mirror.isIndexed ? settled.then(() => followAll(mirror, rows)) : settled;
    },
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
    createdSince: database.prepare(`SELECT customer_code FROM rows
      WHERE run = ? AND state = 'created' AND intent_at > ? ORDER BY idx LIMIT 100`),
    anyCustomer: database.prepare(`SELECT 1 AS found FROM rows AS made WHERE made.state = 'created'
      AND made.customer_code IS NOT NULL AND NOT EXISTS (SELECT 1 FROM rows AS gone
        WHERE gone.customer_code = made.customer_code AND gone.state = 'deleted') LIMIT 1`),
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

function followAll(mirror: MirrorTable, rows: readonly Settlement[]): void {
  for (const row of rows) {
    const change = mirrorChangeOf(row);
    if (change !== undefined) mirror.follow(change.customerCode, change.customer);
  }
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
