import type { RowOutcome } from '#pipelines/model.js';
import type { KnownCustomer, LedgerRow, LedgerRowState, RunLedger } from '#pipelines/ports.js';
import { GroupCommit } from '#src/sqlite/group-commit.js';
import type { Database, SqlValue, Statement } from '#src/sqlite/open-database.js';
import { isJsonObject, isRowOutcome, readStoredJson } from './damaged-ledger.js';
import type { LedgerMirror } from './mirror.js';
import { type Clocks, prepareRowChanges, type RowChange } from './row-changes.js';

/** The rows of run number `run`, and what other runs of the tenant know of the same customers. */
export function openRows(database: Database, mirror: LedgerMirror, run: number, clocks: Clocks): RunLedger {
  const sql = prepareStatements(database);
  const findContent = openContentIndex(database, run);
  const commits = new GroupCommit<RowChange>(database, prepareRowChanges(database, mirror, run, clocks));

  // No index knows the keys of a run, so each of these reads all of its rows: ask for many at once.
  function findStatesBy(condition: string, values: readonly string[]): Record<string, SqlValue>[] {
    if (values.length === 0) return [];
    return database
      .prepare(`SELECT ${stateColumns} FROM rows WHERE run = ? AND ${condition} IN (${values.map(() => '?').join()})`)
      .all(run, ...values);
  }

  return {
    outcomesBetween(first, last) {
      const outcomes = new Map<number, RowOutcome | 'intent'>();
      for (const { idx, outcome } of sql.outcomes.all(run, first, last))
        outcomes.set(Number(idx), outcome === null ? 'intent' : readOutcome(outcome));
      return outcomes;
    },
    rowStatesBetween: (first, last) =>
      new Map(sql.states.all(run, first, last).map((row) => [Number(row.idx), toRowState(row)])),
    countStatesBetween: (first, last) =>
      new Map(
        sql.stateCounts
          .all(run, first, last)
          .map(({ state, count }) => [String(state) as LedgerRow['state'], Number(count)]),
      ),
    findRowStates: (keys, codes) =>
      [...findStatesBy('key', keys), ...findStatesBy('key IS NULL AND customer_code', codes)]
        .sort((a, b) => Number(a.idx) - Number(b.idx))
        .map(toRowState),
    recordIntent: (intent) => commits.write({ kind: 'intent', intent }),
    withdrawIntent: (index) => commits.write({ kind: 'withdrawal', index }),
    settle: (rows) => commits.writeBatched({ kind: 'settlement', rows }),
    rowsInDoubt: () => sql.inDoubt.all(run).map(toLedgerRow),
    writtenRows: () => sql.written.all(run).map(toLedgerRow),
    codesCreatedSince: (ms) => sql.createdSince.all(run, ms).map((row) => String(row.customer_code)),
    hasCustomers: () => sql.anyCustomer.get() !== undefined,
    isKnownCode: (customerCode) => sql.knownCode.get(customerCode, customerCode) !== undefined,
    findCustomersByKeys(keys) {
      const known = new Map<string, KnownCustomer>();
      for (let from = 0; from < keys.length; from += keysPerQuery) {
        const chunk: (string | null)[] = keys.slice(from, from + keysPerQuery);
        // The crosswalk comes first in the answer, and takes precedence over rows in doubt.
        for (const row of sql.customersByKeys.all(...chunk, ...noKeys.slice(chunk.length))) {
          // By its place: a key that is not well-formed Unicode comes back as another text than it was asked for by.
          const key = keys[from + Number(row.place)];
          if (key !== undefined && !known.has(key)) known.set(key, toKnownCustomer(row));
        }
      }
      return known;
    },
    findKey(customerCode) {
      const row = sql.keyByCode.get(customerCode);
      return row === undefined ? undefined : String(row.key);
    },
    findCustomerByContent(payloadHash) {
      const known = findContent(payloadHash);
      return known === undefined ? undefined : toKnownCustomer(known);
    },
  };
}

/** Asked for together, keys cost a third of what they cost one by one. */
const keysPerQuery = 50;
const noKeys: readonly null[] = Array.from({ length: keysPerQuery }, () => null);

const stateColumns = 'idx, row, state, key, payload_hash, customer_code';

const rowColumns = `${stateColumns}, payload, outcome, intent_at, clock_difference, doubt_at, pre_image, written_hash`;

