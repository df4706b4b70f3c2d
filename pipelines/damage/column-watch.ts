import type { FindingGroup } from './finding.js';

/** What a column as a whole told, as it can be kept as JSON. Its code says which cells it concerns. */
export interface ColumnVerdict extends FindingGroup {
  /** In digits, where the cells concerned are those of other lengths. */
  readonly usualLength?: number;
}

/** Looks at one column as a whole; what it keeps does not grow with the rows. */
export interface ColumnWatch {
  see(text: string, row: number): void;
  finish(): readonly ColumnVerdict[];
}

const maxRowsNamed = 5;

/** How many cells there were of a kind, the first rows with one, and the first value. */
export interface Tally {
  count: number;
  readonly rows: number[];
  value: string | undefined;
}

export function createTally(): Tally {
  return { count: 0, rows: [], value: undefined };
}

export function addTo(tally: Tally, row: number, value: string): void {
  tally.count += 1;
  tally.value ??= value;
  if (tally.rows.length < maxRowsNamed) tally.rows.push(row);
}

/** Several tallies as one. */
export function together(tallies: readonly Tally[]): Tally {
  const seen = tallies.filter(({ count }) => count > 0);
  const rows = seen.flatMap((tally) => tally.rows).sort((one, other) => one - other);
  return {
    count: seen.reduce((sum, { count }) => sum + count, 0),
    rows: rows.slice(0, maxRowsNamed),
    value: seen.find((tally) => tally.rows[0] === rows[0])?.value,
  };
}
