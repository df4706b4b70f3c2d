import type { CellFailure } from '#pipelines/mapping/cells.js';
import type { FieldValue } from '#pipelines/mapping/fields.js';
import type { Cell, TypedCell } from '#pipelines/model.js';

/** How text becomes a value of one type, and a value becomes a cell again. */
export interface CellType {
  /** `text` is trimmed and not blank. */
  fromText(text: string): FieldValue | CellFailure;
  /** A value that the workbook itself states; `undefined` when the cell's text is to be read instead. */
  fromTyped(cell: TypedCell): FieldValue | CellFailure | undefined;
  toCell(value: string | number | boolean): Cell;
}
