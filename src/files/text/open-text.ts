import { isAscii } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Issue } from '#pipelines/issue.js';
import type { SourceDetection } from '#pipelines/ports.js';
import type { InputError } from '#src/errors.js';
import {
  type ByteRange,
  createInputError,
  type Fingerprint,
  type FirstReading,
  type GzipLimits,
  gunzip,
  headBytes,
  type InputFile,
  readBytes,
} from '#src/files/input-file.js';
import type { InputSource, TextScan } from '#src/files/input-source.js';
import type { ZippedFile } from '#src/files/zipped-file.js';
import { type ChosenEncoding, chooseEncoding, findContradictingMark, refuseBinary } from './choose-encoding.js';
import { createDecoder, type Decoded } from './decoder.js';
import { createLineEndCounter, type LineEnds } from './line-ends.js';
import { surveyBytes } from './survey-bytes.js';

/** A text file that is open for its first reading. */
export interface TextFile {
  readonly reading: FirstReading;
  /** How it begins, unpacked. */
  readonly head: Buffer;
  readonly compression: SourceDetection['compression'] | undefined;
  /** What is read instead of the bytes on disk; given for a zip archive. */
  readonly zipped?: ZippedFile | undefined;
  readonly gzipLimits?: GzipLimits | undefined;
}

/** A text file that was read once: every byte of it is known to be a character. */
export interface TextInput {
  readonly file: InputFile;
  readonly encoding: ChosenEncoding;
  readonly compression: TextFile['compression'];
  readonly fingerprint: Fingerprint;
  readonly lineEnds: LineEnds;
  /** Whether a character with value 0 is somewhere in the text. */
  readonly holdsNuls: boolean;
  /** Whether every character is in ASCII, so that the text is the same in nearly all encodings. */
  readonly isAscii: boolean;
  readonly notices: readonly Issue[];
  /** The text as utf-8 without its byte order mark. */
  chunks(): AsyncGenerator<Buffer>;
  /** The same, for a reader that needs only parts of it. */
  openRanges(): TextRanges;
}

/** A text during its first reading. */
export interface TextPass {
  readonly encoding: ChosenEncoding;
  /** The beginning of the text, as utf-8 and without a byte order mark. */
  readonly sample: Buffer;
  readonly sampleLineEnds: LineEnds;
  /** The text as utf-8, chunk by chunk. A loop that was left can be followed by another, which goes on from there. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Whether one of the chunks so far has a character with value 0. */
  holdsNuls(): boolean;
}

/**
 * Reads a text file once from end to end, so that whatever is wrong with its bytes is known before a row is used. When
 * the guess of its encoding turns out to be wrong, the reading starts again.
 *
 * @param read - called with each start; what it leaves unread is checked after it
 * @throws InputError `EMPTY_FILE`, `BINARY_FILE`, `UNDECODABLE_BYTE`, `ENCODING_UNCLEAR`, `TRAILING_NULS`, a `GZIP_…` or a
 * failure of the disk
 * @throws UsageError `UNKNOWN_ENCODING`
 */
export async function scanText<T>(
  file: TextFile,
  encodingOption: string | undefined,
  read: (pass: TextPass) => Promise<T>,
): Promise<{ readonly text: TextInput; readonly result: T }> {
  const first = chooseEncoding(file.head, encodingOption ?? 'auto');
  refuseBinary(file.head, first.name, file.reading.file.name);
  try {
    return await scanAs(file, first, [], read);
  } catch (error) {
    if (!(error instanceof UndecodableTextError)) throw error;
    if (first.name !== 'utf-8') throw error.asInputError();
    const second = await chooseAgain(file, first, error);
    const guesses = second.isDamaged === true ? [] : [createGuessedNotice(error.line, second.name)];
    return await scanAs(file, second, guesses, read).catch((cause: unknown) => {
      throw cause instanceof UndecodableTextError ? cause.asInputError() : cause;
    });
  }
}

/** Characters of UTF-8 for each byte that is none, from which the text is UTF-8 that was damaged. */
const minCharactersPerDamage = 1;

/** What a text is that was taken for utf-8 and holds bytes that are not: all of it is read before that is decided. */
async function chooseAgain(
  file: TextFile,
  first: ChosenEncoding,
  error: UndecodableTextError,
): Promise<ChosenEncoding> {
  const survey = await surveyBytes(readUncompressed(file, file.reading.chunks()));
  // Words of another encoding are hardly ever valid UTF-8; where both occur, a wrong letter must not be stored.
  if (survey.characters >= Math.max(1, survey.damagedBytes * minCharactersPerDamage))
    return { ...first, isDamaged: true };
  if (first.origin !== 'guess') throw error.asInputError();
  // Loaded when needed: nearly all texts are UTF-8.
  const { createUnclearEncodingError, detectEncoding } = await import('./detect-encoding.js');
  const detected = detectEncoding(survey);
  if (detected.kind === 'confident') return { name: detected.name, bomBytes: 0, origin: 'guess' };
  if (detected.candidates.length === 0) throw error.asInputError();
  throw createUnclearEncodingError(file.reading.file.name, survey, detected.candidates);
}

