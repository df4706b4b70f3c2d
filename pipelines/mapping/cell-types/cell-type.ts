import type { FieldValue } from '#pipelines/mapping/customer-fields.js';
import type { Failure } from '#pipelines/mapping/row-reason.js';
import type { Cell, TypedCell } from '#pipelines/row.js';

/** How text becomes a value of one type, and a value becomes a cell again. */
export interface CellType {
  /** `text` is trimmed and not blank. */
  fromText(text: string): FieldValue | Failure;
  /** A value that the workbook itself states; `undefined` when the cell's text is to be read instead. */
  fromTyped(cell: TypedCell): FieldValue | Failure | undefined;
  toCell(value: string | number | boolean): Cell;
}
