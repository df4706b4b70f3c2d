import { anyText, choice, flag, optional, refine, type TypeOf, text, wholeNumber } from './shape.js';

/**
 * How a file is to be read. The one list of these options: the mapping's `source`, the options of the library and what a run
 * keeps of them come from it. What is left out is detected.
 */
export const readingOptions = {
  /** The sheet of a workbook, by name or by number from 1. @default the first visible one */
  sheet: optional(text(), 'The name of the sheet in a workbook.'),
  /** The line (text file) or row (workbook) of the header, from 1. @default detected */
  headerRow: optional(wholeNumber(1), 'The row with the column names, from 1.'),
  /** Whether the first row is a customer already: the columns are then called A, B, C, as in a spreadsheet program. @default false */
  noHeader: optional(
    flag(),
    'Whether the file has no row with column names: columns are called A, B, C. Default: false.',
  ),
  /** A name that iconv-lite knows, or `auto`. @default 'auto' */
  encoding: optional(text(), 'The encoding of a text file, or "auto".'),
  /** The character between two cells, or `auto`. @default 'auto' */
  delimiter: optional(delimiter(), 'The delimiter of a text file, or "auto".'),
  /** Treats a quotation mark inside an unquoted cell as text instead of as an error. @default false */
  lenientQuotes: optional(flag(), 'Whether a quotation mark inside an unquoted cell is text. Default: false.'),
  /** What makes a quotation mark inside a quoted cell text: a second one, or a backslash before it. @default 'double' */
  escape: optional(
    choice(['double', 'backslash']),
    'What makes a quotation mark inside a quoted cell text: a second one ("double"), or a "backslash" before it. Default: "double".',
  ),
  /** Skips blanks between a delimiter and the cell behind it, also before a quotation mark. @default false */
  skipInitialSpace: optional(flag(), 'Whether spaces after a delimiter are skipped. Default: false.'),
  /** Skips hidden rows and columns of a workbook. @default false */
  skipHidden: optional(flag(), 'Whether hidden rows and columns of a workbook are skipped. Default: false.'),
  /** Takes rows that look like totals, a second header or notes as customers. @default false */
  keepAllRows: optional(
    flag(),
    'Whether rows that look like totals, a second header or notes are customers as well. Default: false.',
  ),
};

/** How the user says that a file is to be read; what is left out is detected. */
export type ReadOptions = {
  readonly [Name in keyof typeof readingOptions]?: TypeOf<(typeof readingOptions)[Name]['shape']> | undefined;
};

/** Only the options for reading, of an object that may have others; those that are absent are left out. */
export function pickReadOptions(options: ReadOptions): ReadOptions {
  return Object.fromEntries(
    Object.keys(readingOptions).flatMap((name) => {
      const value = options[name as keyof ReadOptions];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function delimiter() {
  return refine(
    anyText(),
    (character, node) =>
      character.length === 1 || character === 'auto'
        ? character
        : node.report('CHOICE_UNKNOWN', 'A delimiter is one character, such as ";" or "\\t" for a tab, or "auto"'),
    { pattern: '^(?:.|\\t|auto)$' },
  );
}
