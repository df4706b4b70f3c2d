import type { Database, SqlValue } from '#src/sqlite/open-database.js';

/** Finds rows by what they say. Kept up when somebody asks: to do so with every row would cost as much as to write it. */
export interface ContentIndex {
  /** A row of another run that says exactly this, and created a customer or may have. */
  find(payloadHash: string, otherThanRun: number): Record<string, SqlValue> | undefined;
}

/** Belongs into every transaction that writes rows of this run: what the index knows of them is no longer all. */
export function contentsUnknown(run: number): string {
  return `UPDATE runs SET contents_known = 0 WHERE number = ${run} AND contents_known = 1`;
}

export function contentIndex(database: Database): ContentIndex {
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
