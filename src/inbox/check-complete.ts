import { open } from 'node:fs/promises';
import { InputError } from '#src/errors.js';
import { type SniffedFormat, sniffBytes, sniffFormat } from '#src/files/detect-format.js';
import { findInputFile, gunzip, type InputFile, readBytes, readHead } from '#src/files/input-file.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { openArchive, workbookLimits } from '#src/files/xlsx/read/archive.js';

export interface CompletenessOptions {
  /** The writer's own word that it is done stands for the last line end. */
  readonly isDoneFilePresent: boolean;
  readonly lastLineEnd: 'required' | 'optional';
}

/** Why a file cannot be whole yet. */
export interface Incompleteness {
  readonly why: string;
  /**
   * An import would not take the part for the whole: it refuses the file, or the row. So once the file has waited for
   * too long, the import may say what is wrong with it.
   */
  readonly isSeenByImport: boolean;
}

/** `undefined` when a quiet file seems to be whole, and when it is something that no writer can mend. */
export async function findIncompleteness(
  path: string,
  proofs: CompletenessOptions,
): Promise<Incompleteness | undefined> {
  try {
    const file = await findInputFile(path);
    if (file.sizeBytes === 0) return createUnseen('it is empty');
    const tail = await readTail(file);
    const format = detectKind(await readHead(file, sniffBytes), file.name, tail);
    return await checks[format](file, tail, proofs);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (isTruncation(error)) return { why: error.message, isSeenByImport: true };
    return error.code === 'FILE_NOT_READABLE' ? createUnseen(error.message) : undefined;
  }
}

function createUnseen(why: string): Incompleteness {
  return { why, isSeenByImport: false };
}

/** Errors of the readers that mean: the end is not there. */
const truncationCodes: ReadonlySet<string> = new Set(['FILE_CUT', 'GZIP_CUT', 'FILE_CHANGED']);

/** Whether a reader's complaint is what a file looks like while it is still being written. */
export function isTruncation(error: InputError): boolean {
  return truncationCodes.has(error.code);
}

type Kind = 'workbook' | 'gzip' | 'text' | 'foreign';

function detectKind(head: Buffer, name: string, tail: Buffer): Kind {
  try {
    return kinds[sniffFormat(head, name)];
  } catch (error) {
    if (error instanceof InputError) return endsInZeroBytes(tail) ? 'text' : 'foreign';
    throw error;
  }
}

const kinds: Readonly<Record<SniffedFormat, Kind>> = { xlsx: 'workbook', gzip: 'gzip', csv: 'text', ndjson: 'text' };

const checks: Readonly<
  Record<
    Kind,
    (file: InputFile, tail: Buffer, proofs: CompletenessOptions) => Promise<Incompleteness | undefined> | undefined
  >
> = { workbook: checkWorkbook, gzip: checkGzip, text: checkText, foreign: () => undefined };

/** The directory of a zip package is its very end. */
async function checkWorkbook(file: InputFile, tail: Buffer): Promise<Incompleteness | undefined> {
  try {
    const archive = await openArchive(file.path, { file: file.name }, workbookLimits);
    await archive.close();
    return undefined;
  } catch (error) {
    if (error instanceof InputError && error.code === 'FILE_DAMAGED' && endsInZeroBytes(tail)) return reserved;
    throw error;
  }
}

async function checkGzip(file: InputFile): Promise<undefined> {
  for await (const _ of gunzip(readBytes(file), file.name));
}

/** A single or double zero byte is the end of a UTF-16 text; more are room that a writer has reserved and not filled. */
const tailBytes = 8;
const minReservedBytes = 4;
const reserved = createUnseen('it ends in zero bytes: its size is reserved, and its content is not all there');

async function checkText(
  file: InputFile,
  tail: Buffer,
  proofs: CompletenessOptions,
): Promise<Incompleteness | undefined> {
  if (endsInZeroBytes(tail)) return reserved;
  if (proofs.isDoneFilePresent || proofs.lastLineEnd === 'optional') return undefined;
  if (!endsWithLineEnd(tail)) return createUnseen('its last line has no end, so more may come');
  const line = await findOpenQuote(file);
  if (line === undefined) return undefined;
  return { why: `the cell that a quotation mark opens in line ${line} is not closed`, isSeenByImport: true };
}

/** @returns the line of a quotation mark that opens a cell and is not closed before the end of the file */
async function findOpenQuote(file: InputFile): Promise<number | undefined> {
  let marks = 0;
  for await (const chunk of readBytes(file)) for (const byte of chunk) if (byte === quotationMark) marks += 1;
  // All is closed; this saves the reading of nearly every file.
  if (marks % 2 === 0) return undefined;
  const source = await openRowSource(file.path);
  for await (const rows of source.batches())
    for (const { number, issues: defects = [] } of rows)
      if (defects.some(({ code }) => code === 'OPEN_QUOTE')) return number;
  return undefined;
}

const quotationMark = 0x22;

function endsInZeroBytes(tail: Buffer): boolean {
  return tail.length >= minReservedBytes && tail.subarray(-minReservedBytes).every((byte) => byte === 0);
}

/** In any encoding: the last bytes hold CR or LF. Some programs add a Ctrl-Z. */
function endsWithLineEnd(tail: Buffer): boolean {
  const last = tail.filter((byte) => byte !== 0 && byte !== controlZ).at(-1);
  return last === lineFeed || last === carriageReturn;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const controlZ = 0x1a;

async function readTail(file: InputFile): Promise<Buffer> {
  const handle = await open(file.path, 'r');
  try {
    const length = Math.min(tailBytes, file.sizeBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, file.sizeBytes - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
