import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, renameSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import type { Row } from '#pipelines/row.js';
import { InputError } from '#src/errors.js';
import type { InputSource, KnownFile } from '#src/files/input-source.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { hintsFor } from './hints-for.js';
import { fittingLook, type KnownLook } from './kept-look.js';

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
export interface Reading extends ReadOptions {
  /** The header is where these are. */
  readonly expectedColumns?: readonly string[];
}

/** Options go before the mapping's hints. */
async function readingOf(path: string, options: ReadOptions, mapping: Mapping): Promise<Reading> {
  const expectedColumns = columnsNamed(mapping);
  return { ...(await hintsFor(path, mapping.source, expectedColumns)), ...readOptionsOf(options), expectedColumns };
}

/** Only how to read, of options that say more. */
export function readOptionsOf(options: ReadOptions): ReadOptions {
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
  readonly reading: Reading;
  /** What an earlier process found when it read the same to its end. */
  readonly look?: KnownLook;
}

/** Opens the input with the mapping's hints; `-` is kept on disk first. @throws InputError */
export async function openInput(
  file: string,
  options: ReadOptions,
  spoolFolder: string,
  mapping?: Mapping,
): Promise<Input> {
  const path = file === '-' ? await keepStandardInput(spoolFolder) : resolve(file);
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
  const reading = mapping === undefined ? readOptionsOf(options) : await readingOf(path, options, mapping);
  const look = fittingLook(kept, reading);
  const source = await openSource({ file, path, reading }, look?.file);
  const isSame = look !== undefined && look.file.fingerprint.sha256 === source.fingerprint.sha256;
  return { file, path, source, reading, ...(isSame ? { look } : {}) };
}

/** All rows of an input once more, while it is being read: its own source tells of one reading at a time. */
export async function* rowsAgain(input: Input): AsyncIterable<readonly Row[]> {
  yield* (await openSource(input)).batches();
}

function openSource({ file, path, reading }: Omit<Input, 'source'>, known?: KnownFile): Promise<InputSource> {
  return openRowSource(path, { ...reading, known, displayName: file === '-' ? 'standard input' : file });
}

/**
 * Reads the input to its end, so that damage anywhere in it is found before anything is sent.
 *
 * @returns the number of data rows
 * @throws InputError
 */
export async function readThrough(input: Input): Promise<number> {
  let rows = 0;
  for await (const batch of allRows(input)) rows += batch.length;
  return rows;
}

/** All rows of an input, of which there must be one at least. @throws InputError */
export async function* allRows(input: Input): AsyncIterable<readonly Row[]> {
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

function columnsNamed(mapping: Mapping): readonly string[] {
  const named = mapping.fields.flatMap((rule) => (rule.kind === 'columns' ? rule.columns : []));
  return [...new Set([...named, ...(mapping.key?.columns ?? [])])];
}

/** A resumed run must read the same input again, so standard input is kept under the name of its content. */
async function keepStandardInput(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const arriving = join(folder, `arriving-${process.pid}`);
  await pipeline(process.stdin, createWriteStream(arriving, { mode: 0o600 }));
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(arriving)) hash.update(chunk as Buffer);
  const path = join(dirname(arriving), hash.digest('hex').slice(0, 32));
  renameSync(arriving, path);
  return path;
}
