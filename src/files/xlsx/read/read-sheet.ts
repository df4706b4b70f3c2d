import { parseColumn, parseWholeNumber, sheetGrid } from '#src/files/xlsx/cell-reference.js';
import type { Archive } from './archive.js';
import { FastParser, type MarkupCursor } from './fast-parser.js';
import { type InputLocation, workbookError } from './workbook-error.js';
import type { WorksheetEntry } from './workbook-index.js';
import { decodePart, isOn, type XmlAttributes, type XmlHandler, XmlParser } from './xml-parser.js';

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

/** Receives the content of a sheet, in its order. */
export interface SheetEvents {
  /** Starts a row, or starts it anew. `number` is 0 when the row does not say, and so follows the one before. */
  startRow(number: number, isHidden: boolean): void;
  /** Gets the same object every time: copy what is needed. */
  cell(cell: Readonly<StoredCell>): void;
  endRow(): void;
  hiddenColumns(first: number, last: number): void;
  mergedCells(range: string): void;
}

/** Turns the markup of a sheet into events: the full grammar, for what the fast parser passes on. */
class SheetHandler implements XmlHandler {
  readonly #events: SheetEvents;
  readonly #place: InputLocation;
  readonly #maxCellCharacters: number;
  #cell: StoredCell | undefined;
  /** The element whose text is wanted. */
  #capturing: 'value' | 'formula' | 'inline' | undefined;
  #isInInline = false;
  /** Phonetic readings of Japanese words, which repeat the text in another script. */
  #isInReading = false;

