import { trimText } from '#pipelines/mapping/trim-text.js';
import { type Cell, textOf } from '#pipelines/row.js';

const mostSamples = 3;
const longestSample = 40;

/** What a sample of a column holds. */
export interface ColumnValues {
  readonly column: string;
  readonly position: number;
  /** Of the sample, blank cells included. */
  readonly rows: number;
  /** The texts that are not blank, in file order, trimmed. */
  readonly texts: readonly string[];
  /** The cells that are not blank, as the file has them. */
  readonly cells: readonly Cell[];
  readonly distinct: number;
  /** The first three different texts, shortened. */
  readonly samples: readonly string[];
}

/** Sorts a sample of rows into columns. */
export function columnValues(columns: readonly string[], rows: readonly (readonly Cell[])[]): readonly ColumnValues[] {
  return columns.map((column, position) => {
    const cells = rows.flatMap((cells) => {
      const cell = cells[position];
      return cell === undefined || trimText(textOf(cell)) === '' ? [] : [cell];
    });
    const texts = cells.map((cell) => trimText(textOf(cell)));
    const different = [...new Set(texts)];
    const samples = different.slice(0, mostSamples).map(shortened);
    return { column, position, rows: rows.length, texts, cells, distinct: different.length, samples };
  });
}

/** From 0 for a column that is always blank to 1; an empty file fills everything. */
export function fillOf({ rows, texts }: ColumnValues): number {
  return rows === 0 ? 1 : texts.length / rows;
}

function shortened(text: string): string {
  const oneLine = text.replaceAll(/\s+/g, ' ');
  return oneLine.length <= longestSample
    ? oneLine
    : `${Array.from(oneLine)
        .slice(0, longestSample - 1)
        .join('')}…`;
}
