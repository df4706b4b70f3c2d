import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Place, type RefusalCode, refusal } from './refusal.js';

const headBytes = 4096;
const scanBytes = 1024 * 1024;

const compoundFileMagic = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const zipMagics = ['504b0304', '504b0506', '504b0708'].map((hex) => Buffer.from(hex, 'hex'));
const encryptedStream = Buffer.from('EncryptedPackage', 'utf16le');

/** Kinds of text that arrive under a workbook's name, looked for in this order. */
const textKinds: readonly { code: RefusalCode; marks: RegExp; fact: string }[] = [
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
export async function refuseOtherKinds(handle: FileHandle, place: Place): Promise<void> {
  const head = await readHead(handle);
  if (basename(place.file).startsWith('~$')) throw refusal('LOCK_FILE', place, 'this only marks a workbook as open.');
  if (head.length === 0) throw refusal('FILE_EMPTY', place, 'the file has no content.');
  if (zipMagics.some((magic) => head.subarray(0, magic.length).equals(magic))) return;
  if (head.subarray(0, compoundFileMagic.length).equals(compoundFileMagic))
    throw await compoundFileRefusal(handle, place);
  throw textRefusal(head, place);
}

async function readHead(handle: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** Excel wraps an encrypted workbook into the container format of the old .xls files. */
async function compoundFileRefusal(handle: FileHandle, place: Place): Promise<Error> {
  return (await contains(handle, encryptedStream))
    ? refusal('WORKBOOK_ENCRYPTED', place, 'the workbook is protected by a password.')
    : refusal('WORKBOOK_IS_XLS', place, 'this is an old .xls workbook (Excel 97–2003), whatever its name says.');
}

async function contains(handle: FileHandle, wanted: Buffer): Promise<boolean> {
  const window = Buffer.alloc(scanBytes + wanted.length);
  for (let position = 0; ; position += scanBytes) {
    const { bytesRead } = await handle.read(window, 0, window.length, position);
    if (window.subarray(0, bytesRead).includes(wanted)) return true;
    if (bytesRead < window.length) return false;
  }
}

function textRefusal(head: Buffer, place: Place): Error {
  const isUtf16 = head[0] === 0xff || head[0] === 0xfe;
  const text = head.toString(isUtf16 ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '');
  const kind = textKinds.find(({ marks }) => marks.test(text));
  if (kind !== undefined) return refusal(kind.code, place, kind.fact);
  if (isUtf16 || !head.includes(0))
    if (!/^%PDF|^\{\\rtf/.test(text) && /[\t\n\r,;|]/.test(text))
      return refusal('WORKBOOK_IS_TEXT', place, 'this is a text file (such as CSV) with the name of a workbook.');
  return refusal('NOT_A_WORKBOOK', place, 'this is not a workbook.');
}
