import type { EarlierRow, EarlierRows } from '#pipelines/import/returned-rows.js';
import type { Cell } from '#pipelines/model.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';
import { isArrayOf, isJsonObject, isRowOutcome, isText, readStoredJson } from './damaged-ledger.js';
import type { RowBlocks, UnchangedRow } from './row-blocks.js';

/** Rows of earlier imports, for files of this program that come back. */
export interface ReturnedRowsStore {
  /** @param mappingSha256 - of the mapping by which the rows are imported now */
  open(mappingSha256: string): EarlierRows;
}

interface KnownRun {
  readonly number: number;
  readonly columns: readonly string[];
  readonly hasSameMapping: boolean;
}

export function openReturnedRows(database: Database, blocks: RowBlocks): ReturnedRowsStore {
  const run = database.prepare(
    "SELECT number, options, mapping_sha256 FROM runs WHERE name = ? AND command = 'import'",
  );
  const columns = 'rows.idx, rows.row, rows.state, rows.key, rows.outcome, reject_cells.cells';
  const from = `SELECT ${columns} FROM rows
    LEFT JOIN reject_cells ON reject_cells.run = rows.run AND reject_cells.idx = rows.idx`;
  const next = database.prepare(`${from} WHERE rows.run = ? AND rows.idx >= ? ORDER BY rows.idx LIMIT 1`);
  const last = database.prepare('SELECT max(idx) AS idx FROM rows WHERE run = ?');

  function findRun(name: string, mappingSha256: string): KnownRun | undefined {
    const found = run.get(name);
    if (found === undefined) return undefined;
    const { columns: names } = readStoredJson(found.options, 'the options of a run', isJsonObject);
    return {
      number: Number(found.number),
      columns: isArrayOf(isText)(names) ? names : [],
      hasSameMapping: found.mapping_sha256 === mappingSha256,
    };
  }

  /** Indexes and row numbers rise together, but not in step; a row of a file mostly follows the one before. */
  function findRow(runNumber: number, row: number, hint: number): Record<string, SqlValue> | undefined {
    const hinted = next.get(runNumber, hint);
    if (Number(hinted?.row) === row) return hinted;
    let [low, high] = [0, Number(last.get(runNumber)?.idx ?? -1)];
    while (low <= high) {
      const found = next.get(runNumber, Math.floor((low + high) / 2));
      if (found === undefined || Number(found.row) > row) high = Math.floor((low + high) / 2) - 1;
      else if (Number(found.row) < row) low = Number(found.idx) + 1;
      else return found;
    }
    return undefined;
  }

  return {
    open(mappingSha256) {
      const runs = new Map<string, KnownRun | undefined>();
      let hint = 0;
      const knownRun = (name: string) => {
        if (!runs.has(name)) runs.set(name, findRun(name, mappingSha256));
        return runs.get(name);
      };
      return {
        hasRun: (name) => knownRun(name) !== undefined,
        find(name, row) {
          const known = knownRun(name);
          if (known === undefined) return undefined;
          const found = findRow(known.number, row, hint);
          if (found === undefined) {
            const unchanged = blocks.findByNumber(known.number, row);
            return unchanged && toUnchangedRow(unchanged, known);
          }
          hint = Number(found.idx) + 1;
          return toEarlierRow(found, known);
        },
      };
    },
  };
}

function toUnchangedRow({ key, customerCode }: UnchangedRow, { hasSameMapping }: KnownRun): EarlierRow {
  return {
    hasSameMapping,
    ...(key === undefined ? {} : { key }),
    outcome: { status: 'unchanged', attempts: 0, customerCode },
  };
}

function toEarlierRow(row: Record<string, SqlValue>, { columns, hasSameMapping }: KnownRun): EarlierRow {
  const cells =
    row.cells == null
      ? undefined
      : readStoredJson(row.cells, 'the cells of a row', (value): value is readonly Cell[] => Array.isArray(value));
  return {
    hasSameMapping,
    ...(cells === undefined ? {} : { cells: new Map(columns.map((name, place) => [name, cells[place] ?? ''])) }),
    ...(row.key == null ? {} : { key: String(row.key) }),
    ...(row.outcome == null || row.state === 'intent'
      ? {}
      : { outcome: readStoredJson(row.outcome, 'the outcome of a row', isRowOutcome) }),
  };
}

/** Prepares what keeps the cells of rows that have to be fixed; to be called within a transaction. */
export function prepareRejectCells(database: Database, run: number): (index: number, cells: readonly Cell[]) => void {
  const insert = database.prepare('INSERT OR REPLACE INTO reject_cells (run, idx, cells) VALUES (?, ?, ?)');
  return (index, cells) => {
    insert.run([run, index, JSON.stringify(cells)]);
  };
}
