import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputError } from '#src/errors.js';

/** Where in the input something was found; as much of it as is known. */
export interface InputLocation {
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
type WorkbookErrorCode = keyof typeof nextSteps;

/** Makes the error that stops the reading: the place, the fact, and the next step of its code. */
export function workbookError(
  code: WorkbookErrorCode,
  place: InputLocation,
  fact: string,
  cause?: unknown,
): InputError {
  return new InputError(`${describeLocation(place)}: ${fact}`, {
    code,
    nextStep: nextSteps[code],
    ...(cause === undefined ? {} : { cause }),
  });
}

function describeLocation(place: InputLocation): string {
  const words = [place.file];
  if (place.sheet !== undefined) words.push(`sheet “${place.sheet}”`);
  if (place.row !== undefined) words.push(`row ${place.row}`);
  if (place.column !== undefined) words.push(`column ${place.column}`);
  if (place.part !== undefined)
    words.push(place.line === undefined ? place.part : `line ${place.line} of ${place.part}`);
  return words.join(', ');
}

const headBytes = 4096;
const scanBytes = 1024 * 1024;

const compoundFileMagic = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const zipMagics = ['504b0304', '504b0506', '504b0708'].map((hex) => Buffer.from(hex, 'hex'));
const encryptedStream = Buffer.from('EncryptedPackage', 'utf16le');

/** Kinds of text that arrive under a workbook's name, looked for in this order. */
const textKinds: readonly { code: WorkbookErrorCode; marks: RegExp; fact: string }[] = [
  { code: 'WORKBOOK_IS_ODS', marks: /<office:document/i, fact: 'this is a flat OpenDocument file, not a workbook.' },
  {
    code: 'WORKBOOK_IS_XML',
    marks: /urn:schemas-microsoft-com:office:spreadsheet|progid="Excel\.Sheet"/i,
    fact: 'this is an old “XML Spreadsheet 2003”, not a .xlsx workbook.',
  },
  {
    code: 'WORKBOOK_IS_HTML',
    marks: /^\s*(?:<\?xml[^>]*>\s*|<!--[\s\S]*?-->\s*)*<(?:!doctype html|html|head|body|meta|table|style|div)\b/i,
    fact: 'this is a web page (HTML) that was given the name of a workbook.',
  },
];

/** Turns away what is no zip package at all, by its first bytes: the name of a file proves nothing. */
export async function rejectOtherFileTypes(handle: FileHandle, place: InputLocation): Promise<void> {
  const head = await readHead(handle);
  if (basename(place.file).startsWith('~$'))
    throw workbookError('LOCK_FILE', place, 'this only marks a workbook as open.');
  if (head.length === 0) throw workbookError('FILE_EMPTY', place, 'the file has no content.');
  if (zipMagics.some((magic) => head.subarray(0, magic.length).equals(magic))) return;
  if (head.subarray(0, compoundFileMagic.length).equals(compoundFileMagic))
    throw await compoundFileError(handle, place);
  throw textFileError(head, place);
}

async function readHead(handle: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** Excel wraps an encrypted workbook into the container format of the old .xls files. */
async function compoundFileError(handle: FileHandle, place: InputLocation): Promise<Error> {
  return (await contains(handle, encryptedStream))
    ? workbookError('WORKBOOK_ENCRYPTED', place, 'the workbook is protected by a password.')
    : workbookError('WORKBOOK_IS_XLS', place, 'this is an old .xls workbook (Excel 97–2003), whatever its name says.');
}

async function contains(handle: FileHandle, wanted: Buffer): Promise<boolean> {
  const window = Buffer.alloc(scanBytes + wanted.length);
  for (let position = 0; ; position += scanBytes) {
    const { bytesRead } = await handle.read(window, 0, window.length, position);
    if (window.subarray(0, bytesRead).includes(wanted)) return true;
    if (bytesRead < window.length) return false;
  }
}

function textFileError(head: Buffer, place: InputLocation): Error {
  const isUtf16 = head[0] === 0xff || head[0] === 0xfe;
  const text = head.toString(isUtf16 ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '');
  const kind = textKinds.find(({ marks }) => marks.test(text));
  if (kind !== undefined) return workbookError(kind.code, place, kind.fact);
  if (isUtf16 || !head.includes(0))
    if (!/^%PDF|^\{\\rtf/.test(text) && /[\t\n\r,;|]/.test(text))
      return workbookError('WORKBOOK_IS_TEXT', place, 'this is a text file (such as CSV) with the name of a workbook.');
  return workbookError('NOT_A_WORKBOOK', place, 'this is not a workbook.');
}
