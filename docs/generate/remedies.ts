/** What to do about a code, and what it says where the sources make that up of parts. */
export interface Remedy {
  readonly next: string;
  readonly says?: string;
}

const formatAsText = 'Format the column as text, enter the digits again from where they came, and export again.';
const mendCell =
  'Correct the cell in the rejects file and import that; or take the value in with a transform or type of the mapping.';
const mendMapping = 'Correct that place in the mapping; `mypos-customers mapping check` shows it by line.';
const saveAsWorkbook = 'Open it in Excel or LibreOffice and save it as an Excel workbook (.xlsx) or as CSV (UTF-8).';
const reconcile = '`mypos-customers reconcile`. Never add the row by hand before.';
const nothing = 'Nothing.';

/** Codes whose errors carry no fixed next step of their own. The test of the pages holds the list to the sources. */
export const remedies: Readonly<Record<string, Remedy>> = {
  // Errors that end a command.
  DISK: {
    next: 'Make room on the disk of the state folder or of the results, or give this user the right to write there; then `mypos-customers resume`.',
  },
  FIELD_UNKNOWN: {
    next: 'In `--fields`: take the name that is offered, or add `--full` for fields that only details have. In a mapping: correct it, or declare your own field under "customFields".',
  },
  FORMAT_UNKNOWN: {
    says: 'The name of the file has no ending that says which format to write.',
    next: 'Add --format csv, xlsx or ndjson, or choose a name that ends so.',
  },
  INBOX_UNUSABLE: {
    says: 'The folder … cannot be swept: ….',
    next: 'Check the path, the rights of this user, and that the share is mounted. If the folder was moved on purpose, sweep it once with --adopt.',
  },
  NO_INPUT_FILE: {
    next: 'Only a run with a file has results. `mypos-customers runs show <run>` without --results tells what it did.',
  },
  UNREACHABLE: {
    next: 'Check the network and the address; `mypos-customers doctor` finds out more. Then `mypos-customers resume`.',
  },

  ADDRESS_UNUSABLE: {
    says: 'The address cannot be reached, or there is no Customers API at it. Nothing was written.',
    next: 'Check --base-url; it usually ends in /api/v2. `mypos-customers doctor` finds out more.',
  },
  LOGIN_UNUSABLE: {
    says: 'The API refused the login. Nothing was written.',
    next: 'Check --username (the API user’s e-mail) and what --password-file holds.',
  },

  // Bugs and the course of a run.
  BUG: {
    says: 'An error that this program did not expect.',
    next: 'Report it with the lines that it printed. What was settled is safe in the ledger; `mypos-customers resume` goes on.',
  },
  CHECK_ONLY: { next: 'Import the file.' },
  NOT_IN_PILOT: { next: 'Import the file again without --first; what the pilot made is known.' },
  NOT_REACHED: { next: '`mypos-customers resume <run>`' },
  IGNORED: { next: 'Nothing, if that was meant; else give the row another command.' },
  STOPPING: { next: 'Nothing: the next sweep goes on with it.' },
  REPORT_NOT_WRITTEN: {
    next: 'Make room, or close the file; then `mypos-customers runs show <run> --report <file.html>`.',
  },
  RESULTS_NOT_WRITTEN: {
    next: 'Put the input back where it was; then `mypos-customers runs show <run> --results <file>`.',
  },

  // Customers that are there, gone, or in doubt.
  ALREADY_CREATED: {
    next: 'Nothing, if the row is the same customer. To change the customer, import with --mode update or upsert; to make a second one, give the row another key, or add --force where there is no key.',
  },
  ALREADY_GONE: { next: nothing },
  CANNOT_BRING_BACK: { next: 'Import the customer again; it gets a new code.' },
  SAME_AS_ROW: { next: 'Nothing: the customer is in the other row.' },
  CODE_IN_ADD: { next: 'Import the row with --mode update, or empty its customerCode if it is a new customer.' },
  CODE_MISSING: { next: 'Fill in customerCode, or remove the row.' },
  CODE_REPEATED: {
    next: 'Remove one of the rows, or correct its code. If all shall be sent, one after the other: --repeats in-order.',
  },
  KEY_REPEATED: {
    next: 'Remove one of the rows, or correct its key. If all shall be sent, one after the other: --repeats in-order.',
  },
  MATCH_REPEATED: {
    next: 'Remove one of the rows, or give each a customerCode. If all shall be sent, one after the other: --repeats in-order.',
  },
  CUSTOMER_UNKNOWN: {
    next: 'Add the customer with --mode add or upsert, or correct the key or customerCode of the row.',
  },
  MATCH_AMBIGUOUS: {
    next: 'Give the row the customerCode of the right one (map a column to it), or make the customers differ at MYPOS Connect.',
  },
  MATCH_BLANK: { next: 'Fill in the fields that customers are found by, or give the row a customerCode.' },
  MATCH_TAKEN: {
    next: 'Correct the key, or the fields that customers are found by. `mypos-customers crosswalk export <file>` shows who is who.',
  },
  IN_DOUBT: { next: reconcile },
  IN_DOUBT_ELSEWHERE: { next: reconcile },
  RECONCILING: { next: nothing },
  NOT_VERIFIED: { next: 'Look at the customer with `mypos-customers get <code>`.' },
  SERVER_CHANGED: {
    next: 'Compare with `mypos-customers get <code>`. If the API writes it its own way, write it so in the file, or leave --verify out.',
  },
  SERVER_TRUNCATED: {
    next: 'Shorten the value in the file, or with "truncate" in the mapping, so that you choose where it is cut.',
  },

  // Values of a row.
  CELL_CUT: { next: 'Empty the cell to leave the field as it is, or take the whole text from a CSV export.' },
  CELL_ERROR: {
    next: 'Mend the formula in the workbook, or clear the cell; open and save it in Excel if it was never calculated.',
  },
  EMAIL_INVALID: { next: `${mendCell} The transform "email" tidies spaces and "mailto:".` },
  EXPRESSION_FAILED: {
    next: 'Correct the cell, or the "expression" in the mapping; `mypos-customers mapping test` tries it on rows of your own.',
  },
  IMPOSSIBLE_DATE: {
    next: 'Correct the date. If the day and the month are the wrong way round, change "format" in the mapping.',
  },
  NOT_AN_INTEGER: { next: 'Give a whole number; the field takes no other.' },
  NOT_A_BOOLEAN: { next: 'Correct the cell, or add its word to "true" or "false" in the mapping.' },
  NOT_A_DATE: { next: 'Correct the cell, or add its form to "format" in the mapping.' },
  NOT_A_NUMBER: { next: 'Correct the cell, or say in the mapping which signs it has: "decimal" and "group".' },
  NOT_CLEARABLE: { next: 'Give a value, or leave the cell blank with "blank": "keep".' },
  NOT_IN_LOOKUP: {
    next: 'Correct the cell, or add its text to the "lookup"; "otherwise" says what to do with the rest.',
  },
  NUMBER_DAMAGED: { next: formatAsText },
  NUMBER_TOO_LONG: { next: 'Map the column to a text field: so many digits are no amount.' },
  OUT_OF_RANGE: { next: 'Give a number in the range that the message names.' },
  PATTERN_NOT_FOUND: { next: 'Correct the cell, or give "extract" an "otherwise".' },
  PHONE_INVALID: { next: 'Correct the number, name its country in "phone", or give "phone" an "otherwise".' },
  TEXT_DAMAGED: { next: 'Enter the letters again, or export the file again as UTF-8.' },
  TEXT_TOO_LONG: { next: 'Shorten the text, or add "truncate" to the mapping.' },
  WRONG_TYPE: { next: 'Add a "type" or a "lookup" to the field in the mapping.' },

  // Damage that a file shows.
  AMBIGUOUS_DATES: { next: 'Say the order in the mapping, e.g. "format": "DD/MM/YYYY".' },
  MIXED_DATE_ORDER: { next: 'Find out which program wrote which, and write all of them as yyyy-mm-dd.' },
  DATE_SERIAL: {
    says: 'A number stands where a date is expected: the count of days that a spreadsheet keeps.',
    next: 'Format the column as a date (yyyy-mm-dd) and export again.',
  },
  PACE_LOST: {
    says: 'Redis, on which this machine shares its pace with others, cannot be reached or does not answer.',
    next: 'See to Redis, or leave out --pace while no other machine uses this login. A run that was stopped goes on with resume.',
  },
  DIGITS_LOST: { says: 'A long number ends in zeros: a spreadsheet keeps 15 digits.', next: formatAsText },
  SCIENTIFIC_NUMBER: { says: 'A spreadsheet turned a long number into scientific notation.', next: formatAsText },
  ERROR_VALUE: {
    says: 'A formula failed, or the column was too narrow to show the value (####).',
    next: 'Mend the formula, clear the cell, or widen the column; then export again.',
  },
  VALUE_BECAME_DATE: {
    says: 'A number or code was turned into a date.',
    next: 'Format the column as text, type the value anew, and export again.',
  },
  PHONES_WITHOUT_ZERO: {
    next: 'Format the column as text and export again, or name the country in "phone": it then does not need the zero.',
  },
  POST_CODES_TOO_SHORT: {
    next: 'Fill it up in the mapping with "pad", or format the column as text and export again.',
  },
  MOJIBAKE: {
    says: 'Letters were read in the wrong encoding, e.g. Ã© for é.',
    next: 'Export the file again as UTF-8, or try another --encoding.',
  },
  REPLACEMENT_CHARACTER: {
    says: 'A letter was lost and replaced by �.',
    next: 'Type the text anew, or export the file again as UTF-8.',
  },
  INVISIBLE_CHARACTER: {
    says: 'A cell holds a character that cannot be seen.',
    next: 'Take it out in the file, or with "trim" or "collapseSpaces" in the mapping.',
  },
  TOTALS_ROW: { next: 'Delete the row if it is no customer.' },
  ROWS_AFTER_EMPTY_ROW: { next: 'Delete them if they are a totals row or notes.' },
  LOOKS_TRUNCATED: { next: 'Export the data in several files, or as CSV from the system itself.' },

  // Rows that cannot be taken apart.
  BAD_JSON: { next: 'Mend the line; `jq -c . <file>` shows where it breaks.' },
  NOT_AN_OBJECT: { next: 'Write each line as one object, with the columns as its keys.' },
  LATE_KEY: {
    says: 'The key … does not occur in the first lines, so it has no column.',
    next: 'Give it to one of the first lines, if only as null.',
  },
  NUL_CHARACTER: { next: 'Type the cell anew, or export the file again.' },
  OPEN_QUOTE: {
    next: 'Close the quotation mark at the end of the cell, or double it; or read the file with --lenient-quotes.',
  },
  STRAY_QUOTE: {
    says: 'A quotation mark stands inside a cell.',
    next: 'Put the whole cell in quotation marks and double the inner one, or read the file with --lenient-quotes.',
  },
  STRAY_RETURNS: {
    says: '… carriage returns stand inside cells without quotation marks.',
    next: 'Check these cells; they were kept as text.',
  },
  RAGGED_ROW: {
    next: 'Put cells that hold the delimiter in quotation marks, and give every row as many cells as the header.',
  },

  // How a file was read.
  ENCODING: { next: 'Add --encoding utf-8 when you import this file.' },
  ENCODING_CONTRADICTS_MARK: { next: 'Use --encoding auto, or leave --encoding out.' },
  ENCODING_GUESSED: {
    says: 'Line … holds a byte that is not UTF-8, so the file was read as windows-1252.',
    next: 'If names look wrong, say which encoding it is: --encoding <name>.',
  },
  HEADER_NOT_RECOGNISED: {
    next: 'Name its line with --header-row, or the columns in the mapping as the file has them.',
  },
  HEADER_ROW: { next: 'Add --header-row 1 when you import this file.' },
  HEADER_FOUND: { next: 'Nothing, if it is the header; else name it with --header-row.' },
  ROWS_ABOVE_HEADER: { next: 'Nothing, if they are a title; else name the header with --header-row.' },
  DUPLICATE_COLUMNS: { next: 'Rename one of the columns, or use the name with its number in the mapping.' },
  UNNAMED_COLUMNS: { next: 'Give the column a name in the header; or use the name that it was given.' },
  EMPTY_COLUMNS_DROPPED: { next: nothing },
  DATA_OUTSIDE_COLUMNS: { next: 'Give the column a name in the header, or empty it.' },
  HIDDEN_COLUMNS: { next: 'They are read. --skip-hidden leaves them out.' },
  HIDDEN_ROWS: { next: 'They are read, also those that a filter hides. --skip-hidden leaves them out.' },
  HIDDEN_SHEETS: { next: 'Nothing, unless the customers are there: then choose it with --sheet.' },
  OTHER_SHEETS: { next: 'If the customers are on another sheet, choose it with --sheet.' },
  MERGED_CELLS: { next: 'Unmerge the cells and fill each of them.' },

  // Files of another kind.
  GZIP_CUT: { next: 'Copy or export the file again.' },
  GZIP_DAMAGED: { next: 'Copy or export the file again.' },
  HTML_FILE: { next: saveAsWorkbook },
  RTF_FILE: { next: saveAsWorkbook },
  XML_FILE: { next: saveAsWorkbook },

  // Remarks about a mapping.
  COLUMN_AMBIGUOUS: { next: 'Rename one of the columns in the file, or use the name with its number.' },
  COLUMN_MISSING: { next: 'Name the column as the file has it; the message offers the nearest.' },
  COLUMN_UNMAPPED: { next: 'Map the column, or add it to "ignore".' },
  COLUMN_UNUSED: { next: 'Map the column, or add it to "ignore".' },
  FIELD_FOUND: { next: 'Declare it under "customFields" if you want to map it.' },
  FIELD_NOT_FOUND: { next: 'Correct the name, or ask MYPOS Connect for the field.' },
  FIELD_SERVER_KEPT: { next: 'Take the field out of the mapping.' },
  FIELD_TYPE_DIFFERS: { next: 'Declare it under "customFields" with the type that the API holds.' },
  LOOKUP_FILE_UNUSABLE: { next: mendMapping },
  NAME_UNMAPPED: { next: 'Map a column to customerName, firstName or lastName.' },
  NOTHING_IDENTIFIES: { next: 'Add a "key" (the old system’s own number) or a "match".' },
  NO_CUSTOMERS: {
    next: 'Nothing, if there are none yet; else `mypos-customers doctor` shows whether this user may read them.',
  },
  NO_WAY_BACK: {
    says: 'An export cannot bring this back as it was.',
    next: 'Nothing, unless exported files shall be imported again: then leave the transform out.',
  },
  VALUES_MISFIT: {
    next: 'Correct the type or transform in the mapping, or the cells; `mypos-customers check` lists every row.',
  },

  // Remarks about an export.
  CANNOT_COME_BACK: { next: 'Nothing, unless the file shall be imported again: then look at these columns first.' },
  FIELDS_NOT_LISTED: { next: 'Add --full, or leave these columns out.' },
  CELLS_CUT: {
    says: '… cells are longer than a workbook holds and were cut.',
    next: 'They are whole in a CSV export.',
  },
  CHARACTERS_LOST: {
    says: '… cells hold characters that no workbook can hold.',
    next: 'They are whole in a CSV export.',
  },

  // Files in a drop folder.
  GREW: {
    says: 'Somebody went on writing to the file while it was imported; it is looked at anew.',
    next: 'Nothing: rows that are done are not sent again. A done-file spares this.',
  },
  NOT_YET: { says: 'The file could not be taken now.', next: 'Nothing: the next sweep tries again.' },
  SAME_CONTENT: {
    says: 'This very content was imported before.',
    next: 'Rows to mend are in the rejects file of that run. To import the same content again, give the job "sameContent": "import".',
  },
  WAITS_TOO_LONG: {
    says: 'The file has waited for more than … minutes: ….',
    next: 'Ask whoever writes it, copy it again, or take it away. A text file without a line end at its end needs "lastLineEnd": "optional".',
  },
};