async function scanAs<T>(
  file: TextFile,
  encoding: ChosenEncoding,
  guesses: readonly Issue[],
  read: (pass: TextPass) => Promise<T>,
) {
  const sample = decodeSample(file, encoding);
  const check = createTextCheck(file.reading.file.name, encoding);
  const decoded = check.decode(readUncompressed(file, file.reading.chunks(), check.addRaw));
  // Without `return`: whoever leaves a loop over the chunks must not end the reading.
  const chunks = { [Symbol.asyncIterator]: () => ({ next: () => decoded.next() }) };
  try {
    const result = await read({ ...sample, encoding, chunks, holdsNuls: check.holdsNuls });
    for await (const _ of chunks);
    const contradiction = findContradictingMark(file.head, encoding.name);
    const notices =
      contradiction === undefined ? guesses : [...guesses, createContradictionNotice(encoding.name, contradiction)];
    return { text: createTextInput(file, { encoding, notices, ...check.facts() }), result };
  } finally {
    await decoded.return(undefined);
  }
}

/** The beginning of a text; a wrong guess of the encoding is often found here. */
function decodeSample({ reading, head }: TextFile, encoding: ChosenEncoding) {
  const { name, sizeBytes } = reading.file;
  const isWhole = reading.head.length === sizeBytes && head.length < headBytes;
  const decoder = createDecoder(encoding);
  const lineEnds = createLineEndCounter();
  const take = ({ text, badAt }: Decoded) => {
    lineEnds.add(badAt === undefined ? text : text.subarray(0, badAt));
    if (badAt !== undefined) throw new UndecodableTextError(name, encoding.name, lineEnds.currentLine());
    return text;
  };
  const beginning = take(decoder.write(head.subarray(encoding.bomBytes)));
  const sample = isWhole ? Buffer.concat([beginning, take(decoder.end())]) : beginning;
  return { sample, sampleLineEnds: lineEnds.lineEnds() };
}

/** Decodes a text chunk by chunk, and finds out on the way what can only be said of all its bytes. */
function createTextCheck(name: string, encoding: ChosenEncoding) {
  const hash = createHash('sha256');
  const lineEnds = createLineEndCounter();
  const decoder = createDecoder(encoding);
  let sizeBytes = 0;
  let nuls = { any: false, last: false };
  let isBlankSoFar = true;
  let isAsciiSoFar = true;

  const take = ({ text, badAt }: Decoded) => {
    lineEnds.add(badAt === undefined ? text : text.subarray(0, badAt));
    if (badAt !== undefined) throw new UndecodableTextError(name, encoding.name, lineEnds.currentLine());
    if (text.length === 0) return text;
    nuls = { any: nuls.any || text.includes(0), last: text.at(-1) === 0 };
    isBlankSoFar = isBlankSoFar && isBlank(text);
    isAsciiSoFar = isAsciiSoFar && isAscii(text);
    return text;
  };
  return {
    /** Counts bytes as they are on disk. */
    addRaw(chunk: Buffer) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    },
    /** @throws UndecodableTextError, InputError `EMPTY_FILE`, `TRAILING_NULS` */
    async *decode(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      let toSkip = encoding.bomBytes;
      for await (const chunk of chunks) {
        const bytes = chunk.subarray(Math.min(toSkip, chunk.length));
        toSkip -= chunk.length - bytes.length;
        yield take(decoder.write(bytes));
      }
      yield take(decoder.end());
      if (isBlankSoFar) throw createEmptyFileError(name);
      if (nuls.last) throw createTrailingNulsError(name, lineEnds.currentLine());
    },
    holdsNuls: () => nuls.any,
    facts: () => ({
      fingerprint: { sha256: hash.digest('hex'), sizeBytes },
      lineEnds: lineEnds.lineEnds(),
      holdsNuls: nuls.any,
      isAscii: isAsciiSoFar,
    }),
  };
}

/** The text holds bytes that its encoding has no character for. */
class UndecodableTextError extends Error {
  constructor(
    readonly file: string,
    readonly encoding: string,
    readonly line: number,
  ) {
    super(`undecodable ${encoding}`);
  }

  asInputError(): InputError {
    return createInputError({
      code: 'UNDECODABLE_BYTE',
      file: this.file,
      line: this.line,
      fact: `there is a byte that is not valid in ${this.encoding}.`,
      nextStep: 'Give the encoding of the file: --encoding <name>. If the file is incomplete, export it again.',
    });
  }
}

