import type { CodeTable } from './code-table.js';

const saveAsWorkbook = 'Open it in Excel or LibreOffice and save it as an Excel workbook (.xlsx) or as CSV (UTF-8).';
const saveAgain = 'Open it in Excel or LibreOffice, save it again as .xlsx, and import the new file.';
const getAgain = 'Copy, download or export the file again. If that does not help, ask its owner for a new export.';
const tooLarge =
  'Do not open it unless you trust its sender. If your list really is this large, split it or save it as CSV.';

/** Files that cannot be read. Nothing was sent. */
export const fileCodes = {
  ARCHIVE_ENCRYPTED: {
    meaning: 'The zip archive is protected by a password.',
    nextStep: 'Unpack it and import the file inside.',
    exit: 3,
  },
  ARCHIVE_NOT_ONE_FILE: {
    meaning: 'The zip archive does not hold exactly one file.',
    nextStep: 'Unpack it and import the file that has the customers.',
    exit: 3,
  },
  BAD_DELIMITER: {
    meaning: 'This delimiter cannot be used to separate cells.',
    nextStep: 'Use e.g. --delimiter ";" or --delimiter tab, or leave it out.',
    exit: 2,
  },
  BINARY_FILE: {
    meaning: 'This is not a text file.',
    nextStep: 'Save the data as CSV (UTF-8) or as an Excel workbook (.xlsx).',
    exit: 3,
  },
  CELL_OUTSIDE_SHEET: {
    meaning: 'The workbook has a cell beyond the last row or column of a sheet.',
    nextStep: saveAgain,
    exit: 3,
  },
  CELL_TOO_LONG: {
    meaning: 'A cell contains more text than is allowed.',
    nextStep: 'Shorten the text of that cell; Excel itself allows 32,767 characters.',
    exit: 3,
  },
  EMPTY_FILE: {
    meaning: 'The file is empty.',
    nextStep: 'Export it again, and check that the export finished.',
    exit: 3,
    formerly: ['FILE_EMPTY'],
  },
  EMPTY_SHEET: {
    meaning: 'The sheet is empty.',
    nextStep: 'Use --sheet to choose the sheet that has the customers.',
    exit: 3,
  },
  ENCODING_UNCLEAR: {
    meaning: 'The file is not UTF-8, and its words do not tell which encoding it is.',
    nextStep: 'Choose the encoding in which the line shown reads as it should: --encoding <name>.',
    exit: 3,
  },
  FILE_CHANGED: {
    meaning: 'The file was changed while it was in use.',
    nextStep: 'Close it in other programs and start again.',
    exit: 3,
  },
  FILE_CUT: { meaning: 'The file is incomplete: its end is missing.', nextStep: getAgain, exit: 3 },
  FILE_DAMAGED: { meaning: 'The file is damaged.', nextStep: getAgain, exit: 3 },
  FILE_NOT_FOUND: {
    meaning: 'There is no such file.',
    nextStep: 'Check the name and the folder; a name with spaces needs quotes.',
    exit: 3,
  },
  FILE_NOT_READABLE: {
    meaning: 'This user is not allowed to read the file, or another program has locked it.',
    nextStep: 'Ask for permission to read the file, and close the program that has it open.',
    exit: 3,
    formerly: ['FILE_UNREADABLE'],
  },
  GZIP_CUT: {
    meaning: 'The compressed data is incomplete: the end of the file is missing.',
    nextStep: 'Copy or export the file again.',
    exit: 3,
  },
  GZIP_DAMAGED: { meaning: 'The compressed data is damaged.', nextStep: 'Copy or export the file again.', exit: 3 },
  GZIP_TOO_LARGE: {
    meaning: 'The file expands to far more data than a customer file contains.',
    nextStep: 'If you trust the file, decompress it yourself and import the result.',
    exit: 3,
  },
  HEADER_DAMAGED: {
    meaning: 'The header cannot be read.',
    nextStep: 'Fix the header, or give its line: --header-row <n>',
    exit: 3,
  },
  HEADER_ROW_EMPTY: {
    meaning: 'The row that was named as the header has no column names.',
    nextStep: 'Use --header-row to give the number of the row with the column names.',
    exit: 3,
  },
  HTML_FILE: {
    meaning: 'This is a web page (HTML), despite its name.',
    nextStep: saveAsWorkbook,
    exit: 3,
    formerly: ['WORKBOOK_IS_HTML'],
  },
  IS_A_FOLDER: {
    meaning: 'This is a folder, not a file.',
    nextStep: 'Give one file, or use: mypos-customers sweep <folder>',
    exit: 3,
  },
  LOCK_FILE: {
    meaning: 'This is the lock file of an open workbook.',
    nextStep: 'Import the workbook itself: the same name without “~$” in front.',
    exit: 3,
  },
  NESTED_ARCHIVE: {
    meaning: 'The compressed file contains another compressed file or a workbook.',
    nextStep: 'Decompress it and import the file inside.',
    exit: 3,
  },
  NOT_A_FILE: {
    meaning: 'This is a pipe or a device, not a file.',
    nextStep: 'Save the data to a file, or pipe it in and give "-" as the input.',
    exit: 3,
  },
  NOT_A_WORKBOOK: { meaning: 'This is not a workbook.', nextStep: 'Import a .xlsx workbook or a .csv file.', exit: 3 },
  NOT_NDJSON: {
    meaning: 'No line of the file is a JSON object.',
    nextStep: 'NDJSON has one complete object per line. Convert the file, e.g. with: jq -c . <file>',
    exit: 3,
  },
  NO_COLUMNS: {
    meaning: 'All columns are those that this program adds to its result files.',
    nextStep: 'Import the file that the results are of, or give the line of the header: --header-row <n>',
    exit: 3,
  },
  NO_DATA_ROWS: {
    meaning: 'The file has a header but no rows.',
    nextStep: 'Check that it is the right file, sheet and header row (--sheet, --header-row).',
    exit: 3,
  },
  NO_HEADER_ROW: {
    meaning: 'There are no column names on the line that was given as the header.',
    nextStep:
      'Give the line number that an editor shows: --header-row <n>, or "headerRow" under "source" in the mapping. Without it, the header is detected.',
    exit: 3,
  },
  NO_WORKSHEET: {
    meaning: 'The workbook has no sheet with cells.',
    nextStep: 'Import a workbook that has at least one sheet with cells.',
    exit: 3,
  },
  NUMBERS_FILE: {
    meaning: 'This is an Apple Numbers file.',
    nextStep: 'Open it in Numbers and export it as Excel or CSV.',
    exit: 3,
    formerly: ['WORKBOOK_IS_NUMBERS'],
  },
  ODS_FILE: {
    meaning: 'This is an OpenDocument file (.ods).',
    nextStep: 'Open it in LibreOffice and save it as an Excel workbook (.xlsx).',
    exit: 3,
    formerly: ['WORKBOOK_IS_ODS'],
  },
  PACKED_TOO_TIGHTLY: {
    meaning: 'A part of the workbook expands to far more data than is plausible.',
    nextStep: tooLarge,
    exit: 3,
  },
  PART_TOO_LARGE: { meaning: 'A part of the workbook is too large.', nextStep: tooLarge, exit: 3 },
  PDF_FILE: { meaning: 'This is a PDF.', nextStep: 'Ask for the data as a workbook or as CSV.', exit: 3 },
  READ_FAILED: {
    meaning: 'The disk or network drive failed while reading.',
    nextStep: 'Copy the file to a local disk and try again.',
    exit: 3,
  },
  RECORD_TOO_LARGE: {
    meaning: 'A line is longer than a mebibyte.',
    nextStep:
      'Check that this is a CSV file. If its delimiter or encoding was detected wrongly, set it with --delimiter or --encoding.',
    exit: 3,
  },
  RTF_FILE: { meaning: 'This is a text document (RTF).', nextStep: saveAsWorkbook, exit: 3 },
  SPILL_FAILED: {
    meaning: 'The shared strings of the workbook need a temporary file, which cannot be written.',
    nextStep: 'Free space in the folder for temporary files, or set another one in TMPDIR (TEMP on Windows).',
    exit: 3,
  },
  TOO_MANY_PARTS: { meaning: 'The workbook has far too many parts.', nextStep: tooLarge, exit: 3 },
  TRAILING_NULS: {
    meaning: 'The file ends in zero bytes: it was not written completely.',
    nextStep: 'Copy or export the file again.',
    exit: 3,
  },
  UNDECODABLE_BYTE: {
    meaning: 'A byte is not valid in the encoding.',
    nextStep: 'Give the encoding of the file: --encoding <name>. If the file is incomplete, export it again.',
    exit: 3,
  },
  UNKNOWN_ENCODING: {
    meaning: 'There is no such encoding.',
    nextStep: 'Use e.g. --encoding utf-8, windows-1252, utf-16le, iso-8859-15, shift_jis, or leave it out.',
    exit: 2,
  },
  UNKNOWN_SHEET: {
    meaning: 'The workbook has no such sheet.',
    nextStep: 'Use --sheet with one of the names that the message lists, or with a number.',
    exit: 2,
  },
  VCARD_FILE: {
    meaning: 'This is a file of contacts (vCard).',
    nextStep: 'Open it in the address book that it comes from, and export the contacts as CSV.',
    exit: 3,
  },
  WORKBOOK_ENCRYPTED: {
    meaning: 'The workbook is protected by a password.',
    nextStep: 'Open it in Excel, remove the password (File, Info, Protect Workbook), save it and import it again.',
    exit: 3,
  },
  WORKBOOK_IS_TEXT: {
    meaning: 'This is a text file (such as CSV) that is named like a workbook.',
    nextStep: 'Rename the file to end in .csv (or .tsv), then import it.',
    exit: 3,
  },
  WORKBOOK_IS_XLS: {
    meaning: 'This is an old .xls workbook (Excel 97–2003), despite its name.',
    nextStep: saveAsWorkbook,
    exit: 3,
  },
  WORKBOOK_IS_XLSB: { meaning: 'This is a binary workbook (.xlsb).', nextStep: saveAsWorkbook, exit: 3 },
  WORKBOOK_TOO_LARGE: { meaning: 'The workbook expands to too much data.', nextStep: tooLarge, exit: 3 },
  XLSX_PART_MISSING: { meaning: 'A part of the workbook is missing.', nextStep: saveAgain, exit: 3 },
  XML_DOCTYPE: {
    meaning: 'A part of the workbook has a document type (DOCTYPE), which is not allowed.',
    nextStep: saveAgain,
    exit: 3,
  },
  XML_ENCODING: {
    meaning: 'A part of the workbook is not in the encoding that it declares.',
    nextStep: saveAgain,
    exit: 3,
  },
  XML_FILE: {
    meaning: 'This is an XML file, perhaps an Excel 2003 workbook.',
    nextStep: saveAsWorkbook,
    exit: 3,
    formerly: ['WORKBOOK_IS_XML'],
  },
  XML_MALFORMED: { meaning: 'A part of the workbook is not well-formed XML.', nextStep: saveAgain, exit: 3 },
} as const satisfies CodeTable;
