import type { Customer, Draft, RowOutcome } from '#pipelines/model.js';
import type { KnownCustomer, LedgerRow, LedgerRowState, RunLedger, Settlement } from '#pipelines/ports.js';
import { GroupCommit, type ScriptRunner } from '#src/sqlite/group-commit.js';
import type { Database, SqlValue, Statement } from '#src/sqlite/open-database.js';
import type { MirrorTable } from './mirror.js';
import { findMirrorChange, type RowChange, rowStatements } from './row-changes.js';

/** Finds rows by what they say. Kept up when somebody asks: to do so with every row would cost as much as to write it. */
interface ContentIndex {
  /** A row of another run that says exactly this, and created a customer or may have. */
  find(payloadHash: string, otherThanRun: number): Record<string, SqlValue> | undefined;
}

function openContentIndex(database: Database): ContentIndex {
  const unknown = database.prepare('SELECT number FROM runs WHERE contents_known = 0 AND number <> ?');
  // In the order of the index, so that each of its pages is written once.
  const take = database.prepare(`INSERT OR IGNORE INTO contents (payload_hash, run, idx)
    SELECT payload_hash, run, idx FROM rows
    WHERE run = ? AND payload_hash IS NOT NULL AND state IN ('created', 'intent', 'in_doubt') ORDER BY payload_hash`);
  const know = database.prepare('UPDATE runs SET contents_known = 1 WHERE number = ?');
  // What the index says is only where to look: the row may say something else by now.
  const find = database.prepare(`SELECT CASE rows.state WHEN 'created' THEN 'known' ELSE 'in_doubt' END AS certainty,
    runs.name, rows.row, rows.customer_code, rows.customer_id
    FROM contents JOIN rows ON rows.run = contents.run AND rows.idx = contents.idx JOIN runs ON runs.number = rows.run
    WHERE contents.payload_hash = ? AND contents.run <> ? AND rows.payload_hash = contents.payload_hash
      AND rows.state IN ('created', 'intent', 'in_doubt') LIMIT 1`);
  let isCaughtUp = false;

  function catchUp(otherThanRun: number): void {
    if (isCaughtUp) return;
    for (const { number } of unknown.all(otherThanRun))
      database.transaction(() => {
        take.run(Number(number));
        know.run(Number(number));
      });
    isCaughtUp = true;
  }

  return {
    find(payloadHash, otherThanRun) {
      catchUp(otherThanRun);
      return find.get(payloadHash, otherThanRun);
    },
  };
}

/** How rows of a run stand, for a process that goes on with it. */
function openRowStates(
  database: Database,
  run: number,
  toStanding: (row: Record<string, SqlValue>) => LedgerRowState,
): Pick<RunLedger, 'countStatesBetween' | 'findRowStates'> {
  const states = database.prepare(`SELECT state, count(*) AS n FROM rows
    WHERE run = ? AND idx BETWEEN ? AND ? GROUP BY state`);
  // No index knows the keys of a run, so every row is looked at: all are asked for at once.
  const about = (subject: string, values: readonly string[]) =>
    values.length === 0
      ? []
      : database
          .prepare(
            `SELECT idx, row, state, key, payload_hash, customer_code FROM rows
            WHERE run = ? AND ${subject} IN (${values.map(() => '?').join()})`,
          )
          .all(run, ...values);
  return {
    countStatesBetween: (first, last) =>
      new Map(states.all(run, first, last).map(({ state, n }) => [String(state) as LedgerRow['state'], Number(n)])),
    findRowStates: (keys, codes) =>
      [...about('key', keys), ...about('key IS NULL AND customer_code', codes)]
        .sort((one, other) => Number(one.idx) - Number(other.idx))
        .map(toStanding),
  };
}

/** The server's clock minus ours, in milliseconds; `undefined` while unknown. */
export type ReadClockDifference = () => number | undefined;

/** Reads wait for the database, changes go to it beside the event loop. */
interface LedgerFile {
  readonly database: Database;
  readonly scripts: ScriptRunner;
  readonly mirror: MirrorTable;
}

interface Clocks {
  readonly now: () => number;
  readonly clockDifferenceMs: ReadClockDifference;
}

/** The rows of run number `run`, and what other runs of the tenant know of the same customers. */
export function openRows(
  { database, scripts, mirror }: LedgerFile,
  run: number,
  { now, clockDifferenceMs }: Clocks,
): RunLedger {
  const contents = openContentIndex(database);
  const sql = prepare(database);
  const commits = new GroupCommit<RowChange>(scripts, (changes) =>
    rowStatements(run, changes, { nowMs: now(), wallMs: Date.now(), clockMs: clockDifferenceMs() }),
  );
  return {
    ...openRowStates(database, run, toStanding),
    outcomesBetween(first, last) {
      const outcomes = new Map<number, RowOutcome | 'intent'>();
      for (const { idx, outcome } of sql.outcomes.all(run, first, last))
        outcomes.set(Number(idx), outcome === null ? 'intent' : (JSON.parse(String(outcome)) as RowOutcome));
      return outcomes;
    },
    rowStatesBetween(first, last) {
      return new Map(sql.standings.all(run, first, last).map((row) => [Number(row.idx), toStanding(row)]));
    },
    recordIntent: (intent) => commits.write({ kind: 'intent', intent }),
    intendInCompany: (intent) => commits.writeBatched({ kind: 'intent', intent }),
    withdrawIntent: (index) => commits.write({ kind: 'withdrawal', index }),
    settle(rows) {
      const settled = commits.writeBatched({ kind: 'settlement', rows });
      return mirror.isIndexed ? settled.then(() => followAll(mirror, rows)) : settled;
    },
    rowsInDoubt: () => sql.doubtful.all(run).map(toLedgerRow),
    writtenRows: () => sql.written.all(run).map(toLedgerRow),
    codesCreatedSince: (ms) => sql.createdSince.all(run, ms).map((row) => String(row.customer_code)),
    hasCustomers: () => sql.anyCustomer.get() !== undefined,
    isKnownCode: (customerCode) => sql.codeKnown.get(customerCode, customerCode) !== undefined,
    findCustomersByKeys(keys) {
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
    findKey(customerCode) {
      const row = sql.ofCode.get(customerCode);
      return row === undefined ? undefined : String(row.key);
    },
    findCustomerByContent(payloadHash) {
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
    const change = findMirrorChange(row);
    if (change !== undefined) mirror.updateIndexes(change.customerCode, change.customer);
  }
}

function toStanding(row: Record<string, SqlValue>): LedgerRowState {
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
    state: row.certainty === 'known' ? 'known' : 'in_doubt',
    run: String(row.name ?? 'an earlier one'),
    ...(row.row == null ? {} : { row: Number(row.row) }),
    ...(row.customer_code == null ? {} : { customerCode: String(row.customer_code) }),
    ...(row.customer_id == null ? {} : { customerId: String(row.customer_id) }),
    ...(row.written_hash == null ? {} : { writtenHash: String(row.written_hash) }),
  };
}
