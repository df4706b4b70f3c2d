import { type Gathered, gatherOne, isFailure } from '#pipelines/mapping/gather-cells.js';
import { type Cell, textOf } from '#pipelines/row.js';
import type { Expression, RowTexts } from './compile-expression.js';

/** An expression and where its columns stand in the file. */
export interface PlacedExpression {
  readonly expression: Expression;
  /** The columns as the expression names them, which need not be as the file spells them. */
  readonly positions: ReadonlyMap<string, number>;
}

/** Works out all expressions of a mapping for one row, in their order. */
export async function computeRow(
  expressions: readonly PlacedExpression[],
  columns: readonly string[],
  cells: readonly Cell[],
  nullToken: string | undefined,
): Promise<readonly Gathered[]> {
  const gathered = columns.map((_, position) => gatherOne(cells[position], nullToken));
  const texts: readonly string[] = gathered.map((cell) => (isFailure(cell) ? '' : textOf(cell ?? undefined)));
  const row: Record<string, string> = Object.create(null);
  columns.forEach((column, position) => {
    row[column] = texts[position] ?? '';
  });
  const results: Gathered[] = [];
  for (const { expression, positions } of expressions)
    results.push(failedCell(positions, gathered) ?? (await expression.evaluate(rowFor(positions, texts, row))));
  return results;
}

function failedCell(positions: ReadonlyMap<string, number>, gathered: readonly Gathered[]): Gathered {
  return [...positions.values()].map((position) => gathered[position]).find(isFailure);
}

function rowFor(positions: ReadonlyMap<string, number>, texts: readonly string[], row: RowTexts): RowTexts {
  const named = Object.assign(Object.create(null) as Record<string, string>, row);
  for (const [name, position] of positions) named[name] = texts[position] ?? '';
  return named;
}
