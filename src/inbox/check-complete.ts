import { open } from 'node:fs/promises';
import type { Code } from '#pipelines/codes.js';
import { InputError } from '#src/errors.js';
import { type SniffedFormat, sniffBytes, sniffFormat } from '#src/files/detect-format.js';
import { gunzip, type InputFile, readBytes, startReading } from '#src/files/input-file.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { openArchive, workbookLimits } from '#src/files/xlsx/read/archive.js';

/** What is accepted as evidence that a text file is complete. */
export interface CompletenessOptions {
  /** The name that the user knows. @default its path */
  readonly name?: string;
  /** A done-file vouches for the file, whose last line then needs no line end. */
  readonly isDoneFilePresent: boolean;
  readonly lastLineEnd: 'required' | 'optional';
}

/** Why a file is incomplete. */
export interface Incompleteness {
  readonly why: string;
  /**
   * Whether an import would notice it too, and refuse the file or the row. Such a file can be imported once it has waited
   * too long, so that the import says what is wrong.
   */
  readonly isSeenByImport: boolean;
}

/** Why a stable file is incomplete; `undefined` when it seems complete, or is not a file that we can read at all. */
export async function findIncompleteness(
  path: string,
  options: CompletenessOptions,
): Promise<Incompleteness | undefined> {
  try {
    const { file, head, close } = await startReading(path, options.name);
    await close();
    if (file.sizeBytes === 0) return createUnseen('it is empty');
    const tail = await readTail(file);
    const kind = detectKind(head.subarray(0, sniffBytes), file.name, tail);
    return await checks[kind](file, tail, options);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (isTruncation(error)) return { why: error.message, isSeenByImport: true };
    return error.code === 'FILE_NOT_READABLE' ? createUnseen(error.message) : undefined;
  }
}

function createUnseen(why: string): Incompleteness {
  return { why, isSeenByImport: false };
}

/** Codes of the readers' errors for a file whose end is missing. */
const truncationCodes: ReadonlySet<Code> = new Set(['FILE_CUT', 'GZIP_CUT', 'FILE_CHANGED']);

/** Whether the error may only mean that the file is still being written. */
export function isTruncation(error: InputError): boolean {
  return truncationCodes.has(error.code);
}

type Kind = 'archive' | 'gzip' | 'text' | 'foreign';

function detectKind(head: Buffer, name: string, tail: Buffer): Kind {
  try {
    return kinds[sniffFormat(head, name)];
  } catch (error) {
    if (error instanceof InputError) return endsInZeroBytes(tail) ? 'text' : 'foreign';
    throw error;
  }
}

const kinds: Readonly<Record<SniffedFormat, Kind>> = {
  xlsx: 'archive',
  ods: 'archive',
  zip: 'archive',
  // Nothing at the end of an old workbook says that it is the end.
  xls: 'foreign',
  gzip: 'gzip',
  csv: 'text',
  ndjson: 'text',
};

const checks: Readonly<
  Record<
    Kind,
    (file: InputFile, tail: Buffer, options: CompletenessOptions) => Promise<Incompleteness | undefined> | undefined
  >
> = { archive: checkArchive, gzip: checkGzip, text: checkText, foreign: () => undefined };

/** The directory of a zip archive is at its end. */
async function checkArchive(file: InputFile, tail: Buffer): Promise<Incompleteness | undefined> {
  try {
    const archive = await openArchive({ path: file.path }, { file: file.name }, workbookLimits);
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

/** UTF-16 text may end in one or two zero bytes; more are space that the writer has reserved but not yet filled. */
const tailBytes = 8;
const minReservedBytes = 4;
const reserved = createUnseen('it ends in zero bytes: space is reserved for content that has not been written yet');

async function checkText(
  file: InputFile,
  tail: Buffer,
  { isDoneFilePresent, lastLineEnd }: CompletenessOptions,
): Promise<Incompleteness | undefined> {
  if (endsInZeroBytes(tail)) return reserved;
  if (isDoneFilePresent || lastLineEnd === 'optional') return undefined;
  if (!endsWithLineEnd(tail)) return createUnseen('its last line has no line end, so more may follow');
  const line = await findOpenQuote(file);
  if (line === undefined) return undefined;
  return { why: `the quotation mark that opens a cell in line ${line} is not closed`, isSeenByImport: true };
}

/** The line of a quotation mark that is not closed before the end of the file. */
async function findOpenQuote(file: InputFile): Promise<number | undefined> {
  let quotationMarks = 0;
  for await (const chunk of readBytes(file)) for (const byte of chunk) if (byte === quotationMark) quotationMarks += 1;
  // An even number means that all are closed, so that nearly every file need not be parsed.
  if (quotationMarks % 2 === 0) return undefined;
  const source = await openRowSource(file.path);
  for await (const rows of source.batches())
    for (const { number, issues = [] } of rows) if (issues.some(({ code }) => code === 'OPEN_QUOTE')) return number;
  return undefined;
}

const quotationMark = 0x22;

function endsInZeroBytes(tail: Buffer): boolean {
  return tail.length >= minReservedBytes && tail.subarray(-minReservedBytes).every((byte) => byte === 0);
}

/** In any encoding, the last bytes contain CR or LF. Some programs add a Ctrl-Z. */
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
