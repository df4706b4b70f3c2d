import { type Database, openDatabase } from '#src/sqlite/open-database.js';

const hasDoubts = `number IN (SELECT run FROM rows INDEXED BY rows_in_doubt WHERE state IN ('intent', 'in_doubt'))`;

/** An import whose file a later one has imported to its end, whatever the file said by then: there is nothing left to continue. */
const isSuperseded = `command = 'import' AND NOT ${hasDoubts} AND EXISTS (SELECT 1 FROM runs AS later
  WHERE later.number > runs.number AND later.command = 'import' AND later.state = 'completed'
    AND later.input_path = runs.input_path AND json_extract(later.options, '$.first') IS NULL)`;

/** Says of a run, by its number, whether a later one has taken its place. */
export function createSupersededCheck(database: Database): (run: number) => boolean {
  const select = database.prepare(`SELECT 1 AS found FROM runs WHERE number = ? AND ${isSuperseded}`);
  return (run) => select.get(run) !== undefined;
}

/** How many runs of this ledger `resume` could continue; 0 for a file that cannot be read. */
export function countUnfinishedRuns(file: string): number {
  const database = openDatabase(file);
  try {
    const found = database
      .prepare(
        `SELECT count(*) AS count FROM runs WHERE (state <> 'completed' OR ${hasDoubts}) AND NOT (${isSuperseded})`,
      )
      .get();
    return Number(found?.count ?? 0);
  } catch {
    return 0;
  } finally {
    database.close();
  }
}
