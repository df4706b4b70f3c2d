/** The rows and columns that the format allows. */
export const sheetGrid = { maxRow: 1_048_576, maxColumn: 16_384 } as const;

/** The letters of a column as spreadsheet programs show them: 1 is `A`, 28 is `AB`. */
export function columnLetters(column: number): string {
  let letters = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26))
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return letters;
}

/** The column, from 1, of a cell reference such as `AB12` in `text`; 0 when it is not a reference. */
export function parseColumn(text: string, start: number, end: number): number {
  let column = 0;
  let at = start;
  for (; at < end; at++) {
    const letter = (text.charCodeAt(at) & ~0x20) - 0x40;
    if (letter < 1 || letter > 26) break;
    column = column * 26 + letter;
  }
  if (at === start || at === end || at - start > 4) return 0;
  for (; at < end; at++) if (!isDigit(text.charCodeAt(at))) return 0;
  return column;
}

/** A whole number without sign in `text`; -1 when it is not one. */
export function parseWholeNumber(text: string, start: number, end: number): number {
  if (end === start || end - start > 9) return -1;
  let number = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) return -1;
    number = number * 10 + code - 0x30;
  }
  return number;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A range of cells, 1-based and inclusive. */
export interface CellRange {
  readonly firstRow: number;
  readonly lastRow: number;
  readonly firstColumn: number;
  readonly lastColumn: number;
}

/** Reads `B2:D4` or `B2`; undefined when it is neither, or lies outside every sheet. */
export function parseRange(text: string): CellRange | undefined {
  const [from = '', to = from] = text.replaceAll('$', '').trim().split(':');
  const columns = [from, to].map((reference) => parseColumn(reference, 0, reference.length));
  const rows = [from, to].map((reference) => Number(/\d+$/.exec(reference)?.[0] ?? 0));
  const [firstColumn = 0, lastColumn = 0] = columns.toSorted((a, b) => a - b);
  const [firstRow = 0, lastRow = 0] = rows.toSorted((a, b) => a - b);
  if (firstRow < 1 || firstColumn < 1 || lastRow > sheetGrid.maxRow || lastColumn > sheetGrid.maxColumn)
    return undefined;
  return { firstRow, lastRow, firstColumn, lastColumn };
}
