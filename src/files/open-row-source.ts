import { pickReadOptions, type ReadOptions } from '#pipelines/reading-options.js';
import { CustomersError } from '#src/errors.js';
import { openCsv } from './csv/open-csv.js';
import { sniffBytes, sniffFormat } from './detect-format.js';
import {
  createInputError,
  type Fingerprint,
  type FirstReading,
  gunzipHead,
  hashChunks,
  startReading,
} from './input-file.js';
import type { FileScan, FileSource, Format, OpenOptions, WorkbookSource } from './input-source.js';
import { openNdjson } from './ndjson/open-ndjson.js';
import { openReturnedFile } from './returned-columns.js';
import { createSequentialRowRanges } from './table/row-ranges.js';
import type { TextFile } from './text/open-text.js';

/**
 * Opens a file of customers, whatever it is: CSV in any dialect, NDJSON, either of them as gzip, or a workbook. The file
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
    const { format, compression, head } = await detectFormat(reading);
    if (format === 'xlsx') return await openXlsx(reading, options);
    const scan = await confirmScan(reading, options.scan);
    const file: TextFile = { reading, head, compression, gzipLimits: options.gzipLimits };
    const readOptions = resolveReadOptions(options, isResultFile(head) ? {} : options.hints);
    const open = format === 'csv' ? openCsv : openNdjson;
    return await open(file, { ...options, scan }, readOptions);
  } finally {
    await reading.close();
  }
}

async function detectFormat(
  reading: FirstReading,
): Promise<{ readonly format: Format; readonly compression: 'gzip' | undefined; readonly head: Buffer }> {
  const { head, file } = reading;
  const outer = sniffFormat(head.subarray(0, sniffBytes), file.name);
  if (outer !== 'gzip') return { format: outer, compression: undefined, head };
  const unpacked = await gunzipHead(head, file.name);
  const inner = sniffFormat(unpacked.subarray(0, sniffBytes), file.name);
  if (inner === 'csv' || inner === 'ndjson') return { format: inner, compression: 'gzip', head: unpacked };
  throw createInputError({
    code: 'NESTED_ARCHIVE',
    file: file.name,
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
  return pickReadOptions({ ...hints, ...pickReadOptions(options) });
}

/** The scan, if it is one of these very bytes. */
async function confirmScan(reading: FirstReading, scan: FileScan | undefined): Promise<FileScan | undefined> {
  if (scan?.fingerprint.sizeBytes !== reading.file.sizeBytes) return undefined;
  const { sha256 } = await hashChunks(reading.chunks());
  return sha256 === scan.fingerprint.sha256 ? scan : undefined;
}

/** Workbooks up to this size are held in memory, so that they are read from the disk once. */
const maxHeldWorkbookBytes = 64 * 1024 * 1024;

async function openXlsx(reading: FirstReading, options: OpenOptions): Promise<FileSource> {
  // Loaded when needed: most runs read CSV, and the libraries for workbooks take time to start.
  const { openWorkbook } = await import('./xlsx/read/open-workbook.js');
  const { file } = reading;
  const chunks: Buffer[] = [];
  const isHeld = file.sizeBytes <= maxHeldWorkbookBytes;
  const fingerprint = await hashChunks(isHeld ? collect(reading.chunks(), chunks) : reading.chunks());
  const bytes = isHeld ? Buffer.concat(chunks) : undefined;
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
  if (hints.headerRow === undefined || hints.headerRow === 1) return hints;
  const { headerRow: _, ...others } = hints;
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
