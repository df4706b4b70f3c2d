import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, renameSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import type { Row } from '#pipelines/model.js';
import { pickReadOptions, type ReadOptions } from '#pipelines/reading-options.js';
import { InputError } from '#src/errors.js';
import type { FileSource, InputSource, OpenOptions } from '#src/files/input-source.js';
import { openRowSource } from '#src/files/open-row-source.js';

/** All that decides how a file is read, so that it can be read in the same way again whatever happens to its mapping. */
export interface ResolvedReadOptions extends ReadOptions {
  /** The header is the row that has these. */
  readonly expectedColumns?: readonly string[];
}

/** An input on disk, ready to be read any number of times. */
export interface Input {
  /** As the user named it: `-` is standard input. */
  readonly file: string;
  /** Absolute; for standard input, where it was saved. */
  readonly path: string;
  readonly source: InputSource;
  /** How it was read, for whoever reads it again. */
  readonly readOptions: ResolvedReadOptions;
}

/** What else there may be to say about opening a file. */
type ExtraOptions = Pick<OpenOptions, 'adoptRows' | 'scan' | 'visitRows' | 'looksLikeHeader'>;

/** Opens the input with the hints of the mapping; `-` is saved on disk first. @throws InputError */
export async function openInput(
  file: string,
  options: ReadOptions,
  spoolFolder: string,
  mapping?: Mapping,
  extra: ExtraOptions = {},
): Promise<Input & { readonly source: FileSource }> {
  return openInputAt(await findInputPath(file, spoolFolder), file, options, mapping, extra);
}

/** Opens a file that the user knows by another name. @throws InputError */
export async function openInputAt(
  path: string,
  file: string,
  options: ReadOptions,
  mapping?: Mapping,
  extra: ExtraOptions = {},
): Promise<Input & { readonly source: FileSource }> {
  const expectedColumns = mapping === undefined ? undefined : listMappedColumns(mapping);
  const source = await openRowSource(path, {
    ...extra,
    ...pickReadOptions(options),
    hints: mapping?.source,
    expectedColumns,
    displayName: file === '-' ? 'standard input' : file,
  });
  const readOptions = { ...source.readOptions, ...(expectedColumns === undefined ? {} : { expectedColumns }) };
  return { file, path, source, readOptions };
}

/** Where the input is on disk: standard input is saved first, under the name of its content. */
export async function findInputPath(file: string, spoolFolder: string): Promise<string> {
  return file === '-' ? await saveStandardInput(spoolFolder) : resolve(file);
}

/** The number of data rows; reads the input to its end. @throws InputError */
export async function countRows(input: Input): Promise<number> {
  let rows = 0;
  for await (const batch of readAllRows(input)) rows += batch.length;
  return rows;
}

/** All rows of an input, of which there must be at least one. @throws InputError */
export async function* readAllRows(input: Input): AsyncIterable<readonly Row[]> {
  let hasRows = false;
  for await (const batch of input.source.batches()) {
    hasRows ||= batch.length > 0;
    yield batch;
  }
  if (!hasRows) throw createNoRowsError(input.file);
}

export function createNoRowsError(file: string): InputError {
  return new InputError(`${file} has a header but no rows.`, {
    code: 'NO_DATA_ROWS',
    nextStep: 'Check that it is the right file, sheet and header row (--sheet, --header-row).',
  });
}

/** The columns that a mapping names, by which the header is found. */
export function listMappedColumns(mapping: Mapping): readonly string[] {
  const named = mapping.fields.flatMap((rule) => (rule.kind === 'columns' ? rule.columns : []));
  return [...new Set([...named, ...(mapping.key?.columns ?? [])])];
}

/** A resumed run must read the same input again, so standard input is kept. */
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