function isBlank(text: Buffer): boolean {
  return text.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

function createEmptyFileError(file: string): InputError {
  return createInputError({
    code: 'EMPTY_FILE',
    file,
    fact: 'the file is empty.',
    nextStep: 'Export it again, and check that the export finished.',
  });
}

function createTrailingNulsError(file: string, line: number): InputError {
  return createInputError({
    code: 'TRAILING_NULS',
    file,
    line,
    fact: 'the file ends in zero bytes: it was not written completely.',
    nextStep: 'Copy or export the file again.',
  });
}

/** What a source says about the encoding of its text. */
export function describeTextEncoding({ encoding, isAscii: isPlain }: TextInput): Pick<InputSource, 'textEncoding'> {
  const { name, origin } = encoding;
  return isPlain ? {} : { textEncoding: { name, isGuess: origin === 'guess' && !name.startsWith('utf-') } };
}

/** A text that an earlier process has scanned. */
export function createScannedText(file: TextFile, fingerprint: Fingerprint, scan: TextScan): TextInput {
  const { encoding, lineEnds, holdsNuls, isAscii: isPlain = false } = scan;
  return createTextInput(file, { encoding, lineEnds, holdsNuls, isAscii: isPlain, fingerprint, notices: [] });
}

type TextFacts = Pick<TextInput, 'encoding' | 'fingerprint' | 'lineEnds' | 'holdsNuls' | 'isAscii' | 'notices'>;

function createTextInput(textFile: TextFile, facts: TextFacts): TextInput {
  const { compression } = textFile;
  const { file } = textFile.reading;
  const { encoding } = facts;
  const chunks = () => decodeText(readUncompressed(textFile, readBytes(file)), encoding);
  return {
    ...{ file, compression, chunks },
    ...facts,
    // A position counts decoded bytes; in any other text they are found by decoding what comes before them.
    openRanges: () =>
      compression === undefined && isKeptAsIs(encoding)
        ? { read: (range) => readTextRange(file, encoding, range), close: () => Promise.resolve() }
        : createSequentialRanges(chunks()),
  };
}

/** Whether the bytes of the file are those of the text. */
function isKeptAsIs({ name, isDamaged }: ChosenEncoding): boolean {
  return name === 'utf-8' && isDamaged !== true;
}

/** Parts of a text, as utf-8 and without its byte order mark. */
interface TextRanges {
  /** Ranges are to be read in the order of the text. */
  read(range: ByteRange): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Ranges of a text that can only be read from its start: what lies before and between them is skipped. */
function createSequentialRanges(chunks: AsyncGenerator<Buffer>): TextRanges {
  /** Bytes of the text before `rest`. */
  let position = 0;
  let rest: Buffer = Buffer.alloc(0);
  return {
    async *read({ from, to }) {
      while (position < to) {
        if (rest.length === 0) {
          const next = await chunks.next();
          if (next.done === true) return;
          rest = next.value;
        }
        const wanted = rest.subarray(Math.max(0, from - position), to - position);
        const used = Math.min(rest.length, to - position);
        rest = rest.subarray(used);
        position += used;
        if (wanted.length > 0) yield wanted;
      }
    },
    async close() {
      await chunks.return(undefined);
    },
  };
}

function readTextRange(file: InputFile, { bomBytes }: ChosenEncoding, { from, to }: ByteRange) {
  return readBytes(file, { from: from + bomBytes, to: to + bomBytes });
}

/** The bytes as they were before compression; `tap` sees them as they are on disk. */
function readUncompressed(
  { reading, compression, zipped, gzipLimits }: TextFile,
  raw: AsyncGenerator<Buffer>,
  tap?: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  if (zipped !== undefined) return tap === undefined ? zipped.read() : readAfter(tapChunks(raw, tap), zipped.read());
  const chunks = tap === undefined ? raw : tapChunks(raw, tap);
  return compression === 'gzip' ? gunzip(chunks, reading.file.name, gzipLimits) : chunks;
}

/** Reads the first to its end, then gives the second. */
async function* readAfter(first: AsyncIterable<Buffer>, second: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  for await (const _ of first);
  yield* second;
}

async function* tapChunks(chunks: AsyncIterable<Buffer>, tap: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    tap(chunk);
    yield chunk;
  }
}

async function* decodeText(chunks: AsyncIterable<Buffer>, encoding: ChosenEncoding): AsyncGenerator<Buffer> {
  // The first reading found every byte of a utf-8 file valid: there is nothing left to decode.
  const decoder = isKeptAsIs(encoding) ? undefined : createDecoder(encoding);
  let toSkip = encoding.bomBytes;
  for await (const chunk of chunks) {
    const bytes = chunk.subarray(Math.min(toSkip, chunk.length));
    toSkip -= chunk.length - bytes.length;
    yield decoder === undefined ? bytes : decoder.write(bytes).text;
  }
  if (decoder !== undefined) yield decoder.end().text;
}

function createGuessedNotice(line: number, encoding: string): Issue {
  return {
    severity: 'warning',
    code: 'ENCODING_GUESSED',
    message:
      `Line ${line} contains a byte that is not UTF-8, so the file was read as ${encoding}, which fits its words best. ` +
      'If names look wrong, give the encoding: --encoding <name>',
    row: line,
  };
}

function createContradictionNotice(used: string, marked: string): Issue {
  return {
    severity: 'warning',
    code: 'ENCODING_CONTRADICTS_MARK',
    message: `The file was read as ${used} as requested, but its byte order mark indicates ${marked}. Try: --encoding auto`,
  };
}
