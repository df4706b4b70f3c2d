import type { RowSource } from '../../pipelines/ports.js';
import { openCsv } from './csv/open-csv.js';
import { gunzip } from './gunzip.js';
import { hashFile } from './hash-file.js';
import { inputFailure } from './input-failure.js';
import { findInputFile, type InputFile, readBytes, readHead } from './input-file.js';
import type { Fingerprint, Format, InputSource, OpenOptions } from './input-source.js';
import { openNdjson } from './ndjson/open-ndjson.js';
import { type Sniffed, sniffBytes, sniffFormat } from './sniff-format.js';
import type { ByteOrigin } from './text/open-text.js';

type Open = (origin: ByteOrigin, options: OpenOptions) => Promise<InputSource>;

const openers = {
  csv: openCsv,
  ndjson: openNdjson,
  xlsx: openXlsx,
} as const satisfies Record<Format, Open>;

/**
 * Opens a file of customers, whatever it is: CSV in any dialect, NDJSON, either of them as gzip, or a workbook.
 * Text is read once from end to end before this returns, so that bytes that cannot be read stop the run here.
 *
 * @throws InputError when the file cannot be read; its `code` says why
 * @throws UsageError `UNKNOWN_ENCODING`, `BAD_DELIMITER`
 */
export async function openRowSource(file: string, options: OpenOptions = {}): Promise<InputSource> {
  const found = await findInputFile(file, options.displayName);
  const { format, compression } = await formatOf(found);
  return openers[format]({ file: found, compression, gzipLimits: options.gzipLimits }, options);
}

async function formatOf(file: InputFile): Promise<{ format: Format; compression: 'gzip' | undefined }> {
  const outer = sniffFormat(await readHead(file, sniffBytes), file.name);
  if (outer !== 'gzip') return { format: outer, compression: undefined };
  const inner = await sniffCompressed(file);
  if (inner === 'csv' || inner === 'ndjson') return { format: inner, compression: 'gzip' };
  throw inputFailure({
    code: 'NESTED_ARCHIVE',
    file: file.name,
    fact: 'the compressed file holds another compressed file or a workbook.',
    nextStep: 'Decompress it and import what it holds.',
  });
}

async function sniffCompressed(file: InputFile): Promise<Sniffed> {
  for await (const chunk of gunzip(readBytes(file), file.name))
    return sniffFormat(chunk.subarray(0, sniffBytes), file.name);
  return 'csv';
}

async function openXlsx({ file }: ByteOrigin, options: OpenOptions): Promise<InputSource> {
  // Loaded when needed: most runs read CSV, and the libraries for workbooks take time to start.
  const { openWorkbook } = await import('./xlsx/reader/open-workbook.js');
  const fingerprint = await hashFile(file);
  return withFingerprint(await openWorkbook(file.path, { ...options, displayName: file.name }), fingerprint);
}

function withFingerprint(source: RowSource & Partial<InputSource>, fingerprint: Fingerprint): InputSource {
  return {
    file: source.file,
    format: source.format,
    columns: source.columns,
    detected: source.detected,
    get notices() {
      return source.notices;
    },
    batches: () => source.batches(),
    duplicateColumns: source.duplicateColumns ?? [],
    fingerprint,
  };
}