function prepareStatements(database: Database) {
  return {
    // A row that is being tried again still has its former outcome.
    outcomes: database.prepare(`SELECT idx, CASE state WHEN 'intent' THEN NULL ELSE outcome END AS outcome FROM rows
      WHERE run = ? AND idx BETWEEN ? AND ?`),
    states: database.prepare(`SELECT ${stateColumns} FROM rows WHERE run = ? AND idx BETWEEN ? AND ?`),
    stateCounts: database.prepare(`SELECT state, count(*) AS count FROM rows
      WHERE run = ? AND idx BETWEEN ? AND ? GROUP BY state`),
    inDoubt: database.prepare(`SELECT ${rowColumns} FROM rows INDEXED BY rows_in_doubt
      WHERE run = ? AND state IN ('intent', 'in_doubt') ORDER BY idx`),
    written: database.prepare(`SELECT ${rowColumns} FROM rows
      WHERE run = ? AND state IN ('created', 'updated', 'deleted') ORDER BY idx`),
    knownCode: database.prepare(`SELECT 1 AS known FROM rows
      WHERE customer_code = ? AND state IN ('created', 'updated', 'unchanged')
      UNION ALL SELECT 1 FROM crosswalk WHERE customer_code = ? LIMIT 1`),
    createdSince: database.prepare(`SELECT customer_code FROM rows
      WHERE run = ? AND state = 'created' AND intent_at > ? ORDER BY idx LIMIT 100`),
    anyCustomer: database.prepare(`SELECT 1 AS found FROM rows AS made WHERE made.state = 'created'
      AND made.customer_code IS NOT NULL AND NOT EXISTS (SELECT 1 FROM rows AS gone
        WHERE gone.customer_code = made.customer_code AND gone.state = 'deleted') LIMIT 1`),
    // CROSS JOIN makes SQLite look each key up in the indexes, whatever it believes about the sizes of the tables.
    customersByKeys:
      database.prepare(`WITH asked (place, key) AS (VALUES ${noKeys.map((_, place) => `(${place}, ?)`).join()})
      SELECT asked.place, 'known' AS known, runs.name, crosswalk.row, customer_code, customer_id, written_hash
      FROM asked CROSS JOIN crosswalk ON crosswalk.key = asked.key LEFT JOIN runs ON runs.number = crosswalk.run
      UNION ALL SELECT asked.place, 'in_doubt', runs.name, rows.row, NULL, NULL, NULL
      FROM asked CROSS JOIN rows ON rows.key = asked.key AND rows.state IN ('intent', 'in_doubt')
        JOIN runs ON runs.number = rows.run`),
    keyByCode: database.prepare('SELECT key FROM crosswalk WHERE customer_code = ? LIMIT 1'),
  } satisfies Record<string, Statement>;
}

/**
 * Finds rows of other runs by their content. The index is brought up to date by the first search: to keep it with every
 * row would double the cost of writing one.
 *
 * @returns a function that finds a row with exactly this content that has created a customer, or may have
 */
function openContentIndex(
  database: Database,
  run: number,
): (payloadHash: string) => Record<string, SqlValue> | undefined {
  const notIndexed = database.prepare('SELECT number FROM runs WHERE contents_known = 0 AND number <> ?');
  // In the order of the index, so that each of its pages is written once.
  const addRun = database.prepare(`INSERT OR IGNORE INTO contents (payload_hash, run, idx)
    SELECT payload_hash, run, idx FROM rows
    WHERE run = ? AND payload_hash IS NOT NULL AND state IN ('created', 'intent', 'in_doubt') ORDER BY payload_hash`);
  const markIndexed = database.prepare('UPDATE runs SET contents_known = 1 WHERE number = ?');
  // The index only says where to look: the row may have changed since.
  const find = database.prepare(`SELECT CASE rows.state WHEN 'created' THEN 'known' ELSE 'in_doubt' END AS known,
    runs.name, rows.row, rows.customer_code, rows.customer_id
    FROM contents JOIN rows ON rows.run = contents.run AND rows.idx = contents.idx JOIN runs ON runs.number = rows.run
    WHERE contents.payload_hash = ? AND contents.run <> ? AND rows.payload_hash = contents.payload_hash
      AND rows.state IN ('created', 'intent', 'in_doubt') LIMIT 1`);
  let isUpToDate = false;

  function addMissingRuns(): void {
    for (const { number } of notIndexed.all(run))
      database.transaction(() => {
        addRun.run(Number(number));
        markIndexed.run(Number(number));
      });
    isUpToDate = true;
  }

  return (payloadHash) => {
    if (!isUpToDate) addMissingRuns();
    return find.get(payloadHash, run);
  };
}

function readOutcome(outcome: SqlValue | undefined): RowOutcome {
  return readStoredJson(outcome, 'the outcome of a row', isRowOutcome);
}

function toRowState(row: Record<string, SqlValue>): LedgerRowState {
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
    ...toRowState(row),
    index: Number(row.idx),
    ...(row.outcome === null ? {} : { outcome: readOutcome(row.outcome) }),
    ...(row.payload === null ? {} : { payload: readStoredJson(row.payload, 'what a row sent', isJsonObject) }),
    ...(row.written_hash === null ? {} : { writtenHash: String(row.written_hash) }),
    ...(row.intent_at === null ? {} : { intentAtMs: Number(row.intent_at) }),
    ...(row.clock_difference === null ? {} : { clockDifferenceMs: Number(row.clock_difference) }),
    ...(row.doubt_at === null ? {} : { doubtAtMs: Number(row.doubt_at) }),
    ...(row.pre_image === null
      ? {}
      : { preImage: readStoredJson(row.pre_image, 'the pre-image of a customer', isJsonObject) }),
  };
}

function toKnownCustomer(row: Record<string, SqlValue>): KnownCustomer {
  return {
    state: row.known === 'known' ? 'known' : 'in_doubt',
    run: String(row.name ?? 'an earlier one'),
    ...(row.row == null ? {} : { row: Number(row.row) }),
    ...(row.customer_code == null ? {} : { customerCode: String(row.customer_code) }),
    ...(row.customer_id == null ? {} : { customerId: String(row.customer_id) }),
    ...(row.written_hash == null ? {} : { writtenHash: String(row.written_hash) }),
  };
}
