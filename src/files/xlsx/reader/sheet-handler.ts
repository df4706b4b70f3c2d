import { columnOfReference, wholeNumber } from './cell-reference.js';
import { sheetGrid } from './limits.js';
import { type Place, refusal } from './refusal.js';
import type { SheetEvents, StoredCell } from './sheet-events.js';
import { isOn, type XmlAttributes, type XmlHandler } from './xml-parser.js';

/** Turns the markup of a sheet into events; the whole grammar, for what the fast way leaves over. */
export class SheetHandler implements XmlHandler {
  readonly #events: SheetEvents;
  readonly #place: Place;
  readonly #maxCellCharacters: number;
  #cell: StoredCell | undefined;
  /** The element whose text is wanted. */
  #capturing: 'value' | 'formula' | 'inline' | undefined;
  #isInInline = false;
  /** Readings of Japanese words; they repeat the text in another script. */
  #isInReading = false;

  constructor(events: SheetEvents, place: Place, maxCellCharacters: number) {
    this.#events = events;
    this.#place = place;
    this.#maxCellCharacters = maxCellCharacters;
  }

  open(name: string, attributes: XmlAttributes): void {
    if (name === 'row') this.#events.startRow(this.#rowNumber(attributes.r?.value), isOn(attributes.hidden));
    else if (name === 'c') this.#cell = this.#startCell(attributes);
    else if (this.#cell !== undefined) this.#openInCell(name, this.#cell);
    else if (name === 'col' && isOn(attributes.hidden))
      this.#events.hiddenColumns(Number(attributes.min?.value), Number(attributes.max?.value));
    else if (name === 'mergeCell') this.#events.mergedCells(attributes.ref?.value ?? '');
  }

  text(text: string): void {
    if (this.#cell === undefined || this.#capturing === undefined) return;
    const captured = (this.#cell[this.#capturing] ?? '') + text;
    // Checked here and not only at the cell's end: a text of endless runs must not fill the memory first.
    if (captured.length > this.#maxCellCharacters)
      throw refusal('CELL_TOO_LONG', this.#place, `a cell holds more than ${this.#maxCellCharacters} characters.`);
    this.#cell[this.#capturing] = captured;
  }

  close(name: string): void {
    if (name === 'row') this.#events.endRow();
    if (this.#cell === undefined) return;
    if (name === 'v' || name === 'f' || name === 't') this.#capturing = undefined;
    else if (name === 'rPh') this.#isInReading = false;
    else if (name === 'is') this.#isInInline = false;
    else if (name === 'c') {
      this.#events.cell(this.#cell);
      this.#cell = undefined;
    }
  }

  #openInCell(name: string, cell: StoredCell): void {
    if (name === 'v') {
      this.#capturing = 'value';
      cell.value ??= '';
    } else if (name === 'f') {
      this.#capturing = 'formula';
      cell.formula ??= '';
    } else if (name === 'is') {
      this.#isInInline = true;
      cell.inline ??= '';
    } else if (name === 'rPh') this.#isInReading = true;
    else if (name === 't' && this.#isInInline && !this.#isInReading) this.#capturing = 'inline';
  }

  #rowNumber(text: string | undefined): number {
    if (text === undefined) return 0;
    const number = wholeNumber(text.trim(), 0, text.trim().length);
    if (number >= 1) return number;
    throw refusal('CELL_OUTSIDE_SHEET', this.#place, `“${text}” is no row number (1 to ${sheetGrid.maxRow}).`);
  }

  #startCell(attributes: XmlAttributes): StoredCell {
    const reference = attributes.r?.value.trim() ?? '';
    const column = columnOfReference(reference, 0, reference.length);
    if (column === 0 && reference !== '')
      throw refusal('CELL_OUTSIDE_SHEET', this.#place, `“${reference}” is no cell reference such as B12.`);
    const style = Number(attributes.s?.value ?? 0);
    const type = attributes.t?.value.trim() ?? '';
    return { column, style, type, value: undefined, formula: undefined, inline: undefined };
  }
}