  constructor(events: SheetEvents, place: InputLocation, maxCellCharacters: number) {
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
      throw workbookError(
        'CELL_TOO_LONG',
        this.#place,
        `a cell contains more than ${this.#maxCellCharacters} characters.`,
      );
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
    const number = parseWholeNumber(text.trim(), 0, text.trim().length);
    if (number >= 1) return number;
    throw workbookError('CELL_OUTSIDE_SHEET', this.#place, `“${text}” is not a row number (1 to ${sheetGrid.maxRow}).`);
  }

  #startCell(attributes: XmlAttributes): StoredCell {
    const reference = attributes.r?.value.trim() ?? '';
    const column = parseColumn(reference, 0, reference.length);
    if (column === 0 && reference !== '')
      throw workbookError('CELL_OUTSIDE_SHEET', this.#place, `“${reference}” is not a cell reference such as B12.`);
    const style = Number(attributes.s?.value ?? 0);
    const type = attributes.t?.value.trim() ?? '';
    return { column, style, type, value: undefined, formula: undefined, inline: undefined };
  }
}

const letterR = 0x72;
const letterS = 0x73;
const letterT = 0x74;

/** Reads rows in the form that all programs write; a row with anything else goes to the XML parser. */
function createPlainRowReader(prefix: string, events: SheetEvents): (cursor: MarkupCursor) => boolean {
  const tags = createTags(prefix);
  const cell: StoredCell = {
    column: 0,
    style: 0,
    type: '',
    value: undefined,
    formula: undefined,
    inline: undefined,
  };
  return (cursor) => {
    if (!cursor.take(tags.row) || !startRow(cursor, events)) return false;
    if (!cursor.isSelfClosed) {
      for (;;) {
        cursor.skipSpace();
        if (cursor.take(tags.rowEnd)) break;
        if (!cursor.take(tags.cell) || !readCell(cursor, tags, cell)) return false;
        events.cell(cell);
      }
    }
    events.endRow();
    return true;
  };
}

type Tags = ReturnType<typeof createTags>;

function createTags(prefix: string) {
  return {
    row: `<${prefix}row`,
    rowEnd: `</${prefix}row>`,
    cell: `<${prefix}c`,
    cellEnd: `</${prefix}c>`,
    value: `<${prefix}v`,
    valueEnd: `</${prefix}v>`,
    formula: `<${prefix}f`,
    formulaEnd: `</${prefix}f>`,
    inline: `<${prefix}is`,
    inlineEnd: `</${prefix}is>`,
    text: `<${prefix}t`,
    textEnd: `</${prefix}t>`,
  } as const;
}

function startRow(cursor: MarkupCursor, events: SheetEvents): boolean {
  let number = 0;
  let isHidden = false;
  const { text } = cursor;
  while (cursor.nextAttribute()) {
    const length = cursor.nameEnd - cursor.nameStart;
    if (length === 1 && text.charCodeAt(cursor.nameStart) === letterR) {
      number = parseWholeNumber(text, cursor.valueStart, cursor.valueEnd);
      if (number < 1) return false;
    } else if (length === 6 && text.startsWith('hidden', cursor.nameStart)) {
      const value = text.slice(cursor.valueStart, cursor.valueEnd);
      isHidden = value === '1' || value === 'true';
      if (!isHidden && value !== '0' && value !== 'false') return false;
    }
  }
  if (cursor.isStrange) return false;
  events.startRow(number, isHidden);
  return true;
}

function readCell(cursor: MarkupCursor, tags: Tags, cell: StoredCell): boolean {
  cell.value = undefined;
  cell.formula = undefined;
  cell.inline = undefined;
  if (!readCellAttributes(cursor, cell)) return false;
  if (cursor.isSelfClosed) return true;
  while (!cursor.take(tags.cellEnd)) {
    const start = cursor.at;
    if (cell.value === undefined && cursor.take(tags.value)) cell.value = readContent(cursor, tags.valueEnd);
    else if (cell.formula === undefined && cursor.take(tags.formula))
      cell.formula = readContent(cursor, tags.formulaEnd);
    else if (cell.inline === undefined && cursor.take(tags.inline)) cell.inline = readInline(cursor, tags);
    else cursor.skipSpace();
    if (cursor.isStrange || cursor.at === start) return false;
  }
  return true;
}

function readCellAttributes(cursor: MarkupCursor, cell: StoredCell): boolean {
  const { text } = cursor;
  cell.column = 0;
  cell.style = -1;
  cell.type = '';
  while (cursor.nextAttribute()) {
    if (cursor.nameEnd - cursor.nameStart !== 1) continue;
    const name = text.charCodeAt(cursor.nameStart);
    if (name === letterR) {
      if (cell.column !== 0) return false;
      cell.column = parseColumn(text, cursor.valueStart, cursor.valueEnd);
      if (cell.column === 0) return false;
    } else if (name === letterS) {
      if (cell.style !== -1) return false;
      cell.style = parseWholeNumber(text, cursor.valueStart, cursor.valueEnd);
      if (cell.style < 0) return false;
    } else if (name === letterT) {
      if (cell.type !== '') return false;
      cell.type = text.slice(cursor.valueStart, cursor.valueEnd).trim();
    }
  }
  if (cell.style < 0) cell.style = 0;
  return !cursor.isStrange;
}

/** The text of an element whose name was just passed. */
function readContent(cursor: MarkupCursor, endTag: string): string {
  cursor.skipAttributes();
  if (cursor.isSelfClosed || cursor.isStrange) return '';
  const text = cursor.readText();
  if (!cursor.take(endTag)) cursor.isStrange = true;
  return text;
}

/** An inline string of one run; several runs and readings (`rPh`) are not plain. */
function readInline(cursor: MarkupCursor, tags: Tags): string {
  cursor.skipAttributes();
  if (cursor.isSelfClosed || cursor.isStrange) return '';
  cursor.skipSpace();
  const text = cursor.take(tags.text) ? readContent(cursor, tags.textEnd) : '';
  cursor.skipSpace();
  if (!cursor.take(tags.inlineEnd)) cursor.isStrange = true;
  return text;
}

/**
 * Reads a worksheet; everything goes to `events` while this runs. It yields after each chunk of the file (about a
 * hundred rows), so that the caller can take the rows, or stop.
 */
export async function* readSheet(archive: Archive, sheet: WorksheetEntry, events: SheetEvents): AsyncGenerator<void> {
  const { limits } = archive;
  const place = { ...archive.place, sheet: sheet.name, part: sheet.part };
  const handler = new SheetHandler(events, place, limits.maxCellCharacters);
  const parser = new FastParser(
    new XmlParser(handler, place, limits),
    { container: 'sheetData', depth: 2, item: 'row', createReader: (prefix) => createPlainRowReader(prefix, events) },
    limits.maxCharactersBetweenTags,
  );
  for await (const text of decodePart(archive.read(sheet.part), place)) {
    parser.write(text);
    yield;
  }
  parser.end();
}
