import { textOf } from '#pipelines/row.js';
import type { CollectedRow } from './row-collector.js';

/** Titles and notes may stand above the header, but not more rows of them than this. */
export const headerSearchRows = 50;
const matchingShare = 0.8;

/** A column name as it is compared: what people take for the same name is the same. */
export function normalisedName(name: string): string {
  return name.normalize('NFKC').replace(/\s+/g, ' ').trim().toLowerCase();
}

/** The row that holds the column names, and whether it was recognised by the names that were expected. */
export interface FoundHeader {
  readonly row: CollectedRow;
  readonly isMatched: boolean;
}

/** The first row that has most of the expected names; without such a row, or without names, the first with content. */
export function findHeader(rows: readonly CollectedRow[], expectedColumns: readonly string[]): FoundHeader | undefined {
  const expected = new Set(expectedColumns.map(normalisedName));
  const matched = rows.slice(0, headerSearchRows).find((row) => {
    const names = new Set(row.cells.map((cell) => normalisedName(textOf(cell))));
    const found = [...expected].filter((name) => names.has(name)).length;
    return expected.size > 0 && found >= expected.size * matchingShare;
  });
  const row = matched ?? rows[0];
  return row === undefined ? undefined : { row, isMatched: matched !== undefined };
}
