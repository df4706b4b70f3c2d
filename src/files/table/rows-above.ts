import { formatCount } from '#pipelines/format-count.js';
import type { Issue } from '#pipelines/issue.js';
import type { TopRow } from '#src/files/input-source.js';

/** Rows between the top of a file and its header. */
export interface RowsAbove {
  /** Numbers of those that are customers, in a file that was sorted or put together with its header in it. */
  readonly customers: readonly number[];
  readonly notices: readonly Issue[];
}

type CellKind = 'blank' | 'number' | 'e-mail' | 'text';

function readKind(cell: string): CellKind {
  const text = cell.trim();
  if (text === '') return 'blank';
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) return 'e-mail';
  return /^[+(]?\d[\d\s.,:()/+-]*$/.test(text) ? 'number' : 'text';
}

/** Rows below the header that show what its columns hold. */
export const rowsCompared = 20;

/** From this share of its rows on, a column is one of numbers or of e-mail addresses. */
const minShareOfKind = 0.6;

/**
 * Tells customers above the header from titles: a customer has as many filled cells as a row of the table, and numbers
 * and e-mail addresses where the rows below have them.
 *
 * @param below - the first rows of the table
 * @param maxTitleCells - a row with no more filled cells is a title, which needs no mention
 */
export function sortRowsAbove(
  above: readonly TopRow[],
  header: TopRow,
  below: readonly (readonly string[])[],
  maxTitleCells: number,
): RowsAbove {
  const kinds = header.cells.map((_, place) => findColumnKind(below.map((cells) => cells[place] ?? '')));
  const names = header.cells.filter((name) => name.trim() !== '').length;
  const isCustomer = ({ cells }: TopRow) => {
    const found = cells.map(readKind);
    const filled = found.filter((kind) => kind !== 'blank').length;
    const telling = kinds.flatMap((kind, place) =>
      kind === undefined || (found[place] ?? 'blank') === 'blank' ? [] : [found[place] === kind],
    );
    return cells.length <= header.cells.length && filled * 2 >= names && telling.length > 0 && telling.every(Boolean);
  };
  const customers = above.filter(isCustomer).map(({ number }) => number);
  const unread = above.filter(
    ({ number, cells }) =>
      !customers.includes(number) && cells.filter((cell) => cell.trim() !== '').length > maxTitleCells,
  );
  return {
    customers,
    notices: [...createReadNotice(customers, header), ...createUnreadNotice(unread.length, header.number)],
  };
}

function findColumnKind(cells: readonly string[]): CellKind | undefined {
  const kinds = cells.map(readKind).filter((kind) => kind !== 'blank');
  return (['number', 'e-mail'] as const).find(
    (kind) => kinds.length > 0 && kinds.filter((other) => other === kind).length >= kinds.length * minShareOfKind,
  );
}

function createReadNotice([first, ...others]: readonly number[], header: TopRow): Issue[] {
  if (first === undefined) return [];
  const rows =
    others.length === 0 ? `Row ${first} stands` : `${others.length + 1} rows, the first of them ${first}, stand`;
  const fits = others.length === 0 ? 'fits its columns: it is' : 'fit its columns: they are';
  return [
    {
      severity: 'warning',
      code: 'CUSTOMERS_ABOVE_HEADER',
      message: `${rows} above the header (row ${header.number}) and ${fits} read like the rows below. Was the file sorted with its header?`,
      row: first,
    },
  ];
}

function createUnreadNotice(count: number, headerRow: number): Issue[] {
  if (count === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'ROWS_ABOVE_HEADER',
      message: `${formatCount(count, 'row')} with content above the header (row ${headerRow}) ${count === 1 ? 'was' : 'were'} not read.`,
      row: headerRow,
    },
  ];
}
