import { createHash } from 'node:crypto';
import type { Notice } from '#pipelines/ports.js';
import type { InputError } from '#src/errors.js';
import {
  type ByteRange,
  createInputError,
  type GzipLimits,
  gunzip,
  type InputFile,
  readBytes,
} from '#src/files/input-file.js';
import type { Fingerprint, OpenOptions, TextScan } from '#src/files/input-source.js';
import { type ChosenEncoding, chooseEncoding, findContradictingMark, refuseBinary } from './choose-encoding.js';
import { createDecoder, type Decoded } from './decoder.js';
import { createLineEndCounter, type LineEnds } from './line-ends.js';

/** Some of a text, as utf-8 and without its byte order mark. */
interface TextRanges {
  /** To be asked for in the order of the text. */
  read(range: ByteRange): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Ranges of a text that can only be read from its start: what lies before and between them is passed by. */
function createSequentialRanges(chunks: AsyncGenerator<Buffer>): TextRanges {
  /** Bytes of the text before `rest`. */
  let passed = 0;
  let rest: Buffer = Buffer.alloc(0);
  return {
    async *read({ from, to }) {
      while (passed < to) {
        if (rest.length === 0) {
          const next = await chunks.next();
          if (next.done === true) return;
          rest = next.value;
        }
        const wanted = rest.subarray(Math.max(0, from - passed), to - passed);
        const used = Math.min(rest.length, to - passed);
        rest = rest.subarray(used);
        passed += used;
        if (wanted.length > 0) yield wanted;
      }
    },
    async close() {
      await chunks.return(undefined);
    },
  };
}

/** What one reading of the whole text found. */
interface TextFacts {
  readonly fingerprint: Fingerprint;
  readonly lineEnds: LineEnds;
  readonly holdsNuls: boolean;
}

interface TextToScan {
  readonly file: InputFile;
  readonly encoding: ChosenEncoding;
  /** The bytes of the text; `tap` is shown those on disk. */
  bytes(tap: (raw: Buffer) => void): AsyncIterable<Buffer>;
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
      fact: `there is a byte that is no character in ${this.encoding}.`,
      nextStep: 'Say which encoding the file has: --encoding <name>. If it was cut, export it again.',
    });
  }
}

/**
 * Reads the text from end to end: hash, line ends, and whether every byte is a character.
 *
 * @throws UndecodableText at the first byte that is not
 * @throws InputError `EMPTY_FILE`, `TRAILING_NULS`
 */
async function scanText({ file, encoding, bytes }: TextToScan): Promise<TextFacts> {
  const hash = createHash('sha256');
  const census = createLineEndCounter();
  const decoder = createDecoder(encoding.name);
  let sizeBytes = 0;
  let toSkip = encoding.bomBytes;
  let nuls = { any: false, last: false };
  let blank = true;

  const take = ({ text, badAt }: Decoded) => {
    census.add(badAt === undefined ? text : text.subarray(0, badAt));
    if (badAt !== undefined) throw new UndecodableTextError(file.name, encoding.name, census.currentLine());
    if (text.length === 0) return;
    nuls = { any: nuls.any || text.includes(0), last: text.at(-1) === 0 };
    blank = blank && isBlank(text);
  };
  const tap = (raw: Buffer) => {
    hash.update(raw);
    sizeBytes += raw.length;
  };
  for await (const chunk of bytes(tap)) {
    const rest = chunk.subarray(Math.min(toSkip, chunk.length));
    toSkip -= chunk.length - rest.length;
    take(decoder.write(rest));
  }
  take(decoder.end());
  if (blank) throw createEmptyFileError(file.name);
  if (nuls.last) throw createTrailingNulsError(file.name, census.currentLine());
  return { fingerprint: { sha256: hash.digest('hex'), sizeBytes }, lineEnds: census.lineEnds(), holdsNuls: nuls.any };
}

