import { cellToText } from '#pipelines/model.js';
import { findOwnColumns } from '#pipelines/own-columns.js';
import { withoutByteOrderMark } from '#src/files/table/find-header.js';
import { columnLetters } from '#src/files/xlsx/cell-reference.js';
import type { CollectedRow } from './row-collector.js';

/** The row with the column names, and whether it was recognised by the expected names. */
export interface HeaderRow {
  readonly row: CollectedRow;
  readonly isMatched: boolean;
}

/** Which columns of the sheet become columns of the input, and under which names. */
export interface ColumnLayout {
  readonly names: readonly string[];
  /** The letters of each column, in the order of `names`. */
  readonly letters: readonly string[];
  /** By sheet column: the position in `names`, or -1 for a column that is skipped. */
  readonly slots: readonly (number | undefined)[];
  /** Names that the header has more than once. */
  readonly duplicates: readonly string[];
  /** Generated names of columns that have data but no header. */
  readonly unnamed: readonly string[];
}

/**
 * Names the columns after the header row.
 *
 * @param columnsWithData - sheet columns (from 1) that have content below the header
 * @param isSkipped - whether a column is hidden and unwanted
 * @param keepsResultColumns - whether the columns that this program adds to a result file are read, too
 */
export function layOutColumns(
  header: CollectedRow,
  columnsWithData: ReadonlySet<number>,
  isSkipped: (column: number) => boolean,
  keepsResultColumns = false,
): ColumnLayout {
  const texts = header.cells.map((cell, place) =>
    place === 0 ? withoutByteOrderMark(cellToText(cell)) : cellToText(cell),
  );
  const own = findOwnColumns(texts);
  const taken = new Set(texts);
  const seen = new Map<string, number>();
  const names: string[] = [];
  const letters: string[] = [];
  const slots: (number | undefined)[] = [];
  const unnamed: string[] = [];
  const last = Math.max(texts.length, ...columnsWithData);
  for (let column = 1; column <= last; column++) {
    const text = texts[column - 1] ?? '';
    const isNamed = text.trim() !== '';
    if (!isNamed && !columnsWithData.has(column)) continue;
    slots[column] = -1;
    if ((own.has(text) && !keepsResultColumns) || isSkipped(column)) continue;
    const name = isNamed ? uniqueName(text, seen, taken) : freeName(`Column ${column}`, taken);
    if (!isNamed) unnamed.push(name);
    slots[column] = names.push(name) - 1;
    letters.push(columnLetters(column));
  }
  const duplicates = [...seen].filter(([, count]) => count > 1).map(([name]) => name);
  return { names, letters, slots, duplicates, unnamed };
}

function uniqueName(text: string, seen: Map<string, number>, taken: Set<string>): string {
  const count = (seen.get(text) ?? 0) + 1;
  seen.set(text, count);
  return count === 1 ? text : freeName(`${text} (${count})`, taken);
}

function freeName(preferred: string, taken: Set<string>): string {
  let name = preferred;
  for (let number = 2; taken.has(name); number++) name = `${preferred} (${number})`;
  taken.add(name);
  return name;
}
