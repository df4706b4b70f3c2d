import type { CodeTable } from './code-table.js';

const formatAsText = 'Format the column as text, enter the digits again from where they came, and export again.';

/** What is said of the content of a file that can be read: how it was read, rows that cannot be, cells that look damaged. */
export const contentCodes = {
  // Rows that cannot be read.
  BAD_JSON: {
    meaning: 'The line is not valid JSON. Each line must be one whole object, without unescaped line breaks.',
    nextStep: 'Fix the line; `jq -c . <file>` shows where it breaks.',
  },
  LATE_KEY: {
    meaning: 'A key does not occur in the first lines, so it has no column.',
    nextStep: 'Give it to one of the first lines, if only as null.',
  },
  NOT_AN_OBJECT: {
    meaning: 'The line is JSON, but not an object.',
    nextStep: 'Write each line as one object, with the columns as its keys.',
  },
  NUL_CHARACTER: {
    meaning: 'A cell holds a zero byte, which no text contains: the file was damaged.',
    nextStep: 'Type the cell again, or export the file again.',
  },
  OPEN_QUOTE: {
    meaning: 'A quotation mark opens a cell and is not closed.',
    nextStep: 'Close the quotation mark at the end of the cell, or double it; or read the file with --lenient-quotes.',
  },
  RAGGED_ROW: {
    meaning: 'The row has more or fewer cells than the header.',
    nextStep: 'Put cells that hold the delimiter in quotation marks, and give every row as many cells as the header.',
  },
  STRAY_QUOTE: {
    meaning: 'A quotation mark is inside a cell.',
    nextStep: 'Put the whole cell in quotation marks and double the inner one, or read the file with --lenient-quotes.',
  },

  // How a file was read.
  DATA_OUTSIDE_COLUMNS: {
    meaning: 'Rows have content in a column that has no name and was empty at the top of the sheet; it is not read.',
    nextStep: 'Give the column a name in the header, or empty it.',
  },
  DUPLICATE_COLUMNS: {
    meaning: 'Several columns have the same name; the later ones get a number.',
    nextStep: 'Rename one of the columns, or use the name with its number in the mapping.',
  },
  EMPTY_ROWS_SKIPPED: { meaning: 'Empty rows between the others are left out.', nextStep: 'Nothing.' },
  EMPTY_COLUMNS_DROPPED: {
    meaning: 'Empty columns without a name at the right end are left out.',
    nextStep: 'Nothing.',
  },
  ENCODING_CONTRADICTS_MARK: {
    meaning: 'The file was read in the encoding that was asked for, but its first bytes mark it as another.',
    nextStep: 'Use --encoding auto, or leave --encoding out.',
  },
  ENCODING_GUESSED: {
    meaning: 'A byte of the file is not UTF-8, so the file was read as windows-1252.',
    nextStep: 'If names look wrong, name the encoding: --encoding <name>.',
  },
  HEADER_FOUND: {
    meaning: 'A row was taken as the header because it has names of fields.',
    nextStep: 'Nothing, if it is the header; else name it with --header-row.',
  },
  HEADER_NOT_RECOGNISED: {
    meaning: 'No row has the columns that the mapping names.',
    nextStep: 'Name the line of the header with --header-row, or the columns in the mapping as the file has them.',
  },
  HIDDEN_COLUMNS: {
    meaning: 'The sheet has hidden columns.',
    nextStep: 'They are read. --skip-hidden leaves them out.',
  },
  HIDDEN_ROWS: {
    meaning: 'The sheet has hidden rows.',
    nextStep: 'They are read, also those that a filter hides. --skip-hidden leaves them out.',
  },
  HIDDEN_SHEETS: {
    meaning: 'The workbook has hidden sheets.',
    nextStep: 'Nothing, unless the customers are there: then choose the sheet with --sheet.',
  },
  MERGED_CELLS: {
    meaning: 'The data has merged cells: only the first cell of each has a value, the others are empty.',
    nextStep: 'Unmerge the cells and fill each of them.',
  },
  OTHER_SHEETS: {
    meaning: 'Only one sheet is read, and other sheets have content too.',
    nextStep: 'If the customers are on another sheet, choose it with --sheet.',
  },
  ROWS_ABOVE_HEADER: {
    meaning: 'Rows with content above the header are not read.',
    nextStep: 'Nothing, if they are a title; else name the header with --header-row.',
  },
  STRAY_RETURNS: {
    meaning: 'Carriage returns are inside cells without quotation marks.',
    nextStep: 'Check these cells; they were kept as text.',
  },
  TRAILING_EMPTY_ROWS_DROPPED: { meaning: 'Empty rows at the end are left out.', nextStep: 'Nothing.' },
  UNNAMED_COLUMNS: {
    meaning: 'Columns have no name in the header and get one.',
    nextStep: 'Give the column a name in the header; or use the name that it was given.',
  },

  // Cells that look damaged.
  AMBIGUOUS_DATES: {
    meaning: 'The date could begin with the day or with the month, and no other date of the column tells which.',
    nextStep: 'Give the order in the mapping, e.g. "format": "DD/MM/YYYY".',
  },
  CELLS_CUT: {
    meaning: 'Cells are longer than a workbook holds and were cut.',
    nextStep: 'They are whole in a CSV export.',
  },
  CHARACTERS_LOST: {
    meaning: 'Cells hold characters that no workbook can hold.',
    nextStep: 'They are whole in a CSV export.',
  },
  DATE_SERIAL: {
    meaning: 'A number is where a date is expected: the count of days that a spreadsheet keeps.',
    nextStep: 'Format the column as a date (yyyy-mm-dd) and export again.',
  },
  DIGITS_LOST: {
    meaning: 'A long number ends in zeros: a spreadsheet keeps 15 digits.',
    nextStep: formatAsText,
  },
  ERROR_VALUE: {
    meaning: 'A formula failed, or the column was too narrow to show the value (####).',
    nextStep: 'Fix the formula, clear the cell, or widen the column; then export again.',
  },
  INVISIBLE_CHARACTER: {
    meaning: 'A cell holds a character that cannot be seen.',
    nextStep: 'Take it out in the file, or with "trim" or "collapseSpaces" in the mapping.',
  },
  LOOKS_TRUNCATED: {
    meaning:
      'The input has exactly as many rows as a sheet of a spreadsheet program holds: rows beyond were probably dropped.',
    nextStep: 'Export the data in several files, or as CSV from the system itself.',
  },
  MIXED_DATE_ORDER: {
    meaning: 'Some dates of the column can only begin with the day, others only with the month.',
    nextStep: 'Find out which program wrote which, and write all of them as yyyy-mm-dd.',
  },
  MOJIBAKE: {
    meaning: 'Letters were read in the wrong encoding, e.g. Ã© for é.',
    nextStep: 'Export the file again as UTF-8, or try another --encoding.',
  },
  PHONES_WITHOUT_ZERO: {
    meaning:
      'A phone number is one digit shorter than the others, which begin with 0: it probably lost its leading zero.',
    nextStep:
      'Format the column as text and export again, or name the country in "phone": it then does not need the zero.',
  },
  POST_CODES_TOO_SHORT: {
    meaning: 'A post code is shorter than usual in its column: it probably lost its leading zeros.',
    nextStep: 'Fill it up in the mapping with "pad", or format the column as text and export again.',
  },
  REPLACEMENT_CHARACTER: {
    meaning: 'A letter was lost and replaced by �.',
    nextStep: 'Type the text again, or export the file again as UTF-8.',
  },
  ROWS_AFTER_EMPTY_ROW: {
    meaning: 'Rows after an empty row look like a totals row or notes.',
    nextStep: 'Delete them if they are not customers.',
  },
  SCIENTIFIC_NUMBER: {
    meaning: 'A spreadsheet turned a long number into scientific notation.',
    nextStep: formatAsText,
  },
  TOTALS_ROW: {
    meaning: 'The last row looks like a totals row.',
    nextStep: 'Delete the row if it is not a customer.',
  },
  VALUE_BECAME_DATE: {
    meaning: 'A number or code was turned into a date.',
    nextStep: 'Format the column as text, type the value again, and export again.',
  },
} as const satisfies CodeTable;
