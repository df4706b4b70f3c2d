import type { Code } from '#pipelines/codes.js';
import { type Cell, cellToText, type TypedCell } from '#pipelines/model.js';
import { trimText } from './normalise-name.js';

/** A value that cannot be used; `says` ends a sentence that begins with the column and its value. */
export interface CellFailure {
  readonly code: Code;
  readonly says: string;
}

const maxQuotedLength = 80;

/** A value as messages show it: with visible line breaks, and shortened to a readable length. */
export function shortenValue(value: string): string {
  const oneLine = value.replaceAll(/[\r\n]+/g, '⏎');
  if (oneLine.length <= maxQuotedLength) return oneLine;
  const halfOfPair = /[\uD800-\uDBFF]$/;
  return `${oneLine.slice(0, maxQuotedLength - 1).replace(halfOfPair, '')}…`;
}

/** The content of a field's cells: a cell, nothing (`undefined`), the request to clear (`null`), or a failure. */
export type GatheredCell = Cell | null | undefined | CellFailure;

/** `computed` holds the results of the mapping's expressions for the row. */
export type GatherCells = (cells: readonly Cell[], computed?: readonly GatheredCell[]) => GatheredCell;

interface GatherRule {
  readonly positions: readonly number[];
  readonly join: string;
  readonly takesFirst?: true | undefined;
  readonly nullToken: string | undefined;
}

/** Makes the function that collects a field's cells. */
export function gatherCells({ positions, join, takesFirst, nullToken }: GatherRule): GatherCells {
  const [only = -1] = positions;
  if (positions.length === 1) return (cells) => gatherCell(cells[only], nullToken);
  if (takesFirst === true) return (cells) => gatherFirst(cells, positions, nullToken);
  return (cells) => gatherSeveral(cells, positions, join, nullToken);
}

/** The cells as their owner sees them, for messages. */
export function formatCells(cells: readonly Cell[], positions: readonly number[]): string {
  return positions
    .map((position) => cellToText(cells[position]))
    .filter((text) => text !== '')
    .join(' + ');
}

export function isFailure(value: unknown): value is CellFailure {
  return typeof value === 'object' && value !== null && 'says' in value;
}

/** The content of a cell. The null token is checked first, since a workbook turns a typed-in `#N/A` into an error cell. */
export function gatherCell(cell: Cell | undefined, nullToken: string | undefined): GatheredCell {
  if (cell === undefined) return undefined;
  // A number is there, whatever its format shows; to ask for its text takes time.
  if (nullToken === undefined && typeof cell !== 'string' && cell.kind === 'number') return cell;
  const text = trimText(cellToText(cell));
  if (text === nullToken) return null;
  if (typeof cell !== 'string' && cell.kind === 'error') return describeCellError(cell);
  return text === '' ? undefined : cell;
}

/** A number that is a name: `2000` where its format shows `2,000`, but `C-0042` where it shows that. */
export function cellToName(cell: Cell): string {
  const shown = cellToText(cell);
  if (typeof cell === 'string' || cell.kind !== 'number' || shown === cell.text) return shown;
  return shown.replaceAll(groupSigns, '') === cell.text ? cell.text : shown;
}

const groupSigns = /(?<=\d)[,. '’](?=\d{3}(?!\d))/g;

/** Amounts as numbers, so that an expression can calculate with them; other numbers as they are shown. */
export function cellToCalculate(cell: Cell | null | undefined): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'string' || cell.kind !== 'number' || cell.format === undefined) return cellToText(cell);
  return amountFormat.test(cell.format.replaceAll(literalSign, '')) ? cell.text : cellToText(cell);
}

/** Decimals, groups, percentages, fractions, currencies: what a number has that is no name. */
const amountFormat = /[,%?.]|\p{Sc}/u;
const literalSign = /\\[,%?.]/g;

function describeCellError(cell: Extract<TypedCell, { kind: 'error' }>): CellFailure {
  return { code: 'CELL_ERROR', says: `holds no value (${cell.reason}); correct the cell in the workbook` };
}

function gatherFirst(
  cells: readonly Cell[],
  positions: readonly number[],
  nullToken: string | undefined,
): GatheredCell {
  let isCleared = false;
  for (const position of positions) {
    const cell = gatherCell(cells[position], nullToken);
    if (cell === null) isCleared = true;
    else if (cell !== undefined) return cell;
  }
  return isCleared ? null : undefined;
}

function gatherSeveral(
  cells: readonly Cell[],
  positions: readonly number[],
  join: string,
  nullToken: string | undefined,
): GatheredCell {
  let joined: string | undefined;
  let isCleared = false;
  for (const position of positions) {
    const part = gatherCell(cells[position], nullToken);
    if (isFailure(part)) return part;
    if (part === null) isCleared = true;
    else if (part !== undefined) {
      const text = trimText(cellToText(part));
      joined = joined === undefined ? text : joined + join + text;
    }
  }
  return joined ?? (isCleared ? null : undefined);
}
