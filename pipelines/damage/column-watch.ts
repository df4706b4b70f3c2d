import type { Notice } from '../ports.js';

/** Looks at one column as a whole; what it keeps does not grow with the rows. */
export interface ColumnWatch {
  see(text: string, row: number): void;
  finish(): readonly Notice[];
}

const maxRowsNamed = 5;

/** How many cells there were of a kind, and the first rows with one. */
export interface Tally {
  count: number;
  readonly rows: number[];
}

export function createTally(): Tally {
  return { count: 0, rows: [] };
}

export function addTo(tally: Tally, row: number): void {
  tally.count += 1;
  if (tally.rows.length < maxRowsNamed) tally.rows.push(row);
}

/** The first rows of several tallies, in order. */
export function firstRows(tallies: readonly Tally[]): readonly number[] {
  return tallies
    .flatMap(({ rows }) => rows)
    .sort((one, other) => one - other)
    .slice(0, maxRowsNamed);
}

/** "row 4", "rows 4, 9", "rows 4, 9, …" when there are more than are named. */
export function namedRows(rows: readonly number[], count: number): string {
  const more = count > rows.length ? ', …' : '';
  return `${count === 1 ? 'row' : 'rows'} ${rows.join(', ')}${more}`;
}
