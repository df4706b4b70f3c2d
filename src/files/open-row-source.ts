import { pickReadOptions, type ReadOptions } from '#pipelines/reading-options.js';
import { CustomersError, type InputError } from '#src/errors.js';
import { openCsv } from './csv/open-csv.js';
import { type OldWorkbook, sniffBytes, sniffFormat } from './detect-format.js';
import {
  createInputError,
  defaultGzipLimits,
  type Fingerprint,
  type FirstReading,
  type GzipLimits,
  gunzipHead,
  hashChunks,
  headBytes,
  startReading,
} from './input-file.js';
import type { FileScan, FileSource, OpenOptions, WorkbookSource } from './input-source.js';
import { openNdjson } from './ndjson/open-ndjson.js';
import { openReturnedFile } from './returned-columns.js';
import { createSequentialRowRanges } from './table/row-ranges.js';
import type { TextFile } from './text/open-text.js';
import type { WorkbookFile } from './xlsx/read/archive.js';
import type { ZippedFile } from './zipped-file.js';

/**
 * Opens a file of customers, whatever it is: CSV in any dialect, NDJSON, either of them as gzip, a workbook, or one of these in a zip archive. The file
 * is read once from end to end before this returns, so that bytes that cannot be read stop the run here. A file that was
 * scanned before is only hashed.
 *
 * @throws InputError when the file cannot be read; its `code` says why
 * @throws UsageError `UNKNOWN_ENCODING`, `BAD_DELIMITER`, `UNKNOWN_SHEET`
 */
export async function openRowSource(path: string, options: OpenOptions = {}): Promise<FileSource> {
  const { adoptRows } = options;
  if (adoptRows === undefined) return openFile(path, options);
  return openReturnedFile({ ...options, adoptRows }, (withOurs) => openFile(path, withOurs));
}

async function openFile(path: string, options: OpenOptions): Promise<FileSource> {
  const reading = await startReading(path, options.displayName);
  try {
    const content = await detectContent(reading, options.gzipLimits);
    if (content.kind === 'workbook') return await openXlsx(reading, options, content);
    const { format, compression, head, zipped } = content;
    const scan = await confirmScan(reading, options.scan);
    const file: TextFile = { reading, head, compression, zipped, gzipLimits: options.gzipLimits };
    const readOptions = resolveReadOptions(options, isResultFile(head) ? {} : options.hints);
    const open = format === 'csv' ? openCsv : openNdjson;
    return await open(file, { ...options, scan }, readOptions);
  } finally {
    await reading.close();
  }
}

interface TextContent extends Pick<TextFile, 'compression' | 'head' | 'zipped'> {
  readonly kind: 'text';
  readonly format: 'csv' | 'ndjson';
}

interface WorkbookContent {
  readonly kind: 'workbook';
  readonly format: 'xlsx' | OldWorkbook;
  /** The file in which it was packed. */
  readonly zipped?: ZippedFile;
}

type Content = TextContent | WorkbookContent;

async function detectContent(reading: FirstReading, limits: GzipLimits = defaultGzipLimits): Promise<Content> {
  const { head, file } = reading;
  const outer = sniffFormat(head.subarray(0, sniffBytes), file.name);
  if (outer === 'gzip') {
    const unpacked = await gunzipHead(head, file.name);
    const inner = describeContent(unpacked, file.name, { compression: 'gzip' });
    if (inner?.kind === 'text') return inner;
    throw createNestedArchiveError(file.name);
  }
  if (outer !== 'zip')
    return describeContent(head, file.name, { compression: undefined }) ?? { kind: 'workbook', format: 'xlsx' };
  // Loaded when needed: most runs read CSV.
  const { findZippedFile } = await import('./zipped-file.js');
  const found = await findZippedFile(file, limits);
  if (found.kind === 'workbook') return { kind: 'workbook', format: 'xlsx' };
  const zipped = found.file;
  const inner = describeContent(await readHeadOf(zipped), zipped.name, { compression: 'zip', zipped });
  if (inner === undefined) throw createNestedArchiveError(file.name);
  return inner;
}

/** @returns `undefined` for an archive */
function describeContent(
  head: Buffer,
  name: string,
  packing: Pick<TextFile, 'compression' | 'zipped'>,
): Content | undefined {
  const format = sniffFormat(head.subarray(0, sniffBytes), name);
  if (format === 'csv' || format === 'ndjson') return { kind: 'text', format, head, ...packing };
  if (format === 'gzip' || format === 'zip') return undefined;
  const { zipped } = packing;
  return { kind: 'workbook', format, ...(zipped === undefined ? {} : { zipped }) };
}

async function readHeadOf(zipped: ZippedFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of zipped.read()) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= headBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, headBytes);
}

function createNestedArchiveError(file: string): InputError {
  return createInputError({
    code: 'NESTED_ARCHIVE',
    file,
    fact: 'the compressed file contains another compressed file or a workbook.',
    nextStep: 'Decompress it and import the file inside.',
  });
}

