import { InputError } from '#src/errors.js';

/** Where in the input something was found; as much of it as is known. */
export interface Place {
  /** As the user named it. */
  readonly file: string;
  readonly sheet?: string;
  /** The name of the part inside the package, for whoever has to mend the program that wrote it. */
  readonly part?: string;
  readonly line?: number;
  readonly row?: number;
  /** Letters, as the spreadsheet program shows them. */
  readonly column?: string;
}

const saveAsXlsx = 'Open it in Excel or LibreOffice and save it as “Excel Workbook (.xlsx)”, then import that file.';
const saveAgain = 'Open it in Excel or LibreOffice, save it again as .xlsx, and import that file.';
const getAgain = 'Copy or download the file again. If it stays like this, ask its owner for a new export.';
const bomb =
  'Do not open it unless you trust its sender. A real list that is this large can be split, or saved as CSV.';

/** Every reason for which a workbook is refused, with what to do next. */
export const nextSteps = {
  FILE_NOT_FOUND: 'Check the path; a name with spaces needs quotes.',
  FILE_UNREADABLE: 'Check that the file is not open elsewhere and that you may read it.',
  FILE_EMPTY: getAgain,
  FILE_CUT: getAgain,
  FILE_DAMAGED: getAgain,
  FILE_CHANGED: 'Wait until the other program is done with it, then start again.',
  LOCK_FILE: 'Import the workbook itself: the same name without “~$” in front.',
  WORKBOOK_ENCRYPTED:
    'Open it in Excel, remove the password (File, Info, Protect Workbook), save it and import it again.',
  WORKBOOK_IS_XLS: saveAsXlsx,
  WORKBOOK_IS_XLSB: saveAsXlsx,
  WORKBOOK_IS_ODS: saveAsXlsx,
  WORKBOOK_IS_NUMBERS: 'In Numbers choose File, Export To, Excel, and import that file.',
  WORKBOOK_IS_XML: saveAsXlsx,
  WORKBOOK_IS_HTML: saveAsXlsx,
  WORKBOOK_IS_TEXT: 'Give the file the ending .csv (or .tsv) and import it under that name.',
  NOT_A_WORKBOOK: 'Import a .xlsx workbook or a .csv file.',
  XLSX_PART_MISSING: saveAgain,
  XML_MALFORMED: saveAgain,
  XML_DOCTYPE: saveAgain,
  XML_ENCODING: saveAgain,
  NO_WORKSHEET: 'Import a workbook that has at least one sheet with cells.',
  EMPTY_SHEET: 'Choose the sheet that has the customers with --sheet.',
  NO_DATA_ROWS: 'Add the customers below the header, or choose another sheet with --sheet.',
  HEADER_ROW_EMPTY: 'Give the number of the row that holds the column names with --header-row.',
  TOO_MANY_PARTS: bomb,
  PART_TOO_LARGE: bomb,
  WORKBOOK_TOO_LARGE: bomb,
  PACKED_TOO_TIGHTLY: bomb,
  CELL_TOO_LONG: 'Shorten the text of that cell; Excel itself allows 32,767 characters.',
  CELL_OUTSIDE_SHEET: saveAgain,
  SPILL_FAILED: 'Make room in the folder for temporary files, or name another one in TMPDIR (TEMP on Windows).',
} as const;

/** Stable codes of the errors that the workbook reader throws. */
export type RefusalCode = keyof typeof nextSteps;

/** Makes the error that stops the reading: the place, the fact, and the next step of its code. */
export function refusal(code: RefusalCode, place: Place, fact: string, cause?: unknown): InputError {
  return new InputError(`${describePlace(place)}: ${fact}`, {
    code,
    nextStep: nextSteps[code],
    ...(cause === undefined ? {} : { cause }),
  });
}

function describePlace(place: Place): string {
  const words = [place.file];
  if (place.sheet !== undefined) words.push(`sheet “${place.sheet}”`);
  if (place.row !== undefined) words.push(`row ${place.row}`);
  if (place.column !== undefined) words.push(`column ${place.column}`);
  if (place.part !== undefined)
    words.push(place.line === undefined ? place.part : `line ${place.line} of ${place.part}`);
  return words.join(', ');
}
