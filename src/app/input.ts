import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, renameSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Mapping, SourceHints } from '#pipelines/mapping/mapping.js';
import type { Row } from '#pipelines/model.js';
import type { ColumnIssue } from '#pipelines/quality/column-rules.js';
import type { FindingGroup } from '#pipelines/quality/damage-issue.js';
import { CustomersError, InputError } from '#src/errors.js';
import type { FileScan, InputSource } from '#src/files/input-source.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { version } from '#src/version.js';

/** What reading an input to its end told. */
export interface SavedScan {
  readonly file: FileScan;
  readonly findings: readonly FindingGroup[];
  readonly verdicts: readonly ColumnIssue[];
}

/** The same, as the ledger keeps it as JSON with a run. That run's mapping is part of it. */
export interface ScanCache extends SavedScan {
  /** Of the program, which may look otherwise the next time. */
  readonly version: string;
  /** How the file was to be read. */
  readonly reading: object;
}

export function createScanCache(look: SavedScan, reading: object): ScanCache {
  return { ...look, version: version(), reading };
}

/** What was kept, when this program would find the same by this reading of the same bytes. */
function readScanCache(kept: unknown, reading: object): SavedScan | undefined {
  if (kept === undefined) return undefined;
  const look = kept as ScanCache;
  return look.version === version() && isDeepStrictEqual(look.reading, toJson(reading)) ? look : undefined;
}

function toJson(reading: object): unknown {
  return JSON.parse(JSON.stringify(reading));
}

/** A result or rejects file of ours as text: its first two columns, in whatever dialect. */
const resultFileHeader = /^\uFEFF?"?_row"?[,;\t|]"?_status\b/;
const headBytes = 64;

/**
 * What the mapping says of how its files are read. Result and rejects files have all columns too, but are written in a
 * way of their own, with the header at the top: what the mapping says of the export that they came from would hide it.
 */
async function chooseSourceHints(
  path: string,
  hints: SourceHints,
  expectedColumns: readonly string[],
): Promise<SourceHints> {
  if (Object.keys(hints).length === 0) return hints;
  const head = await readFileHead(path);
  if (resultFileHeader.test(head)) return {};
  if (!head.startsWith('PK') || hints.headerRow === undefined || hints.headerRow === 1) return hints;
  const { headerRow: _, ...others } = hints;
  return (await hasHeaderInFirstRow(path, others, expectedColumns)) ? others : hints;
}

async function readFileHead(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await file.close();
    }
  } catch {
    // Whoever opens it in earnest says what is wrong with it.
    return '';
  }
}

async function hasHeaderInFirstRow(
  path: string,
  hints: SourceHints,
  expectedColumns: readonly string[],
): Promise<boolean> {
  try {
    const { columns, detected } = await openRowSource(path, { ...hints, expectedColumns });
    return detected.headerRow === 1 && expectedColumns.every((name) => columns.includes(name));
  } catch (error) {
    if (error instanceof CustomersError) return false;
    throw error;
  }
}

/** How the user says that a file should be read; what is absent comes from the mapping, then from the file itself. */
export interface ReadOptions {
  readonly sheet?: string;
  /** 1-based. */
  readonly headerRow?: number;
  readonly encoding?: string;
  readonly delimiter?: string;
  /** Takes a quotation mark inside an unquoted cell as text. */
  readonly lenientQuotes?: boolean;
  /** Leaves out hidden rows and columns of a workbook. */
  readonly skipHidden?: boolean;
}

/** All that decides how a file is read, so that it is read the same again whatever becomes of its mapping. */
export interface ResolvedReadOptions extends ReadOptions {
  /** The header is where these are. */
  readonly expectedColumns?: readonly string[];
}

/** Options go before the mapping's hints. */
async function resolveReadOptions(path: string, options: ReadOptions, mapping: Mapping): Promise<ResolvedReadOptions> {
  const expectedColumns = listMappedColumns(mapping);
  return {
    ...(await chooseSourceHints(path, mapping.source, expectedColumns)),
    ...pickReadOptions(options),
    expectedColumns,
  };
}

