import type { CellValue } from 'exceljs';
import type { Code } from '#pipelines/codes.js';
import { formatCount } from '#pipelines/format-count.js';
import type { Issue } from '#pipelines/issue.js';
import type { ColumnContent } from '#pipelines/mapping/export-columns.js';
import type { Cell } from '#pipelines/model.js';

/** Excel's limit on the text of one cell, in UTF-16 units. */
const maxCellLength = 32_767;

const ellipsis = '…';

/** Any character or sequence that cannot be written as it stands. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const needsEncoding = /[\u0000-\u0008\u000B-\u001F\u007F\uD800-\uDFFF\uFFFE\uFFFF]|_x[0-9A-Fa-f]{4}_/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML cannot hold them (and exceljs drops DEL), the format's own escape can
const controls = /[\u0001-\u0008\u000B-\u001F\u007F]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: no workbook can hold these at all
const impossible = /[\u0000\uFFFE\uFFFF]/g;
const looksEscaped = /_x(?=[0-9A-Fa-f]{4}_)/g;

/** What was lost of a text that a workbook cannot hold as it is. */
export type TextLoss = 'cut' | 'characters';

/**
 * Encodes a text for a cell. Control characters and carriage returns, which XML would lose, become the format's own
 * escape (`_x000D_`), and so does a text that looks like one. What no workbook can hold is left out, and what exceeds a
 * cell is cut; both are reported.
 */
export function encodeCellText(text: string, onLoss: (loss: TextLoss) => void = () => {}): string {
  let kept = text;
  if (kept.length > maxCellLength) {
    // Half of a surrogate pair before the cut becomes an ellipsis, too.
    kept = `${kept.slice(0, maxCellLength - ellipsis.length).replace(/[\uD800-\uDBFF]$/, ellipsis)}${ellipsis}`;
    onLoss('cut');
  }
  if (!needsEncoding.test(kept)) return kept;
  const possible = kept.replace(impossible, '').toWellFormed();
  if (possible !== kept) onLoss('characters');
  return possible
    .replace(looksEscaped, '_x005F_x')
    .replace(controls, (control) => `_x${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`);
}

const lossNotices: Readonly<Record<TextLoss, { readonly code: Code; readonly fact: string; readonly advice: string }>> =
  {
    cut: {
      code: 'CELLS_CUT',
      fact: `longer than the ${maxCellLength.toLocaleString('en')} characters of a cell and truncated, with … at the end`,
      advice: 'A CSV file contains them in full. An import rejects truncated values, so that nothing is lost.',
    },
    characters: {
      code: 'CHARACTERS_LOST',
      fact: 'written without characters that a workbook cannot store',
      advice: 'A CSV file contains them in full.',
    },
  };

/** Counts the texts of which something was lost, and keeps where the first of each kind is. */
export class TextLosses {
  readonly #columns: readonly { readonly name: string }[];
  readonly #found = new Map<TextLoss, { count: number; readonly column: string; readonly row: number }>();

  constructor(columns: readonly { readonly name: string }[]) {
    this.#columns = columns;
  }

  /** @param row - of the sheet, from 1 */
  add(loss: TextLoss, column: number, row: number): void {
    const known = this.#found.get(loss);
    if (known === undefined) this.#found.set(loss, { count: 1, column: this.#columns[column]?.name ?? '', row });
    else known.count += 1;
  }

  notices(): readonly Issue[] {
    return [...this.#found].map(([loss, { count, column, row }]) => {
      const { code, fact, advice } = lossNotices[loss];
      return {
        severity: 'warning',
        code,
        message: `${formatCount(count, 'value')} ${count === 1 ? 'is' : 'are'} ${fact} (the first in row ${row}, ${column}). ${advice}`,
        row,
        columns: [column],
      };
    });
  }
}

/** For texts: what looks like a number stays the text that it is, also when somebody edits it. */
const textFormat = '@';
const dateFormat = 'yyyy-mm-dd';
const dateTimeFormat = 'yyyy-mm-dd hh:mm:ss';
const timeFormat = 'hh:mm:ss';
/** Excel shows TRUE and FALSE in any format; LibreOffice would show 1 and 0 in another. */
const booleanFormat = '"TRUE";"TRUE";"FALSE"';

