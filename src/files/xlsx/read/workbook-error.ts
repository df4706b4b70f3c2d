import { basename } from 'node:path';
import { InputError } from '#src/errors.js';
import { isCompoundFile, isZip, sniffBytes, sniffFormat } from '#src/files/detect-format.js';

/** A place in the input, as far as it is known. */
export interface InputLocation {
  /** As the user named it. */
  readonly file: string;
  readonly sheet?: string;
  /** The name of the part inside the package, for whoever maintains the program that wrote it. */
  readonly part?: string;
  readonly line?: number;
  readonly row?: number;
  /** Letters, as the spreadsheet program shows them. */
  readonly column?: string;
}

const saveAsXlsx = 'Open it in Excel or LibreOffice and save it as “Excel Workbook (.xlsx)”, then import that file.';
const saveAgain = 'Open it in Excel or LibreOffice, save it again as .xlsx, and import the new file.';
const getAgain = 'Copy or download the file again. If that does not help, ask its owner for a new export.';
const bomb =
  'Do not open it unless you trust its sender. If your list really is this large, split it or save it as CSV.';

/** Every reason for which a workbook is rejected, with the next step. */
const nextSteps = {
  FILE_NOT_FOUND: 'Check the path; a name with spaces needs quotes.',
  IS_A_FOLDER: 'Give one file, or use: mypos-customers sweep <folder>',
  NOT_A_FILE: 'Save the data to a file and import that.',
  FILE_NOT_READABLE: 'Check that the file is not open in another program and that you may read it.',
  EMPTY_FILE: getAgain,
  FILE_CUT: getAgain,
  FILE_DAMAGED: getAgain,
  FILE_CHANGED: 'Wait until the other program has finished with it, then start again.',
  LOCK_FILE: 'Import the workbook itself: the same name without “~$” in front.',
  WORKBOOK_ENCRYPTED:
    'Open it in Excel, remove the password (File, Info, Protect Workbook), save it and import it again.',
  WORKBOOK_IS_XLS: saveAsXlsx,
  WORKBOOK_IS_XLSB: saveAsXlsx,
  ODS_FILE: saveAsXlsx,
  NUMBERS_FILE: 'In Numbers choose File, Export To, Excel, and import that file.',
  WORKBOOK_IS_TEXT: 'Rename the file to end in .csv (or .tsv), then import it.',
  NOT_A_WORKBOOK: 'Import a .xlsx workbook or a .csv file.',
  XLSX_PART_MISSING: saveAgain,
  XML_MALFORMED: saveAgain,
  XML_DOCTYPE: saveAgain,
  XML_ENCODING: saveAgain,
  NO_WORKSHEET: 'Import a workbook that has at least one sheet with cells.',
  EMPTY_SHEET: 'Use --sheet to choose the sheet that has the customers.',
  NO_DATA_ROWS: 'Add the customers below the header, or choose another sheet with --sheet.',
  HEADER_ROW_EMPTY: 'Use --header-row to give the number of the row with the column names.',
  TOO_MANY_PARTS: bomb,
  PART_TOO_LARGE: bomb,
  WORKBOOK_TOO_LARGE: bomb,
  PACKED_TOO_TIGHTLY: bomb,
  CELL_TOO_LONG: 'Shorten the text of that cell; Excel itself allows 32,767 characters.',
  CELL_OUTSIDE_SHEET: saveAgain,
  SPILL_FAILED: 'Free space in the folder for temporary files, or set another one in TMPDIR (TEMP on Windows).',
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

/** Bytes that can be read from any position. */
export interface ReadableBytes {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number; readonly buffer: Buffer }>;
}

const scanBytes = 1024 * 1024;
const encryptedStream = Buffer.from('EncryptedPackage', 'utf16le');

/**
 * Rejects what is no zip archive at all, by its first bytes: the name of a file proves nothing.
 *
 * @throws InputError the code of {@link sniffFormat} for a format that it knows
 */
export async function rejectOtherFileTypes(bytes: ReadableBytes, place: InputLocation): Promise<void> {
  const head = await readHead(bytes);
  if (basename(place.file).startsWith('~$'))
    throw workbookError('LOCK_FILE', place, 'this is the lock file of an open workbook.');
  if (head.length === 0) throw workbookError('EMPTY_FILE', place, 'the file has no content.');
  const format = sniffFormat(head, place.file);
  if (isZip(head)) return;
  if (isCompoundFile(head)) throw await compoundFileError(bytes, place);
  throw format !== 'gzip' && isText(head)
    ? workbookError('WORKBOOK_IS_TEXT', place, 'this is a text file (such as CSV) that is named like a workbook.')
    : workbookError('NOT_A_WORKBOOK', place, 'this is not a workbook.');
}

async function readHead(bytes: ReadableBytes): Promise<Buffer> {
  const { buffer, bytesRead } = await bytes.read(Buffer.alloc(sniffBytes), 0, sniffBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** Excel wraps an encrypted workbook into the container format of the old .xls files. */
async function compoundFileError(bytes: ReadableBytes, place: InputLocation): Promise<Error> {
  return (await contains(bytes, encryptedStream))
    ? workbookError('WORKBOOK_ENCRYPTED', place, 'the workbook is protected by a password.')
    : workbookError('WORKBOOK_IS_XLS', place, 'this is an old .xls workbook (Excel 97–2003), despite its name.');
}

/** @throws InputError `WORKBOOK_ENCRYPTED` for a workbook with a password in the container of the old format */
export function rejectEncrypted(bytes: Buffer, place: InputLocation): void {
  if (bytes.includes(encryptedStream))
    throw workbookError('WORKBOOK_ENCRYPTED', place, 'the workbook is protected by a password.');
}

async function contains(bytes: ReadableBytes, wanted: Buffer): Promise<boolean> {
  const window = Buffer.alloc(scanBytes + wanted.length);
  for (let position = 0; ; position += scanBytes) {
    const { bytesRead } = await bytes.read(window, 0, window.length, position);
    if (window.subarray(0, bytesRead).includes(wanted)) return true;
    if (bytesRead < window.length) return false;
  }
}

/** Whether the first bytes are text with something that may separate cells. */
function isText(head: Buffer): boolean {
  const isUtf16 = head[0] === 0xff || head[0] === 0xfe;
  return (isUtf16 || !head.includes(0)) && /[\t\n\r,;|]/.test(head.toString(isUtf16 ? 'utf16le' : 'utf8'));
}