/** A result, rejects or review file of this program as text: its first two columns, in whatever dialect. */
const resultFileStart = /^\uFEFF?"?(?:\u00EF\u00BB\u00BF)?_row"?[,;\t|]"?_(?:status|run)\b/;

function isResultFile(head: Buffer): boolean {
  return resultFileStart.test(head.toString('utf8', 0, 64));
}

/** The options go before the hints. */
function resolveReadOptions(options: ReadOptions, hints: ReadOptions = {}): ReadOptions {
  const { headerRow, noHeader, ...others } = hints;
  // Where the header is, or that there is none, is one question.
  const header = options.headerRow === undefined && options.noHeader === undefined ? { headerRow, noHeader } : {};
  return pickReadOptions({ ...others, ...header, ...pickReadOptions(options) });
}

/** The scan, if it is one of these very bytes. */
async function confirmScan(reading: FirstReading, scan: FileScan | undefined): Promise<FileScan | undefined> {
  if (scan?.fingerprint.sizeBytes !== reading.file.sizeBytes) return undefined;
  const { sha256 } = await hashChunks(reading.chunks());
  return sha256 === scan.fingerprint.sha256 ? scan : undefined;
}

/** Workbooks up to this size are held in memory, so that they are read from the disk once. */
const maxHeldWorkbookBytes = 64 * 1024 * 1024;

async function openXlsx(
  reading: FirstReading,
  options: OpenOptions,
  { format, zipped }: WorkbookContent,
): Promise<FileSource> {
  // Loaded when needed: most runs read CSV, and the libraries for workbooks take time to start.
  const { openWorkbook } = await import('./xlsx/read/open-workbook.js');
  const { file } = reading;
  const chunks: Buffer[] = [];
  const isHeld = zipped === undefined && file.sizeBytes <= maxHeldWorkbookBytes;
  const fingerprint = await hashChunks(isHeld ? collect(reading.chunks(), chunks) : reading.chunks());
  const found = zipped === undefined ? undefined : await readZippedWorkbook(zipped, file.name);
  const bytes = await modernise(
    { path: file.path, bytes: found ?? (isHeld ? Buffer.concat(chunks) : undefined) },
    format,
    file.name,
  );
  const open = (readOptions: ReadOptions) =>
    openWorkbook(file.path, { ...options, ...readOptions, displayName: file.name, bytes });
  const readOptions = resolveReadOptions(options, await chooseWorkbookHints(options, open));
  const source = await open(readOptions);
  const scan = await scanWorkbook(source, fingerprint, options);
  const { columns, detected, topRows, sheetsWithColumns } = source;
  const batches = () => source.batches();
  return {
    ...{ file: source.file, format: source.format, columns, detected, topRows, batches },
    get notices() {
      return scan?.notices ?? source.notices;
    },
    ...{ fingerprint, readOptions, scan },
    ...(sheetsWithColumns === undefined ? {} : { sheetsWithColumns }),
    ...(scan === undefined ? {} : { rowRanges: createSequentialRowRanges(scan.rows, batches) }),
  };
}

/** The workbook as .xlsx, whichever format it was saved in. */
async function modernise(file: WorkbookFile, format: WorkbookContent['format'], name: string) {
  if (format === 'xlsx') return file.bytes;
  const { convertWorkbook } = await import('./xlsx/read/convert-workbook.js');
  return convertWorkbook(file, format, { file: name });
}

async function readZippedWorkbook(zipped: ZippedFile, file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of zipped.read()) {
    length += chunk.length;
    if (length > maxHeldWorkbookBytes) throw createNestedArchiveError(file);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* collect(chunks: AsyncIterable<Buffer>, into: Buffer[]): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    into.push(chunk);
    yield chunk;
  }
}

/** A result file of this program has its header in the first row, whatever the mapping says about its original. */
async function chooseWorkbookHints(
  { hints = {}, expectedColumns = [] }: OpenOptions,
  open: (readOptions: ReadOptions) => Promise<WorkbookSource>,
): Promise<ReadOptions> {
  const { headerRow, noHeader, ...others } = hints;
  if (noHeader !== true && (headerRow === undefined || headerRow === 1)) return hints;
  try {
    const { columns, detected } = await open(others);
    const isOurs = expectedColumns.every((name) => columns.includes(name)) || columns.includes('_reason');
    return detected.headerRow === 1 && isOurs ? others : hints;
  } catch (error) {
    if (error instanceof CustomersError) return hints;
    throw error;
  }
}

async function scanWorkbook(
  source: WorkbookSource,
  fingerprint: Fingerprint,
  options: OpenOptions,
): Promise<FileScan | undefined> {
  if (options.scan?.fingerprint.sha256 === fingerprint.sha256) return options.scan;
  const visit = options.visitRows?.(source);
  if (visit === undefined) return undefined;
  let count = 0;
  for await (const rows of source.batches()) {
    visit(rows);
    count += rows.length;
  }
  return { fingerprint, rows: count, notices: [...source.notices] };
}
