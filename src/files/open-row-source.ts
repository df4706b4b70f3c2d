import { createHash } from 'node:crypto';
import type { Row } from '#pipelines/model.js';
import type { RowSource } from '#pipelines/ports.js';
import { openCsv } from './csv/open-csv.js';
import { createInputError, findInputFile, gunzip, type InputFile, readBytes, readHead } from './input-file.js';
import type { FileScan, Fingerprint, Format, InputSource, OpenOptions } from './input-source.js';
import { openNdjson } from './ndjson/open-ndjson.js';
import { createSequentialRowRanges } from './table/row-ranges.js';
import type { ByteSource } from './text/open-text.js';

/** Hashes a file as it is on disk. */
export async function hashFile(file: InputFile): Promise<Fingerprint> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of readBytes(file)) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

/** What the first bytes of a file say that it is. */
export type SniffedFormat = Format | 'gzip';

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

interface UnsupportedFormat {
  readonly pattern: RegExp;
  readonly code: string;
  readonly fact: string;
  readonly nextStep: string;
}

/** Files that people mistake for tables; looked for in text without zero bytes and leading space. */
const unsupportedTexts: readonly UnsupportedFormat[] = [
  {
    pattern: /^<(?:!doctype\s+html|html|head|body|meta|style|table|div)\b/i,
    code: 'HTML_FILE',
    fact: 'this is a web page, whatever its name says.',
    nextStep: saveAsNew,
  },
  {
    pattern: /^<\?xml|^<\w+[\s>][^,;\t]*xmlns/i,
    code: 'XML_FILE',
    fact: 'this is an XML file, perhaps a workbook of Excel 2003.',
    nextStep: saveAsNew,
  },
  {
    pattern: /^%PDF-/,
    code: 'PDF_FILE',
    fact: 'this is a PDF.',
    nextStep: 'Ask for the data as a workbook or as CSV.',
  },
  { pattern: /^\{\\rtf/, code: 'RTF_FILE', fact: 'this is a text document (RTF).', nextStep: saveAsNew },
  {
    pattern: /^\[\s*(?:\{\s*"|$)/,
    code: 'JSON_ARRAY',
    fact: 'this is one JSON array.',
    nextStep: 'Write one object per line (NDJSON), e.g. with: jq -c ".[]" <file>',
  },
];

/** Archives that are no workbook, by what their first entry is called or holds. */
const unsupportedArchives: readonly UnsupportedFormat[] = [
  {
    pattern: /mimetypeapplication\/vnd\.oasis\.opendocument/,
    code: 'ODS_FILE',
    fact: 'this is an OpenDocument file (.ods).',
    nextStep: 'Open it in LibreOffice and save it as an Excel workbook (.xlsx).',
  },
  {
    pattern: /^PK[\s\S]{28}(?:Index\/|[^/]*\.iwa)/,
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
export function sniffFormat(head: Buffer, file: string): SniffedFormat {
  if (beginsWith(head, magic.gzip)) return 'gzip';
  // Old workbooks, and new ones with a password: the reader of workbooks tells one from the other.
  if (beginsWith(head, magic.ole2)) return 'xlsx';
  const bytes = head.toString('latin1');
  if ([magic.zipEntry, magic.zipOfNothing, magic.zipSplit].some((zip) => beginsWith(head, zip))) {
    refuseUnsupported(unsupportedArchives, bytes, file);
    return 'xlsx';
  }
  // Without marks and zero bytes, utf-8 and utf-16 look the same as far as ASCII goes.
  const text = bytes
    .replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '')
    .replaceAll('\0', '')
    .trimStart();
  refuseUnsupported(unsupportedTexts, text, file);
  if (text !== '' && /\.xls[xmb]$/i.test(file)) return 'xlsx';
  return /\.(?:ndjson|jsonl)(?:\.gz)?$/i.test(file) || /^\{\s*(?:"|\})/.test(text) ? 'ndjson' : 'csv';
}

function refuseUnsupported(foreign: readonly UnsupportedFormat[], text: string, file: string): void {
  for (const { pattern: looks, code, fact, nextStep } of foreign)
    if (looks.test(text)) throw createInputError({ code, file, fact, nextStep });
}

function beginsWith(head: Buffer, bytes: Buffer): boolean {
  return head.subarray(0, bytes.length).equals(bytes);
}

type Open = (origin: ByteSource, options: OpenOptions) => Promise<InputSource>;

const openers = {
  csv: openCsv,
  ndjson: openNdjson,
  xlsx: openXlsx,
} as const satisfies Record<Format, Open>;

/**
 * Opens a file of customers, whatever it is: CSV in any dialect, NDJSON, either of them as gzip, or a workbook.
 * Text is read once from end to end before this returns, so that bytes that cannot be read stop the run here; what is
 * known already is only hashed.
 *
 * @throws InputError when the file cannot be read; its `code` says why
 * @throws UsageError `UNKNOWN_ENCODING`, `BAD_DELIMITER`
 */
export async function openRowSource(file: string, options: OpenOptions = {}): Promise<InputSource> {
  const found = await findInputFile(file, options.displayName);
  const { format, compression } = await detectFormat(found);
  const known = await confirmScan(found, options.scan);
  return openers[format]({ file: found, compression, gzipLimits: options.gzipLimits }, { ...options, scan: known });
}

async function confirmScan(file: InputFile, known: FileScan | undefined): Promise<FileScan | undefined> {
  if (known?.fingerprint.sizeBytes !== file.sizeBytes) return undefined;
  const { sha256 } = await hashFile(file);
  return sha256 === known.fingerprint.sha256 ? known : undefined;
}

async function detectFormat(file: InputFile): Promise<{ format: Format; compression: 'gzip' | undefined }> {
  const outer = sniffFormat(await readHead(file, sniffBytes), file.name);
  if (outer !== 'gzip') return { format: outer, compression: undefined };
  const inner = await sniffCompressed(file);
  if (inner === 'csv' || inner === 'ndjson') return { format: inner, compression: 'gzip' };
  throw createInputError({
    code: 'NESTED_ARCHIVE',
    file: file.name,
    fact: 'the compressed file holds another compressed file or a workbook.',
    nextStep: 'Decompress it and import what it holds.',
  });
}

async function sniffCompressed(file: InputFile): Promise<SniffedFormat> {
  for await (const chunk of gunzip(readBytes(file), file.name))
    return sniffFormat(chunk.subarray(0, sniffBytes), file.name);
  return 'csv';
}

async function openXlsx({ file }: ByteSource, options: OpenOptions): Promise<InputSource> {
  // Loaded when needed: most runs read CSV, and the libraries for workbooks take time to start.
  const { openWorkbook } = await import('./xlsx/read/open-workbook.js');
  const fingerprint = options.scan?.fingerprint ?? (await hashFile(file));
  const source = await openWorkbook(file.path, { ...options, displayName: file.name });
  return createWorkbookSource(source, fingerprint, options.scan);
}

function createWorkbookSource(
  source: RowSource & Partial<InputSource>,
  fingerprint: Fingerprint,
  known: FileScan | undefined,
): InputSource {
  let rows: number | undefined;
  const batches = async function* (): AsyncGenerator<readonly Row[]> {
    let read = 0;
    rows = undefined;
    for await (const batch of source.batches()) {
      read += batch.length;
      yield batch;
    }
    rows = read;
  };
  return {
    file: source.file,
    format: source.format,
    columns: source.columns,
    detected: source.detected,
    get notices() {
      return known?.notices ?? source.notices;
    },
    batches,
    duplicateColumns: source.duplicateColumns ?? [],
    fingerprint,
    ...(known === undefined ? {} : { rowRanges: createSequentialRowRanges(known.rows, batches) }),
    lastScan: () => (rows === undefined ? undefined : { fingerprint, rows, notices: [...source.notices] }),
  };
}
