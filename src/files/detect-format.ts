import type { Code } from '#pipelines/codes.js';
import { createInputError } from './input-file.js';
import type { Format } from './input-source.js';

/**
 * What the first bytes of a file say that it is. `zip` may still be a workbook: only the directory at the end of the
 * archive tells.
 */
export type SniffedFormat = Format | OldWorkbook | 'gzip' | 'zip';

/** Workbooks that are converted before they are read. */
export type OldWorkbook = 'xls' | 'ods';

/** How many bytes {@link sniffFormat} needs. */
export const sniffBytes = 4096;

const zipSignatures = ['504b0304', '504b0506', '504b0708'].map((hex) => Buffer.from(hex, 'hex'));
const gzipSignature = Buffer.from('1f8b', 'hex');
const compoundFileSignature = Buffer.from('d0cf11e0a1b11ae1', 'hex');

const saveAsWorkbookOrCsv =
  'Open it in a spreadsheet program and save it as an Excel workbook (.xlsx) or as CSV (UTF-8).';

interface UnsupportedFormat {
  readonly pattern: RegExp;
  readonly code: Code;
  readonly fact: string;
  readonly nextStep: string;
}

/** Matched against text without byte order mark, zero bytes and leading white space; the first match decides. */
const unsupportedTexts: readonly UnsupportedFormat[] = [
  {
    pattern: /^(?:<\?xml[^>]*>\s*|<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|style|table|div)\b/i,
    code: 'HTML_FILE',
    fact: 'this is a web page (HTML), despite its name.',
    nextStep: saveAsWorkbookOrCsv,
  },
  {
    pattern: /^<\?xml[\s\S]*?<office:document\b/i,
    code: 'ODS_FILE',
    fact: 'this is a flat OpenDocument file.',
    nextStep: 'Open it in LibreOffice and save it as an Excel workbook (.xlsx).',
  },
  {
    pattern: /^<\?xml|^<\w+[\s>][^,;\t]*xmlns/i,
    code: 'XML_FILE',
    fact: 'this is an XML file, perhaps an Excel 2003 workbook.',
    nextStep: saveAsWorkbookOrCsv,
  },
  {
    pattern: /^%PDF-/,
    code: 'PDF_FILE',
    fact: 'this is a PDF.',
    nextStep: 'Ask for the data as a workbook or as CSV.',
  },
  {
    pattern: /^\{\\rtf/,
    code: 'RTF_FILE',
    fact: 'this is a text document (RTF).',
    nextStep: saveAsWorkbookOrCsv,
  },
  {
    pattern: /^BEGIN:VCARD\b/i,
    code: 'VCARD_FILE',
    fact: 'this is a file of contacts (vCard).',
    nextStep:
      'Open it in the address book that it comes from, e.g. Google Contacts, Outlook or the Contacts app, and export the contacts as CSV.',
  },
];

/** Zip archives that are no workbook, recognised by the name or the content of their first entry. */
const unsupportedArchives: readonly UnsupportedFormat[] = [
  {
    pattern: /mimetypeapplication\/vnd\.oasis\.opendocument\.(?!spreadsheet)/,
    code: 'ODS_FILE',
    fact: 'this is an OpenDocument file, but no spreadsheet.',
    nextStep: saveAsWorkbookOrCsv,
  },
  {
    pattern: /^PK[\s\S]{28}(?:Index\/|[^/]*\.iwa)/,
    code: 'NUMBERS_FILE',
    fact: 'this is an Apple Numbers file.',
    nextStep: 'Open it in Numbers and export it as Excel or CSV.',
  },
];

/**
 * Detects the format of a file by its first bytes. The name decides between NDJSON and CSV only; text that is named as
 * a workbook goes to the workbook reader, which rejects it: whoever names it so expects numbers and dates to have types.
 *
 * @throws InputError `HTML_FILE`, `XML_FILE`, `PDF_FILE`, `RTF_FILE`, `VCARD_FILE`, `ODS_FILE` or `NUMBERS_FILE`
 */
export function sniffFormat(head: Buffer, file: string): SniffedFormat {
  if (startsWith(head, gzipSignature)) return 'gzip';
  if (isCompoundFile(head)) return 'xls';
  const bytes = head.toString('latin1');
  if (isZip(head)) {
    rejectUnsupported(unsupportedArchives, bytes, file);
    if (/mimetypeapplication\/vnd\.oasis\.opendocument\.spreadsheet/.test(bytes)) return 'ods';
    return workbookStart.test(bytes) ? 'xlsx' : 'zip';
  }
  // Without byte order mark and zero bytes, the ASCII part of UTF-8 and UTF-16 is the same.
  const text = bytes
    .replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '')
    .replaceAll('\0', '')
    .trimStart();
  rejectUnsupported(unsupportedTexts, text, file);
  if (text !== '' && /\.xls[xmb]$/i.test(file)) return 'xlsx';
  // The first line of a MYOB export is a pair of braces, and a table follows.
  if (/^\{\}[ \t]*[\r\n]+(?![\s{])/.test(text)) return 'csv';
  return /\.(?:ndjson|jsonl)(?:\.gz)?$/i.test(file) || jsonStart.test(text) ? 'ndjson' : 'csv';
}

/** The name of the first entry in nearly every workbook. */
const workbookStart = /^PK[\s\S]{28}(?:\[Content_Types\]|_rels\/|xl\/|docProps\/|customXml\/)/i;

/** An object, or an array of objects; a column of a CSV may have a name in brackets. */
const jsonStart = /^(?:\{\s*(?:"|\})|\[\s*(?:\{\s*["}]|\]\s*$|$))/;

/** Whether the file begins like a zip archive, which every .xlsx workbook is. */
export function isZip(head: Buffer): boolean {
  return zipSignatures.some((signature) => startsWith(head, signature));
}

/** Whether the file begins like an OLE compound file: an .xls workbook, or a workbook with a password. */
export function isCompoundFile(head: Buffer): boolean {
  return startsWith(head, compoundFileSignature);
}

function rejectUnsupported(formats: readonly UnsupportedFormat[], text: string, file: string): void {
  for (const { pattern, code, fact, nextStep } of formats)
    if (pattern.test(text)) throw createInputError({ code, file, fact, nextStep });
}

function startsWith(head: Buffer, signature: Buffer): boolean {
  return head.subarray(0, signature.length).equals(signature);
}
