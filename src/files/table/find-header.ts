import { normalizedName } from './column-names.js';

/** How many non-empty rows may precede the header. */
export const headerSearchRows = 50;

const minShareOfNames = 0.8;

/**
 * The place of the header among the first rows of a table: the first row that holds enough of the expected names, else
 * the first row that holds anything; -1 when all are empty.
 */
export function findHeader(rows: readonly (readonly string[])[], expectedColumns: readonly string[]): number {
  const expected = new Set(expectedColumns.map(normalizedName));
  if (expected.size > 0) {
    const place = rows.findIndex((cells) => share(cells, expected) >= minShareOfNames);
    if (place >= 0) return place;
  }
  return rows.findIndex((cells) => !isEmptyRow(cells));
}

function share(cells: readonly string[], expected: ReadonlySet<string>): number {
  const present = new Set(cells.map(normalizedName));
  let found = 0;
  for (const name of expected) if (present.has(name)) found += 1;
  return found / expected.size;
}

/** Whether no cell of the row holds anything but space. */
export function isEmptyRow(cells: readonly string[]): boolean {
  // Nearly every row has a value in its first cell: one look is enough for it.
  if ((cells[0]?.charCodeAt(0) ?? 0) > 0x20 && cells[0]?.trim() !== '') return false;
  return cells.every((cell) => cell.trim() === '');
}
