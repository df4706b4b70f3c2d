import { stringifyExactJson } from '#pipelines/exact-json.js';
import { joinKey, splitKey } from '#pipelines/import/keys.js';
import { publishMilestone } from '#pipelines/milestones.js';
import type { RowOutcome } from '#pipelines/model.js';
import type { DecisionStore, Intent, KnownCustomer, LedgerRow, RunLedger, Settlement } from '#pipelines/ports.js';
import { GroupCommit } from '#src/sqlite/group-commit.js';
import type { Database, SqlValue, Statement } from '#src/sqlite/open-database.js';
import { openContentIndex } from './content-index.js';
import { prepareWaitingRows } from './decisions.js';
import { openFormerCustomerNotes, openFormerCustomers } from './former-customers.js';
import { openLeaverQueries } from './leavers.js';
import type { LedgerMirror } from './mirror.js';
import type { PersonData } from './person-data.js';
import {
  describeUnchanged,
  readOutcome,
  toKnownCustomer,
  toLedgerRow,
  toRowState,
  toUnchangedState,
} from './read-row.js';
import { prepareRejectCells } from './returned-rows.js';
import type { RowBlocks, UnchangedRow } from './row-blocks.js';
import { openSentValues } from './sent-values.js';

/** The server's clock minus ours, in milliseconds; `undefined` while unknown. */
export type ReadClockDifference = () => number | undefined;

interface Clocks {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly clockDifferenceMs: ReadClockDifference;
}

interface RowStores {
  readonly mirror: LedgerMirror;
  readonly decisions: DecisionStore;
  readonly blocks: RowBlocks;
  readonly people: Pick<PersonData, 'openBars'>;
}

/** The rows of run number `run`, and what other runs of the tenant know of the same customers. */
export function openRows(database: Database, stores: RowStores, run: number, clocks: Clocks): RunLedger {
  const { blocks, decisions, people } = stores;
  const isBarred = people.openBars();
  const sql = prepareStatements(database);
  const findContent = openContentIndex(database, run);
  const sent = openSentValues(database);
  const commits = new GroupCommit<RowChange>(database, prepareRowChanges(database, stores, run, clocks));

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
      for (const row of blocks.between(run, first, last)) outcomes.set(row.index, describeUnchanged(row, blocks));
      return outcomes;
    },
    rowStatesBetween(first, last) {
      const own = sql.states.all(run, first, last).map((row) => [Number(row.idx), toRowState(row)] as const);
      const inBlocks = blocks.between(run, first, last);
      if (inBlocks.length === 0) return new Map(own);
      const unchanged = inBlocks.map((row) => [row.index, toUnchangedState(row, blocks)] as const);
      return new Map([...own, ...unchanged].sort(([a], [b]) => a - b));
    },
    countStatesBetween(first, last) {
      const counts = new Map<LedgerRow['state'], number>();
      for (const { state, count } of sql.stateCounts.all(run, first, last))
        counts.set(String(state) as LedgerRow['state'], Number(count));
      const inBlocks = blocks.count(run, first, last);
      if (inBlocks > 0) counts.set('unchanged', (counts.get('unchanged') ?? 0) + inBlocks);
      return counts;
    },
    findRowStates(keys, codes) {
      const found = [...findStatesBy('key', keys), ...findStatesBy('key IS NULL AND customer_code', codes)];
      const own = found.map((row) => ({ index: Number(row.idx), state: toRowState(row) }));
      const [wantedKeys, wantedCodes] = [new Set(keys), new Set(codes)];
      const unchanged = blocks
        .between(run, 0, Number.MAX_SAFE_INTEGER)
        .filter(({ key, customerCode }) => (key === undefined ? wantedCodes.has(customerCode) : wantedKeys.has(key)))
        .map((row) => ({ index: row.index, state: toUnchangedState(row, blocks) }));
      return [...own, ...unchanged].sort((a, b) => a.index - b.index).map(({ state }) => state);
    },
    recordIntent: (intent) => commits.write({ kind: 'intent', intent }),
    withdrawIntent: (index) => commits.write({ kind: 'withdrawal', index }),
    settle: (rows) => commits.writeBatched({ kind: 'settlement', rows }),
    rowsInDoubt: () => sql.inDoubt.all(run).map(toLedgerRow),
    writtenRows: () => sql.written.all(run).map(toLedgerRow),
    witnessesSince: (ms) =>
      sql.witnesses.all(run, ms).map((row) => ({
        customerCode: String(row.customer_code),
        intentAtMs: Number(row.intent_at),
      })),
    wholeReading() {
      const { counted_at: atMs, counted } = sql.wholeReading.get() ?? {};
      return atMs == null || counted == null ? undefined : { atMs: Number(atMs), customers: Number(counted) };
    },
    saveWholeReading: ({ atMs, customers }) => {
      sql.saveWholeReading.run(atMs, customers);
    },
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
    findSentValues: sent.find,
    hasHadKey: (customerCode, key) => sql.hadKey.get(customerCode, key) !== undefined,
    findKeys: (customerCode) => sql.keysByCode.all(customerCode).map(({ key }) => String(key)),
    ...openLeaverQueries(database, blocks, run),
    findCustomerByContent(payloadHash) {
      const known = findContent(payloadHash);
      return known === undefined ? undefined : toKnownCustomer(known);
    },
    decisions,
    former: openFormerCustomers(database, run),
    ...(isBarred === undefined ? {} : { isBarred }),
  };
}

