import type { LedgerRow, RowStanding, RunLedger } from '#pipelines/ports.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';

/** How rows of a run stand, for a process that goes on with it. */
export function settledRows(
  database: Database,
  run: number,
  toStanding: (row: Record<string, SqlValue>) => RowStanding,
): Pick<RunLedger, 'statesBetween' | 'standingsAbout'> {
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
    statesBetween: (first, last) =>
      new Map(states.all(run, first, last).map(({ state, n }) => [String(state) as LedgerRow['state'], Number(n)])),
    standingsAbout: (keys, codes) =>
      [...about('key', keys), ...about('key IS NULL AND customer_code', codes)]
        .sort((one, other) => Number(one.idx) - Number(other.idx))
        .map(toStanding),
  };
}
