import type { CodeTable } from './code-table.js';

const formatAsText = 'Format the column as text, enter the digits again from the original source, and export again.';

/** Codes about the content of a readable file: how it was read, unreadable rows, cells that look damaged. */
export const contentCodes = {
  // Rows that cannot be read.
  BACKSLASH_QUOTE: {
    meaning: 'A quotation mark inside a cell has a backslash before it instead of being doubled.',
    nextStep: 'Read the file with --escape backslash, or "escape": "backslash" under "source" in the mapping.',
  },
  BAD_JSON: {
    meaning: 'The line is not valid JSON. Each line must be one complete object, without unescaped line breaks.',
    nextStep: 'Fix the line; `jq -c . <file>` shows where it breaks.',
  },
  DAMAGED_BYTE: {
    meaning: 'A row of a file in UTF-8 has bytes that are no characters of it.',
    nextStep: 'Type the text again, and save the file as UTF-8.',
  },
  LATE_KEY: {
    meaning: 'A key does not occur in the first lines of the file, so it has no column.',
    nextStep: 'Add it to one of the first lines, with null if it has no value there.',
  },
  NOT_AN_OBJECT: {
    meaning: 'The line is JSON, but not an object.',
    nextStep: 'Write each line as one object, with the columns as its keys.',
  },
  NUL_CHARACTER: {
    meaning: 'A cell contains a zero byte, which does not occur in text: the file was damaged.',
    nextStep: 'Type the cell again, or export the file again.',
  },
  OPEN_QUOTE: {
    meaning: 'A quotation mark opens a cell and is not closed.',
    nextStep: 'Close the quotation mark at the end of the cell, double it, or take it out.',
  },
  RAGGED_ROW: {
    meaning: 'The row has more or fewer cells than the header.',
    nextStep:
      'Put cells that contain the delimiter in quotation marks, and give every row as many cells as the header.',
  },
  SPACE_BEFORE_QUOTE: {
    meaning: 'There is a space between a delimiter and the quotation mark that opens a cell.',
    nextStep: 'Read the file with --skip-initial-space, or "skipInitialSpace": true under "source" in the mapping.',
  },
  STRAY_QUOTE: {
    meaning: 'A quotation mark is inside a cell.',
    nextStep:
      'Put the whole cell in quotation marks and double the inner one. Where cells are not in quotation marks, --lenient-quotes reads such marks as text.',
  },

  // How a file was read.
  CUSTOMERS_ABOVE_HEADER: {
    meaning: 'Rows above the header fit its columns, as in a file that was sorted with its header; they are read.',
    nextStep: 'Nothing, if they are customers; otherwise delete them.',
  },
  DATA_OUTSIDE_COLUMNS: {
    meaning: 'Rows have content in a column that has no name and was empty at the top of the sheet; it is not read.',
    nextStep: 'Give the column a name in the header, or empty it.',
  },
  DUPLICATE_COLUMNS: {
    meaning: 'Several columns have the same name; the later ones get a number.',
    nextStep: 'Rename one of the columns, or use the name with its number in the mapping.',
  },
  EMPTY_ROWS_SKIPPED: { meaning: 'Empty rows between other rows are ignored.', nextStep: 'Nothing.' },
  EMPTY_COLUMNS_DROPPED: {
    meaning: 'Empty columns without a name at the right edge are ignored.',
    nextStep: 'Nothing.',
  },
  ENCODING_CONTRADICTS_MARK: {
    meaning: 'The file was read in the requested encoding, but its byte order mark indicates another.',
    nextStep: 'Use --encoding auto, or leave --encoding out.',
  },
  ENCODING_GUESSED: {
    meaning: 'A byte of the file is not UTF-8, so the file was read in the encoding that fits its words best.',
    nextStep: 'If names look wrong, give the encoding: --encoding <name>.',
  },
  HEADER_FOUND: {
    meaning: 'A row was taken as the header because it contains field names.',
    nextStep: 'Nothing, if it is the header; otherwise give the header with --header-row.',
  },
  HEADER_MISSING: {
    meaning: 'The first row has values instead of column names, so the file is read without a header.',
    nextStep: 'Nothing, if it has none; otherwise give the header with --header-row.',
  },
  HEADER_NOT_RECOGNISED: {
    meaning: 'No row has the columns that the mapping names.',
    nextStep: 'Give the line of the header with --header-row, or correct the column names in the mapping.',
  },
  BLANK_TOKENS: {
    meaning: 'Cells hold a text that stands for nothing, such as NULL; they are read as blank.',
    nextStep: 'Nothing. If the text is a value, set "blankTokens": { "allow": [ ] } in the mapping.',
  },
  GUARDS_REMOVED: {
    meaning: 'An apostrophe, or =" ", keeps spreadsheet programs from changing a value; the value is read without it.',
    nextStep: 'Nothing. If it belongs to the value, set "cellTexts": "asWritten" in the mapping.',
  },
  SEPARATORS_REMOVED: {
    meaning: 'Cells have control characters, which nobody sees; they are read without.',
    nextStep: 'Nothing. If they belong to the value, set "cellTexts": "asWritten" in the mapping.',
  },
  NUMBERS_WERE_FLOATS: {
    meaning: 'All numbers of a column have ".0" behind them; they are read without it.',
    nextStep:
      'Leading zeros may be lost: export the column as text. If ".0" belongs to the values, set "cellTexts": "asWritten" in the mapping.',
  },
  KEYS_WERE_FLOATS: {
    meaning: 'All keys are whole numbers with ".0" behind them; they are read without it.',
    nextStep: 'Nothing. For other programs, export the column as text or as whole numbers.',
  },
  HIDDEN_COLUMNS: {
    meaning: 'The sheet has hidden columns.',
    nextStep: 'They are read. --skip-hidden leaves them out.',
  },
  HIDDEN_ROWS: {
    meaning: 'The sheet has hidden rows.',
    nextStep: 'They are read, including rows hidden by a filter. --skip-hidden leaves them out.',
  },
  HIDDEN_SHEETS: {
    meaning: 'The workbook has hidden sheets.',
    nextStep: 'Nothing, unless the customers are on one of them: then choose it with --sheet.',
  },
  MERGED_CELLS: {
    meaning: 'The data has merged cells. A spreadsheet program shows only the first cell of each.',
    nextStep: 'Unmerge the cells and fill each of them.',
  },
  ADDRESS_BEHIND_TEXT: {
    meaning:
      'The cell shows a text that is linked to an e-mail address, which is read for a field of e-mail addresses.',
    nextStep: 'Nothing, if the address is right; otherwise enter the right one as the text of the cell.',
  },
  TIME_LEFT_OUT: {
    meaning: 'The date has a time of day that the format of the cell, or of the mapping, leaves out.',
    nextStep:
      'Nothing, if only the date counts; otherwise show the time in the workbook, and name it in the format of the mapping.',
  },
  NUMBER_FORMATS_MISSING: {
    meaning:
      'The workbook lacks the number formats that its cells refer to: leading zeros are lost, and dates are numbers.',
    nextStep: 'Open it in Excel or LibreOffice, save it again as .xlsx, and import the new file.',
  },
  OTHER_LISTS: {
    meaning: 'The file (IIF of QuickBooks) has several lists, and only the one whose header was found is read.',
    nextStep: 'Nothing, if it is the list of customers; otherwise give the line of its header with --header-row.',
  },
  OTHER_SHEETS: {
    meaning: 'Only one sheet is read, and other sheets have content too.',
    nextStep: 'If the customers are on another sheet, choose it with --sheet.',
  },
  ROWS_ABOVE_HEADER: {
    meaning: 'Rows with content above the header are not read.',
    nextStep: 'Nothing, if they are a title; otherwise give the header with --header-row.',
  },
  STRAY_RETURNS: {
    meaning: 'Carriage returns are inside cells without quotation marks.',
    nextStep: 'Check these cells; they were kept as text.',
  },
  TRAILING_EMPTY_ROWS_DROPPED: { meaning: 'Empty rows at the end are ignored.', nextStep: 'Nothing.' },
  UNNAMED_COLUMNS: {
    meaning: 'Columns have no name in the header, so names were made up for them.',
    nextStep: 'Add a name in the header, or use the generated name.',
  },

  // Cells that look damaged.
  AMBIGUOUS_DATES: {
    meaning: 'The date could begin with the day or with the month, and no other date in the column shows which.',
    nextStep: 'Set the order in the mapping, e.g. "format": "DD/MM/YYYY".',
  },
  CELLS_CUT: {
    meaning: 'Cells are longer than a workbook allows and were truncated.',
    nextStep: 'A CSV export contains them in full.',
  },
  CHARACTERS_LOST: {
    meaning: 'Cells contain characters that a workbook cannot store.',
    nextStep: 'A CSV export contains them in full.',
  },
  DATE_SERIAL: {
    meaning: 'There is a number where a date is expected: a spreadsheet stores dates as a count of days.',
    nextStep: 'Format the column as a date (yyyy-mm-dd) and export again.',
  },
  DIGITS_LOST: {
    meaning: 'A long number ends in zeros: spreadsheets keep only 15 digits.',
    nextStep: formatAsText,
  },
  ERROR_VALUE: {
    meaning: 'A formula failed, or the column was too narrow to show the value (####).',
    nextStep: 'Fix the formula, clear the cell, or widen the column; then export again.',
  },
  INVISIBLE_CHARACTER: {
    meaning: 'A cell contains an invisible character.',
    nextStep: 'Remove it in the file, or with "trim" or "collapseSpaces" in the mapping.',
  },
  LOOKS_TRUNCATED: {
    meaning: 'The input has exactly as many rows as a spreadsheet allows: further rows were probably dropped.',
    nextStep: 'Export the data in several files, or directly from the system as CSV.',
  },
  CURRENCIES_MIXED: {
    meaning: 'Some amounts of the column are in another currency than the others.',
    nextStep: 'Convert these amounts, or give each currency a column of its own: the field has no currency.',
  },
  MIXED_DATE_ORDER: {
    meaning: 'In some dates of the column the day comes first, in others the month.',
    nextStep: 'Find out which program wrote which dates, and write all of them as yyyy-mm-dd.',
  },
  MOJIBAKE: {
    meaning: 'Text was decoded with the wrong encoding, e.g. Ã© for é.',
    nextStep: 'Export the file again as UTF-8, or try another --encoding.',
  },
  PHONES_WITHOUT_ZERO: {
    meaning:
      'A phone number is one digit shorter than the others in its column, which begin with 0: it probably lost its leading zero.',
    nextStep:
      'Format the column as text and export again, or set "country" in the "phone" transform of the mapping, which does not need the zero.',
  },
  POST_CODES_TOO_SHORT: {
    meaning: 'A post code is shorter than most in its column: it probably lost its leading zeros.',
    nextStep: 'Restore the zeros with "pad" in the mapping, or format the column as text and export again.',
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