/** Asked for together, keys cost a third of what they cost one by one. */
const keysPerQuery = 50;
const noKeys: readonly null[] = Array.from({ length: keysPerQuery }, () => null);

const stateColumns = `idx, row, state, key, payload_hash, customer_code, state = 'invalid' AND EXISTS (SELECT 1
  FROM waiting_rows WHERE waiting_rows.run = rows.run AND waiting_rows.idx = rows.idx) AS is_waiting`;

const rowColumns = `${stateColumns}, payload, outcome, intent_at, clock_difference, doubt_at, pre_image, written_hash,
  sent_values, sent_before`;

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
      WHERE run = ? AND (state IN ('created', 'updated', 'deleted') OR (state = 'deactivated' AND pre_image IS NOT NULL))
      ORDER BY idx`),
    knownCode: database.prepare(`SELECT 1 AS known FROM rows
      WHERE customer_code = ? AND state IN ('created', 'updated', 'unchanged')
      UNION ALL SELECT 1 FROM crosswalk WHERE customer_code = ? LIMIT 1`),
    witnesses: database.prepare(`SELECT customer_code, intent_at FROM rows AS made
      WHERE made.run >= ? AND made.state = 'created' AND made.intent_at > ? AND made.customer_code IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM rows AS gone
          WHERE gone.customer_code = made.customer_code AND gone.state = 'deleted')
      ORDER BY made.intent_at DESC LIMIT 100`),
    wholeReading: database.prepare('SELECT counted_at, counted FROM mirror'),
    saveWholeReading: database.prepare('UPDATE mirror SET counted_at = ?, counted = ?'),
    // CROSS JOIN makes SQLite look each key up in the indexes, whatever it believes about the sizes of the tables.
    customersByKeys:
      database.prepare(`WITH asked (place, key) AS (VALUES ${noKeys.map((_, place) => `(${place}, ?)`).join()})
      SELECT asked.place, 'known' AS known, runs.name, crosswalk.row, customer_code, customer_id, written_hash
      FROM asked CROSS JOIN crosswalk ON crosswalk.key = asked.key LEFT JOIN runs ON runs.number = crosswalk.run
      UNION ALL SELECT asked.place, 'in_doubt', runs.name, rows.row, NULL, NULL, NULL
      FROM asked CROSS JOIN rows ON rows.key = asked.key AND rows.state IN ('intent', 'in_doubt')
        JOIN runs ON runs.number = rows.run`),
    hadKey: database.prepare('SELECT 1 AS found FROM rows WHERE customer_code = ? AND key = ? LIMIT 1'),
    keysByCode: database.prepare('SELECT key FROM crosswalk WHERE customer_code = ? ORDER BY key'),
  } satisfies Record<string, Statement>;
}

/** What happens to rows of a run in the ledger. */
type RowChange =
  | { readonly kind: 'intent'; readonly intent: Intent }
  | { readonly kind: 'withdrawal'; readonly index: number }
  | { readonly kind: 'settlement'; readonly rows: readonly Settlement[] };

/** Statuses after which a customer differs from what the mirror says, unless we know how it is now. */
const changesCustomer: ReadonlySet<string> = new Set(['updated', 'deleted', 'deactivated']);

/** Statuses after which a row's key stands for its customer. */
const linksKey: ReadonlySet<string> = new Set(['created', 'updated', 'unchanged']);

/** Statuses after which the values of a row are what was sent last; an undo of some puts back what was sent before. */
const keepsSentValues: ReadonlySet<string> = new Set([...linksKey, 'deactivated']);
const undoesSentValues: ReadonlySet<string> = new Set(['updated', 'deactivated']);

/**
 * Prepares what writes changes of the rows of run number `run`.
 *
 * @returns a function that makes some changes, in their order; to be called within a transaction
 */
function prepareRowChanges(
  database: Database,
  { mirror, blocks }: RowStores,
  run: number,
  { now, clockDifferenceMs }: Clocks,
): (changes: readonly RowChange[]) => void {
  const sql = prepareChangeStatements(database);
  const waitingRows = prepareWaitingRows(database, run);
  const saveCells = prepareRejectCells(database, run);
  const sent = openSentValues(database);
  const former = openFormerCustomerNotes(database);

  function recordIntent(intent: Intent, nowMs: number): void {
    const { index, number, key, payload, payloadHash, customerCode, preImage, sentValues } = intent;
    const clockMs = clockDifferenceMs();
    sql.intend.run([
      ...[run, index, number, key ?? null, payload, payloadHash, customerCode ?? null],
      preImage === undefined ? null : stringifyExactJson(preImage),
      sentValues === undefined ? null : JSON.stringify(sentValues),
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
    const { index, number, outcome, key, payloadHash, writtenHash, waiting, cells, decided } = row;
    publishMilestone('during-outcome-commit');
    const unchanged = findUnchanged(row);
    if (unchanged !== undefined) {
      blocks.add(run, unchanged);
      updateMirror(unchanged.customerCode, row);
      return;
    }
    const { status } = outcome;
    const code = 'customerCode' in outcome ? outcome.customerCode : undefined;
    const id = 'customerId' in outcome ? outcome.customerId : undefined;
    sql.settle.run([
      ...[run, index, number, status, key ?? null, payloadHash ?? null, code ?? null, id ?? null],
      ...[JSON.stringify(outcome), writtenHash ?? null, status === 'in_doubt' ? nowMs : null],
    ]);
    if (outcome.status === 'deleted') releaseKey(outcome.customerCode);
    if (key !== undefined && (row.linksKey === true || linksKey.has(status))) {
      sql.linkKey.run([run, index]);
      // Somebody has said that it is this customer: another key of the source no longer is.
      if (decided !== undefined && code !== undefined) sql.unlinkOtherKeys.run([code, key, sourcePrefix(key)]);
    }
    if (waiting !== undefined) waitingRows.save(index, number, waiting);
    if (decided !== undefined) waitingRows.markDone(decided);
    if (cells !== undefined) saveCells(index, cells);
    if (code !== undefined) {
      updateMirror(code, row);
      keepSentValues(code, row);
    }
  }

  /** A row of which an earlier one says all that there is to say, the key in the crosswalk included. */
  function findUnchanged(row: Settlement): UnchangedRow | undefined {
    const { index, number, outcome, key, payloadHash, sentValues } = row;
    if (outcome.status !== 'unchanged' || outcome.notes !== undefined) return undefined;
    if (row.waiting !== undefined || row.decided !== undefined || row.cells !== undefined) return undefined;
    const { customerCode, customerId } = outcome;
    const identity = { customerCode, ...(key === undefined ? {} : { key }) };
    const known = blocks.findKnown(identity);
    if (known === undefined || known.customerId !== customerId || known.payloadHash !== payloadHash) return undefined;
    if (key !== undefined && sql.isLinked.get(key, customerCode, customerId ?? null, payloadHash ?? null) === undefined)
      return undefined;
    if (row.sentReset !== undefined || (sentValues !== undefined && !sent.has(customerCode, key, sentValues)))
      return undefined;
    return sql.hasEntry.get(run, index) === undefined ? { index, number, ...identity } : undefined;
  }

  function keepSentValues(customerCode: string, { index, key, outcome, sentValues, sentReset }: Settlement): void {
    if (sentReset !== undefined) sent.replace(customerCode, key, sentReset);
    if (sentValues === undefined || !keepsSentValues.has(outcome.status)) return;
    const before = sent.merge(customerCode, key, sentValues);
    if (undoesSentValues.has(outcome.status)) sql.saveSentBefore.run([JSON.stringify(before ?? {}), run, index]);
  }

  /** A deleted customer may be created again, so nothing may go on saying that it exists. */
  function releaseKey(customerCode: string): void {
    sql.unlinkCustomer.run([customerCode]);
    sql.forgetContent.run([customerCode]);
    sent.forget(customerCode);
  }

  function updateMirror(customerCode: string, { written, outcome }: Settlement): void {
    if (written === undefined && !changesCustomer.has(outcome.status)) return;
    former.keep(customerCode, run);
    former.forget(customerCode, run);
    if (written !== undefined) mirror.save(customerCode, written);
    else mirror.forget(customerCode);
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

function prepareChangeStatements(database: Database) {
  return {
    markContentsUnindexed: database.prepare(
      'UPDATE runs SET contents_known = 0 WHERE number = ? AND contents_known = 1',
    ),
    // The outcome stays where it is: an intent that is withdrawn leaves the row as it was.
    intend: database.prepare(`INSERT INTO rows
      (run, idx, row, key, payload, payload_hash, customer_code, pre_image, sent_values, intent_at, clock_difference,
        state)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'intent')
      ON CONFLICT (run, idx) DO UPDATE SET state = 'intent', key = excluded.key, payload = excluded.payload,
        payload_hash = excluded.payload_hash, customer_code = excluded.customer_code, pre_image = excluded.pre_image,
        sent_values = excluded.sent_values, intent_at = excluded.intent_at,
        clock_difference = excluded.clock_difference, doubt_at = NULL`),
    restoreOutcome: database.prepare(`UPDATE rows
      SET state = json_extract(outcome, '$.status'), payload = NULL, pre_image = NULL, sent_values = NULL
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
        sent_values = CASE excluded.state WHEN 'in_doubt' THEN rows.sent_values END,
        pre_image = CASE WHEN excluded.state IN ('in_doubt', 'updated', 'deactivated') THEN rows.pre_image END,
        doubt_at = CASE excluded.state WHEN 'in_doubt' THEN coalesce(rows.doubt_at, excluded.doubt_at) END`),
    saveSentBefore: database.prepare('UPDATE rows SET sent_before = ? WHERE run = ? AND idx = ?'),
    // From the row, which may know more than its settlement says.
    linkKey: database.prepare(`INSERT INTO crosswalk (key, customer_code, customer_id, written_hash, run, row)
      SELECT key, customer_code, customer_id, payload_hash, run, row FROM rows WHERE run = ? AND idx = ?
      ON CONFLICT (key) DO UPDATE SET customer_code = excluded.customer_code, customer_id = excluded.customer_id,
        written_hash = excluded.written_hash, run = excluded.run, row = excluded.row`),
    unlinkOtherKeys: database.prepare(`DELETE FROM crosswalk WHERE customer_code = ? AND key <> ?
      AND substr(key, 1, instr(key, char(31))) = ?`),
    isLinked: database.prepare(`SELECT 1 AS found FROM crosswalk
      WHERE key = ? AND customer_code = ? AND customer_id IS ? AND written_hash IS ?`),
    hasEntry: database.prepare('SELECT 1 AS found FROM rows WHERE run = ? AND idx = ?'),
    unlinkCustomer: database.prepare('DELETE FROM crosswalk WHERE customer_code = ?'),
    forgetContent: database.prepare(
      "UPDATE rows SET payload_hash = NULL WHERE customer_code = ? AND state IN ('created', 'skipped')",
    ),
  };
}

/** What all stored keys of a source begin with; empty for keys that have none. */
function sourcePrefix(key: string): string {
  const { source } = splitKey(key);
  return source === undefined ? '' : joinKey(source, '');
}
