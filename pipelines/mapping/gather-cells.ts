import { type Cell, type TypedCell, textOf } from '#pipelines/row.js';
import type { Failure } from './row-reason.js';
import { trimText } from './trim-text.js';

/** What the cells of a field hold: something, nothing (`undefined`), the wish to clear (`null`), or an error. */
export type Gathered = Cell | null | undefined | Failure;

/** `computed` is what the expressions of the mapping gave for the row. */
export type GatherCells = (cells: readonly Cell[], computed?: readonly Gathered[]) => Gathered;

interface GatherRule {
  readonly positions: readonly number[];
  readonly join: string;
  readonly nullToken: string | undefined;
}

/** Makes the function that brings a field's cells together. */
export function gatherCells({ positions, join, nullToken }: GatherRule): GatherCells {
  const [only = -1] = positions;
  if (positions.length === 1) return (cells) => gatherOne(cells[only], nullToken);
  return (cells) => gatherSeveral(cells, positions, join, nullToken);
}

/** The cells as their owner sees them, for messages. */
export function shownCells(cells: readonly Cell[], positions: readonly number[]): string {
  return positions
    .map((position) => textOf(cells[position]))
    .filter((text) => text !== '')
    .join(' + ');
}

export function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'says' in value;
}

/** What a cell says: the clearing token goes before the error: a workbook makes an error cell of a typed-in `#N/A`. */
export function gatherOne(cell: Cell | undefined, nullToken: string | undefined): Gathered {
  if (cell === undefined) return undefined;
  const text = trimText(typeof cell === 'string' ? cell : cell.text);
  if (text === nullToken) return null;
  if (typeof cell !== 'string' && cell.kind === 'error') return errorIn(cell);
  return text === '' ? undefined : cell;
}

function errorIn(cell: Extract<TypedCell, { kind: 'error' }>): Failure {
  return { code: 'CELL_ERROR', says: `holds no value (${cell.reason}); correct the cell in the workbook` };
}

function gatherSeveral(
  cells: readonly Cell[],
  positions: readonly number[],
  join: string,
  nullToken: string | undefined,
): Gathered {
  let joined: string | undefined;
  let isCleared = false;
  for (const position of positions) {
    const part = gatherOne(cells[position], nullToken);
    if (isFailure(part)) return part;
    if (part === null) isCleared = true;
    else if (part !== undefined) {
      const text = trimText(textOf(part));
      joined = joined === undefined ? text : joined + join + text;
    }
  }
  return joined ?? (isCleared ? null : undefined);
}
