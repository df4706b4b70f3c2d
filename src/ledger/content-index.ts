import type { Database, SqlValue } from '#src/sqlite/open-database.js';

/** Rows that have created a customer, or may have, and those that were not sent because theirs was there already. */
const standsForCustomer = `(rows.state IN ('created', 'intent', 'in_doubt')
  OR (rows.state = 'skipped' AND rows.customer_code IS NOT NULL))`;

/**
 * Finds rows of other runs by their content. The index is brought up to date by the first search: to keep it with every
 * row would double the cost of writing one.
 *
 * @returns a function that finds a row with exactly this content that has created a customer, or may have
 */
export function openContentIndex(
  database: Database,
  run: number,
): (payloadHash: string) => Record<string, SqlValue> | undefined {
  const notIndexed = database.prepare('SELECT number FROM runs WHERE contents_known = 0 AND number <> ?');
  // In the order of the index, so that each of its pages is written once.
  const addRun = database.prepare(`INSERT OR IGNORE INTO contents (payload_hash, run, idx)
    SELECT payload_hash, run, idx FROM rows
    WHERE run = ? AND payload_hash IS NOT NULL AND ${standsForCustomer} ORDER BY payload_hash`);
  const markIndexed = database.prepare('UPDATE runs SET contents_known = 1 WHERE number = ?');
  // The index only says where to look: the row may have changed since.
  const find =
    database.prepare(`SELECT CASE WHEN rows.state IN ('created', 'skipped') THEN 'known' ELSE 'in_doubt' END AS known,
    runs.name, rows.row, rows.customer_code, rows.customer_id
    FROM contents JOIN rows ON rows.run = contents.run AND rows.idx = contents.idx JOIN runs ON runs.number = rows.run
    WHERE contents.payload_hash = ? AND contents.run <> ? AND rows.payload_hash = contents.payload_hash
      AND ${standsForCustomer} LIMIT 1`);
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