/** Only how to read, of options that say more. */
export function pickReadOptions(options: ReadOptions): ReadOptions {
  const { sheet, headerRow, encoding, delimiter, lenientQuotes, skipHidden } = options;
  return {
    ...(sheet === undefined ? {} : { sheet }),
    ...(headerRow === undefined ? {} : { headerRow }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(lenientQuotes === undefined ? {} : { lenientQuotes }),
    ...(skipHidden === undefined ? {} : { skipHidden }),
  };
}

/** An input on disk, ready to be read any number of times. */
export interface Input {
  /** As the user named it: `-` is standard input. */
  readonly file: string;
  /** Absolute; for standard input, where it was kept. */
  readonly path: string;
  readonly source: InputSource;
  /** How it was read, for whoever reads it again. */
  readonly readOptions: ResolvedReadOptions;
  /** What an earlier process found when it read the same to its end. */
  readonly savedScan?: SavedScan;
}

/** Opens the input with the mapping's hints; `-` is kept on disk first. @throws InputError */
export async function openInput(
  file: string,
  options: ReadOptions,
  spoolFolder: string,
  mapping?: Mapping,
): Promise<Input> {
  const path = file === '-' ? await saveStandardInput(spoolFolder) : resolve(file);
  return openInputAt(path, file, options, mapping);
}

/**
 * Opens a file that the user knows by another name.
 *
 * @param kept - what an earlier process kept of its look at the file, which is believed where it fits
 * @throws InputError
 */
export async function openInputAt(
  path: string,
  file: string,
  options: ReadOptions,
  mapping?: Mapping,
  kept?: unknown,
): Promise<Input> {
  const reading = mapping === undefined ? pickReadOptions(options) : await resolveReadOptions(path, options, mapping);
  const look = readScanCache(kept, reading);
  const source = await openSource({ file, path, readOptions: reading }, look?.file);
  const isSame = look !== undefined && look.file.fingerprint.sha256 === source.fingerprint.sha256;
  return { file, path, source, readOptions: reading, ...(isSame ? { savedScan: look } : {}) };
}

/** All rows of an input once more, while it is being read: its own source tells of one reading at a time. */
export async function* rereadRows(input: Input): AsyncIterable<readonly Row[]> {
  yield* (await openSource(input)).batches();
}

function openSource(
  { file, path, readOptions: reading }: Omit<Input, 'source'>,
  known?: FileScan,
): Promise<InputSource> {
  return openRowSource(path, { ...reading, scan: known, displayName: file === '-' ? 'standard input' : file });
}

/**
 * Reads the input to its end, so that damage anywhere in it is found before anything is sent.
 *
 * @returns the number of data rows
 * @throws InputError
 */
export async function countRows(input: Input): Promise<number> {
  let rows = 0;
  for await (const batch of readAllRows(input)) rows += batch.length;
  return rows;
}

/** All rows of an input, of which there must be one at least. @throws InputError */
export async function* readAllRows(input: Input): AsyncIterable<readonly Row[]> {
  let hasRows = false;
  for await (const batch of input.source.batches()) {
    hasRows ||= batch.length > 0;
    yield batch;
  }
  if (hasRows) return;
  throw new InputError(`${input.file} has a header but no rows.`, {
    code: 'NO_DATA_ROWS',
    nextStep: 'Check that it is the right file, sheet and header row (--sheet, --header-row).',
  });
}

function listMappedColumns(mapping: Mapping): readonly string[] {
  const named = mapping.fields.flatMap((rule) => (rule.kind === 'columns' ? rule.columns : []));
  return [...new Set([...named, ...(mapping.key?.columns ?? [])])];
}

/** A resumed run must read the same input again, so standard input is kept under the name of its content. */
async function saveStandardInput(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const arriving = join(folder, `arriving-${process.pid}`);
  await pipeline(process.stdin, createWriteStream(arriving, { mode: 0o600 }));
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(arriving)) hash.update(chunk as Buffer);
  const path = join(dirname(arriving), hash.digest('hex').slice(0, 32));
  renameSync(arriving, path);
  return path;
}
