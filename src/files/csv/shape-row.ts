import type { Reason, Row } from '#pipelines/row.js';
import type { TableColumns } from '#src/files/table/column-names.js';
import type { CsvRecord } from './reader/read-records.js';

/** How records of a file become rows. */
export interface RowShape {
  readonly table: TableColumns;
  readonly holdsNuls: boolean;
  readonly delimiter: string;
}

/** The row of a record, with what is wrong with it as a whole. */
export function shapeRow(record: CsvRecord, index: number, shape: RowShape): Row {
  const { table } = shape;
  const { line: number, cells, isPlain } = record;
  const fits = cells.length === table.width && record.flaw === undefined && !shape.holdsNuls;
  if (fits && table.places === undefined) return { index, number, cells, isPlain };
  const trimmed = withoutEmptyExtras(cells, table.width);
  const defects = fits ? [] : defectsOf(record, trimmed, shape);
  const kept = inColumns(trimmed, table);
  return defects.length === 0
    ? { index, number, cells: kept, isPlain }
    : { index, number, cells: kept, isPlain, defects };
}

/** Cells beyond the last column that hold nothing are delimiters too many, which lose no data. */
function withoutEmptyExtras(cells: readonly string[], width: number): readonly string[] {
  if (cells.length <= width) return cells;
  const used = cells.findLastIndex((cell) => cell.trim() !== '') + 1;
  return cells.slice(0, Math.max(width, used));
}

function inColumns(cells: readonly string[], { places, width }: TableColumns): readonly string[] {
  if (places === undefined) return cells;
  const kept: string[] = [];
  for (const place of places) {
    const cell = cells[place];
    if (cell !== undefined) kept.push(cell);
  }
  return [...kept, ...cells.slice(width)];
}

function defectsOf(record: CsvRecord, cells: readonly string[], shape: RowShape): Reason[] {
  // A line with impossible quotation marks was cut up blindly: its number of cells means nothing.
  const defects = record.flaw === undefined ? [] : [record.flaw];
  if (record.flaw === undefined && cells.length !== shape.table.width) defects.push(ragged(record, cells, shape));
  if (shape.holdsNuls && cells.some((cell) => cell.includes('\0'))) defects.push(nulCharacter);
  return defects;
}

const nulCharacter: Reason = {
  code: 'NUL_CHARACTER',
  message: 'A cell holds a zero byte, which no text contains: the file was damaged. Type the cell anew.',
};

function ragged(record: CsvRecord, cells: readonly string[], shape: RowShape): Reason {
  const { width } = shape.table;
  const facts = `The row has ${counted(cells.length, 'cell')}, but the header has ${counted(width, 'column')}`;
  return {
    code: 'RAGGED_ROW',
    message: `${facts}: ${cause(record, cells.length < width, shape.delimiter)}`,
    value: shortened(record.cells.join(shape.delimiter)),
  };
}

function cause(record: CsvRecord, tooFew: boolean, delimiter: string): string {
  const name = delimiter === '\t' ? 'tab' : `"${delimiter}"`;
  if (record.lineCount > 1) {
    const lastLine = record.line + record.lineCount - 1;
    return `it runs from line ${record.line} to ${lastLine}, so a quotation mark is probably missing or too many.`;
  }
  if (!tooFew) return `a cell that contains a ${name} probably lacks its quotation marks. Put them around it.`;
  if (record.unended) return 'it is the last one and has no line end, so the file was probably cut. Export it again.';
  return 'it was cut, or a cell that contains a line break lacks its quotation marks. Add the missing cells.';
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

const maxShownCharacters = 80;

function shortened(text: string): string {
  return text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text;
}
