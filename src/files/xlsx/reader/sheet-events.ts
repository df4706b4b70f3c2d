/** A cell as the sheet stores it. Absent parts are `undefined`; an empty element is an empty text. */
export interface StoredCell {
  /** 1-based; 0 when the cell does not say, and so follows the one before. */
  column: number;
  style: number;
  /** The attribute `t`; empty when absent. */
  type: string;
  value: string | undefined;
  /** The formula, without `=`. */
  formula: string | undefined;
  /** The text of an inline string, all runs joined. */
  inline: string | undefined;
}

/** What reading a sheet tells, in the order of the sheet. */
export interface SheetEvents {
  /** Starts a row, or starts it anew. `number` is 0 when the row does not say, and so follows the one before. */
  startRow(number: number, isHidden: boolean): void;
  /** The same object every time: take what you need. */
  cell(cell: Readonly<StoredCell>): void;
  endRow(): void;
  hiddenColumns(first: number, last: number): void;
  mergedCells(range: string): void;
}