/** How the cells of a column look that have no number format of their own; General where absent. */
const columnFormats: Readonly<Partial<Record<ColumnContent, string>>> = {
  text: textFormat,
  money: '#,##0.00',
  integer: '0',
  boolean: booleanFormat,
  date: dateTimeFormat,
};

/** The number format of a whole column, for the cells that somebody fills later. */
export function chooseColumnFormat(content: ColumnContent | undefined): string | undefined {
  return content === undefined ? undefined : columnFormats[content];
}

/** A cell as exceljs takes it; without a format, Excel's own is used. */
export interface ExcelCell {
  readonly value: CellValue;
  readonly format?: string | undefined;
}

/** Converts a cell of a column; what Excel has no type or no value for is written as text. */
export function toExcelCell(
  cell: Cell,
  content: ColumnContent | undefined,
  onLoss: (loss: TextLoss) => void,
): ExcelCell {
  if (typeof cell === 'string') return toTextCell(cell, content, onLoss);
  switch (cell.kind) {
    case 'number': {
      // NaN or Infinity would make the whole workbook unreadable.
      if (!Number.isFinite(cell.value)) return toTextCell(cell.text, content, onLoss);
      const isAmount = content === 'money' || content === 'integer';
      return { value: cell.value, format: cell.format ?? (isAmount ? columnFormats[content] : undefined) };
    }
    case 'boolean':
      return { value: cell.value, format: booleanFormat };
    case 'date': {
      const time = toTimeOfDay(cell.text);
      if (time !== undefined) return { value: time, format: cell.format ?? timeFormat };
      const date = toDate(cell.hiddenTime === undefined ? cell.text : `${cell.text}T${cell.hiddenTime}`);
      if (date === undefined) return toTextCell(cell.text, content, onLoss);
      const showsTime = content === 'date' || cell.text.includes('T');
      return { value: date, format: cell.format ?? (showsTime ? dateTimeFormat : dateFormat) };
    }
    case 'text':
      return {
        value: {
          text: encodeCellText(cell.text, onLoss),
          hyperlink: `mailto:${encodeURIComponent(cell.linkedAddress)}`,
        },
      };
    case 'error':
      return toTextCell(cell.text, content, onLoss);
  }
}

/** Line breaks, outer white space, and the format's own escapes. */
const needsInlineText = /\n|^\s|\s$|_x[0-9A-Fa-f]{4}_/;

/**
 * A column without a declared content is as its file had it: its texts are General. exceljs writes a plain text as the
 * result of a formula, of which LibreOffice drops line breaks and reads no escapes; only rich text becomes inline text.
 */
function toTextCell(text: string, content: ColumnContent | undefined, onLoss: (loss: TextLoss) => void): ExcelCell {
  const encoded = encodeCellText(text, onLoss);
  const value = needsInlineText.test(encoded) ? { richText: [{ text: encoded }] } : encoded;
  return { value, format: content === undefined ? undefined : textFormat };
}

/** A civil `YYYY-MM-DD[THH:mm:ss]` as the UTC date that exceljs turns into its serial number; none before 1900-03-01. */
function toDate(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?)?$/.test(text)) return undefined;
  const date = new Date(text.includes('T') ? `${text}Z` : `${text}T00:00:00Z`);
  // Excel's calendar has a 29 February 1900, so its numbers before that are a day off from those of other programs.
  return Number.isNaN(date.getTime()) || date.getTime() < Date.UTC(1900, 2, 1) ? undefined : date;
}

/** `HH:mm[:ss]` as the fraction of a day that Excel stores. */
function toTimeOfDay(text: string): number | undefined {
  const parts = /^(\d\d):(\d\d)(?::(\d\d))?$/.exec(text);
  if (parts === null) return undefined;
  const [, hours, minutes, seconds] = parts;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)) / 86_400;
}
