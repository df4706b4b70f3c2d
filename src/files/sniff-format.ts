import { inputFailure } from './input-failure.js';
import type { Format } from './input-source.js';

/** What the first bytes of a file say that it is. */
export type Sniffed = Format | 'gzip';

const magic = {
  zipEntry: Buffer.from([0x50, 0x4b, 3, 4]),
  zipOfNothing: Buffer.from([0x50, 0x4b, 5, 6]),
  zipSplit: Buffer.from([0x50, 0x4b, 7, 8]),
  gzip: Buffer.from([0x1f, 0x8b]),
  ole2: Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]),
} as const;

/** Bytes that {@link sniffFormat} wants to see. */
export const sniffBytes = 4096;

const saveAsNew = 'Open it in a spreadsheet program and save it as an Excel workbook (.xlsx) or as CSV (UTF-8).';

interface Foreign {
  readonly looks: RegExp;
  readonly code: string;
  readonly fact: string;
  readonly nextStep: string;
}

/** Files that people mistake for tables; looked for in text without zero bytes and leading space. */
const foreignTexts: readonly Foreign[] = [
  {
    looks: /^<(?:!doctype\s+html|html|head|body|meta|style|table|div)\b/i,
    code: 'HTML_FILE',
    fact: 'this is a web page, whatever its name says.',
    nextStep: saveAsNew,
  },
  {
    looks: /^<\?xml|^<\w+[\s>][^,;\t]*xmlns/i,
    code: 'XML_FILE',
    fact: 'this is an XML file, perhaps a workbook of Excel 2003.',
    nextStep: saveAsNew,
  },
  { looks: /^%PDF-/, code: 'PDF_FILE', fact: 'this is a PDF.', nextStep: 'Ask for the data as a workbook or as CSV.' },
  { looks: /^\{\\rtf/, code: 'RTF_FILE', fact: 'this is a text document (RTF).', nextStep: saveAsNew },
  {
    looks: /^\[\s*(?:\{\s*"|$)/,
    code: 'JSON_ARRAY',
    fact: 'this is one JSON array.',
    nextStep: 'Write one object per line (NDJSON), e.g. with: jq -c ".[]" <file>',
  },
];

/** Archives that are no workbook, by what their first entry is called or holds. */
const foreignArchives: readonly Foreign[] = [
  {
    looks: /mimetypeapplication\/vnd\.oasis\.opendocument/,
    code: 'ODS_FILE',
    fact: 'this is an OpenDocument file (.ods).',
    nextStep: 'Open it in LibreOffice and save it as an Excel workbook (.xlsx).',
  },
  {
    looks: /^PK[\s\S]{28}(?:Index\/|[^/]*\.iwa)/,
    code: 'NUMBERS_FILE',
    fact: 'this is an Apple Numbers file.',
    nextStep: 'Open it in Numbers and export it as Excel or CSV.',
  },
];

/**
 * What a file is, by its first bytes. The name decides between NDJSON and CSV, and text that is named as a workbook
 * goes to the reader of workbooks, which says so: who names it so believes that numbers and dates have types.
 *
 * @throws InputError `ODS_FILE`, `NUMBERS_FILE`, `HTML_FILE`, `XML_FILE`, `PDF_FILE`, `RTF_FILE` or `JSON_ARRAY`
 */
export function sniffFormat(head: Buffer, file: string): Sniffed {
  if (beginsWith(head, magic.gzip)) return 'gzip';
  // Old workbooks, and new ones with a password: the reader of workbooks tells one from the other.
  if (beginsWith(head, magic.ole2)) return 'xlsx';
  const bytes = head.toString('latin1');
  if ([magic.zipEntry, magic.zipOfNothing, magic.zipSplit].some((zip) => beginsWith(head, zip))) {
    refuse(foreignArchives, bytes, file);
    return 'xlsx';
  }
  // Without marks and zero bytes, utf-8 and utf-16 look the same as far as ASCII goes.
  const text = bytes
    .replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '')
    .replaceAll('\0', '')
    .trimStart();
  refuse(foreignTexts, text, file);
  if (text !== '' && /\.xls[xmb]$/i.test(file)) return 'xlsx';
  return /\.(?:ndjson|jsonl)(?:\.gz)?$/i.test(file) || /^\{\s*(?:"|\})/.test(text) ? 'ndjson' : 'csv';
}

function refuse(foreign: readonly Foreign[], text: string, file: string): void {
  for (const { looks, code, fact, nextStep } of foreign)
    if (looks.test(text)) throw inputFailure({ code, file, fact, nextStep });
}

function beginsWith(head: Buffer, bytes: Buffer): boolean {
  return head.subarray(0, bytes.length).equals(bytes);
}
