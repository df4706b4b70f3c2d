import { createHash } from 'node:crypto';
import type { Row } from '#pipelines/model.js';
import type { RowSource } from '#pipelines/ports.js';
import { openCsv } from './csv/open-csv.js';
import { type SniffedFormat, sniffBytes, sniffFormat } from './detect-format.js';
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