function isBlank(text: Buffer): boolean {
  return text.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

function createEmptyFileError(file: string): InputError {
  return createInputError({
    code: 'EMPTY_FILE',
    file,
    fact: 'the file is empty.',
    nextStep: 'Export it again, and look whether the export finished.',
  });
}

function createTrailingNulsError(file: string, line: number): InputError {
  return createInputError({
    code: 'TRAILING_NULS',
    file,
    line,
    fact: 'the file ends in zero bytes: it was not written to its end.',
    nextStep: 'Copy or export the file again.',
  });
}

/** A text file of which every byte is known to be a character. */
export interface TextInput {
  readonly file: InputFile;
  readonly encoding: ChosenEncoding;
  readonly compression: 'gzip' | undefined;
  readonly fingerprint: Fingerprint;
  readonly lineEnds: LineEnds;
  /** Whether a character with value 0 stands somewhere in the text. */
  readonly holdsNuls: boolean;
  readonly notices: readonly Notice[];
  /** The text as utf-8 without its byte order mark. */
  chunks(): AsyncGenerator<Buffer>;
  /** The same, for who needs some of it only. */
  openRanges(): TextRanges;
}

/** Where the bytes of a text come from. */
export interface ByteSource {
  readonly file: InputFile;
  readonly compression: 'gzip' | undefined;
  readonly gzipLimits: GzipLimits | undefined;
  /** Bytes per read. @default 256 KiB */
  readonly chunkBytes?: number;
}

/** Enough to judge an encoding and a delimiter by. */
const sampleBytes = 256 * 1024;

/** What a text that is not utf-8 most probably is: the code page of Western Windows. */
const fallbackEncoding: ChosenEncoding = { name: 'windows-1252', bomBytes: 0, origin: 'guess' };

/**
 * Reads a text file once from end to end, so that whatever is wrong with its bytes is known before a row is used; not
 * when an earlier reading has found out.
 *
 * @throws InputError `EMPTY_FILE`, `BINARY_FILE`, `UNDECODABLE_BYTE`, `TRAILING_NULS`, a `GZIP_…` or a failure of the disk
 * @throws UsageError `UNKNOWN_ENCODING`
 */
export async function openText(
  origin: ByteSource,
  { encoding, scan: known }: Pick<OpenOptions, 'encoding' | 'scan'>,
): Promise<TextInput> {
  if (known?.text !== undefined)
    return createTextInput(origin, { ...known.text, fingerprint: known.fingerprint, notices: [] });
  return createTextInput(origin, await scanWholeText(origin, encoding ?? 'auto'));
}

type ScannedText = Pick<TextInput, 'encoding' | 'fingerprint' | 'lineEnds' | 'holdsNuls' | 'notices'>;

async function scanWholeText(origin: ByteSource, asked: string): Promise<ScannedText> {
  const sample = await readFirstBytes(readUncompressed(origin), sampleBytes);
  const first = chooseEncoding(sample, asked);
  refuseBinary(sample, first.name, origin.file.name);
  const { encoding, survey, notices } = await scanWithFallback(origin, first);
  const contradiction = findContradictingMark(sample, encoding.name);
  const all =
    contradiction === undefined ? notices : [...notices, createContradictionNotice(encoding.name, contradiction)];
  return { encoding, ...survey, notices: all };
}

function createTextInput(origin: ByteSource, found: ScannedText): TextInput {
  const { file, compression } = origin;
  const { encoding, fingerprint, lineEnds, holdsNuls, notices } = found;
  return {
    ...{ file, compression, encoding, fingerprint, lineEnds, holdsNuls, notices },
    chunks: () => decodeText(origin, encoding),
    // What is decoded has no byte for a byte, so it must be passed by to come to a place.
    openRanges: () =>
      compression === undefined && encoding.name === 'utf-8'
        ? { read: (range) => readTextRange(origin, encoding, range), close: () => Promise.resolve() }
        : createSequentialRanges(decodeText(origin, encoding)),
  };
}

/** What is to be known of a text when it is read again. */
export function buildTextScan({ encoding, lineEnds, holdsNuls }: TextInput, places: TextScan['places']): TextScan {
  return { encoding, lineEnds, holdsNuls, places };
}

function readTextRange({ file, chunkBytes }: ByteSource, { bomBytes }: ChosenEncoding, { from, to }: ByteRange) {
  return readBytes(file, chunkBytes, { from: from + bomBytes, to: to + bomBytes });
}

/** The beginning of a text. */
export function readSample(text: TextInput): Promise<Buffer> {
  return readFirstBytes(text.chunks(), sampleBytes);
}

async function scanWithFallback(origin: ByteSource, encoding: ChosenEncoding) {
  const survey = (chosen: ChosenEncoding) =>
    scanText({ file: origin.file, encoding: chosen, bytes: (tap) => readUncompressed(origin, tap) });
  try {
    return { encoding, survey: await survey(encoding), notices: [] };
  } catch (error) {
    if (!(error instanceof UndecodableTextError)) throw error;
    if (encoding.origin !== 'guess' || encoding.name !== 'utf-8') throw error.asInputError();
    const firstBadLine = error.line;
    const second = await survey(fallbackEncoding).catch((cause: unknown) => {
      throw cause instanceof UndecodableTextError ? cause.asInputError() : cause;
    });
    return { encoding: fallbackEncoding, survey: second, notices: [createGuessedNotice(firstBadLine)] };
  }
}

/** The bytes as they were before compression; `tap` sees them as they are on disk. */
function readUncompressed(origin: ByteSource, tap?: (raw: Buffer) => void): AsyncGenerator<Buffer> {
  const raw = readBytes(origin.file, origin.chunkBytes);
  const seen = tap === undefined ? raw : tapChunks(raw, tap);
  return origin.compression === 'gzip' ? gunzip(seen, origin.file.name, origin.gzipLimits) : seen;
}

async function* tapChunks(chunks: AsyncIterable<Buffer>, tap: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    tap(chunk);
    yield chunk;
  }
}

async function* decodeText(origin: ByteSource, encoding: ChosenEncoding): AsyncGenerator<Buffer> {
  // The survey found every byte of a utf-8 file good: there is nothing left to decode.
  const decoder = encoding.name === 'utf-8' ? undefined : createDecoder(encoding.name);
  let toSkip = encoding.bomBytes;
  for await (const chunk of readUncompressed(origin)) {
    const bytes = chunk.subarray(Math.min(toSkip, chunk.length));
    toSkip -= chunk.length - bytes.length;
    yield decoder === undefined ? bytes : decoder.write(bytes).text;
  }
  if (decoder !== undefined) yield decoder.end().text;
}

async function readFirstBytes(chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.length;
    if (length >= maxBytes) break;
  }
  return Buffer.concat(parts).subarray(0, maxBytes);
}

function createGuessedNotice(line: number): Notice {
  return {
    code: 'ENCODING_GUESSED',
    message:
      `Line ${line} holds a byte that is not utf-8, so the file was read as windows-1252. ` +
      'If names look wrong, say which encoding it is: --encoding <name>',
    row: line,
  };
}

function createContradictionNotice(used: string, marked: string): Notice {
  return {
    code: 'ENCODING_CONTRADICTS_MARK',
    message: `The file was read as ${used} as asked, but its first bytes mark it as ${marked}. Try: --encoding auto`,
  };
}
