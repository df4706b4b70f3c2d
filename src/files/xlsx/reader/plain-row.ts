import { columnOfReference, wholeNumber } from './cell-reference.js';
import type { MarkupCursor } from './markup-cursor.js';
import type { SheetEvents, StoredCell } from './sheet-events.js';

const letterR = 0x72;
const letterS = 0x73;
const letterT = 0x74;

/** Reads rows of the shape that all programs write; anything else in a row is left to the XML parser. */
export function makePlainRowReader(prefix: string, events: SheetEvents): (cursor: MarkupCursor) => boolean {
  const tags = tagsFor(prefix);
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

type Tags = ReturnType<typeof tagsFor>;

function tagsFor(prefix: string) {
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
      number = wholeNumber(text, cursor.valueStart, cursor.valueEnd);
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
      cell.column = columnOfReference(text, cursor.valueStart, cursor.valueEnd);
      if (cell.column === 0) return false;
    } else if (name === letterS) {
      if (cell.style !== -1) return false;
      cell.style = wholeNumber(text, cursor.valueStart, cursor.valueEnd);
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
