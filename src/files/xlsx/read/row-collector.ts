import type { Cell, RowSigns } from '#pipelines/model.js';

import { columnLetters, sheetGrid } from '#src/files/xlsx/cell-reference.js';
import type { WorkbookLimits } from './archive.js';
import { type CellDecoder, linkCell } from './decode-cell.js';
import type { SheetEvents, StoredCell } from './read-sheet.js';
import { sumsRowsAbove } from './totals-rows.js';
import { type InputLocation, workbookError } from './workbook-error.js';

/** One row of the sheet that has content. */
export interface CollectedRow {
  readonly number: number;
  readonly isHidden: boolean;
  readonly cells: Cell[];
  /** The first sheet column with content that has no slot; 0 when there is none. */
  readonly outsideColumn: number;
  /** What its formulas show; absent when there is nothing to say. */
  readonly signs?: Pick<RowSigns, 'hasOnlyFormulas' | 'sums'>;
}

export interface CollectorOptions {
  readonly place: InputLocation;
  readonly decode: CellDecoder;
  readonly limits: Pick<WorkbookLimits, 'maxCellCharacters' | 'maxTextCharacters' | 'maxSheetCharacters'>;
  /** The e-mail address that a cell is linked to, where there are such links. */
  readonly linkAt?: ((row: number, column: number) => string | undefined) | undefined;
  /** Where each sheet column (by number) goes in `cells`: -1 is skipped, absent has no slot. */
  readonly slots?: readonly (number | undefined)[];
  /** How many slots there are. */
  readonly width?: number;
  readonly onRow: (row: CollectedRow) => void;
  readonly onHiddenColumns?: (first: number, last: number) => void;
  readonly onMergedCells?: (range: string) => void;
}

function isBlank(cell: Cell): boolean {
  return cell === '' || (typeof cell === 'string' && cell.trim() === '');
}

/** Collects the cells of a sheet into rows; rows without content are skipped. */
export class RowCollector implements SheetEvents {
  readonly #options: CollectorOptions;
  #lastNumber = 0;
  #number = 0;
  #column = 0;
  #isHidden = false;
  #cells: Cell[] | undefined;
  #outsideColumn = 0;
  #hasValues = false;
  #sums: number[] | undefined;
  readonly #maxCellCharacters: number;
  #sheetCharacters = 0;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#maxCellCharacters = Math.min(options.limits.maxCellCharacters, options.limits.maxTextCharacters);
  }

  startRow(number: number, isHidden: boolean): void {
    this.#number = number === 0 ? this.#lastNumber + 1 : number;
    this.#isHidden = isHidden;
    this.#column = 0;
    this.#cells = undefined;
    this.#outsideColumn = 0;
    this.#hasValues = false;
    this.#sums = undefined;
    if (this.#number > sheetGrid.maxRow)
      throw workbookError('CELL_OUTSIDE_SHEET', this.#place(), `a sheet ends at row ${sheetGrid.maxRow}.`);
  }

  cell(cell: Readonly<StoredCell>): void {
    this.#column = cell.column === 0 ? this.#column + 1 : cell.column;
    if (this.#column > sheetGrid.maxColumn) this.#refuse('CELL_OUTSIDE_SHEET', 'a sheet ends at column XFD.');
    const { slots, decode, linkAt } = this.#options;
    const slot = slots === undefined ? this.#column - 1 : slots[this.#column];
    if (slot === -1) return;
    let content = decode(cell);
    if (content === '') return;
    if (typeof content === 'string') {
      this.#checkLength(content.length);
      if (linkAt !== undefined) content = linkCell(content, linkAt(this.#number, this.#column));
    } else if (content.kind !== 'number') this.#checkLength(content.text.length);
    if (slot === undefined) this.#outsideColumn ||= this.#column;
    else this.#put(slot, content);
    const { formula } = cell;
    if (formula === undefined) this.#hasValues = true;
    else if (slot !== undefined && sumsRowsAbove(formula, columnLetters(this.#column), this.#number))
      this.#sums = [...(this.#sums ?? []), slot];
  }

  endRow(): void {
    this.#lastNumber = this.#number;
    if (this.#outsideColumn === 0 && (this.#cells === undefined || this.#cells.every(isBlank))) return;
    const hasSigns = !this.#hasValues || this.#sums !== undefined;
    this.#options.onRow({
      number: this.#number,
      isHidden: this.#isHidden,
      cells: this.#cells ?? [],
      outsideColumn: this.#outsideColumn,
      ...(hasSigns ? { signs: this.#describeFormulas() } : {}),
    });
    this.#cells = undefined;
  }

  hiddenColumns(first: number, last: number): void {
    this.#options.onHiddenColumns?.(first, last);
  }

  mergedCells(range: string): void {
    this.#options.onMergedCells?.(range);
  }

  #checkLength(length: number): void {
    if (length > this.#maxCellCharacters)
      this.#refuse('CELL_TOO_LONG', `the cell contains more than ${this.#maxCellCharacters} characters.`);
    this.#sheetCharacters += length;
    const { maxSheetCharacters } = this.#options.limits;
    if (this.#sheetCharacters > maxSheetCharacters)
      this.#refuse('WORKBOOK_TOO_LARGE', `the texts of the sheet have more than ${maxSheetCharacters} characters.`);
  }

  #put(slot: number, content: Cell): void {
    this.#cells ??= new Array<Cell>(this.#options.width ?? 0).fill('');
    while (this.#cells.length < slot) this.#cells.push('');
    this.#cells[slot] = content;
  }

  #describeFormulas(): Pick<RowSigns, 'hasOnlyFormulas' | 'sums'> {
    return {
      ...(this.#hasValues ? {} : { hasOnlyFormulas: true as const }),
      ...(this.#sums === undefined ? {} : { sums: this.#sums }),
    };
  }

  #place(): InputLocation {
    return { ...this.#options.place, row: this.#number };
  }

  #refuse(code: 'CELL_OUTSIDE_SHEET' | 'CELL_TOO_LONG' | 'WORKBOOK_TOO_LARGE', fact: string): never {
    throw workbookError(code, { ...this.#place(), column: columnLetters(this.#column) }, fact);
  }
}
