import type { Notice } from '#pipelines/ports.js';
import { type GzipLimits, gunzip } from '#src/files/gunzip.js';
import { type ByteRange, type InputFile, readBytes } from '#src/files/input-file.js';
import type { Fingerprint, KnownText, OpenOptions } from '#src/files/input-source.js';
import { type ChosenEncoding, chooseEncoding, contradictingMark } from './choose-encoding.js';
import { createDecoder } from './decoder.js';
import type { LineEnds } from './line-census.js';
import { refuseBinary } from './refuse-binary.js';
import { surveyText, UndecodableText } from './survey-text.js';
import { rangesInOrder, type TextRanges } from './text-ranges.js';

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
export interface ByteOrigin {
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
  origin: ByteOrigin,
  { encoding, known }: Pick<OpenOptions, 'encoding' | 'known'>,
): Promise<TextInput> {
  if (known?.text !== undefined) return textOf(origin, { ...known.text, fingerprint: known.fingerprint, notices: [] });
  return textOf(origin, await lookedThrough(origin, encoding ?? 'auto'));
}

type Found = Pick<TextInput, 'encoding' | 'fingerprint' | 'lineEnds' | 'holdsNuls' | 'notices'>;

async function lookedThrough(origin: ByteOrigin, asked: string): Promise<Found> {
  const sample = await headOf(plainBytes(origin), sampleBytes);
  const first = chooseEncoding(sample, asked);
  refuseBinary(sample, first.name, origin.file.name);
  const { encoding, survey, notices } = await surveyed(origin, first);
  const contradiction = contradictingMark(sample, encoding.name);
  const all = contradiction === undefined ? notices : [...notices, contradicted(encoding.name, contradiction)];
  return { encoding, ...survey, notices: all };
}

function textOf(origin: ByteOrigin, found: Found): TextInput {
  const { file, compression } = origin;
  const { encoding, fingerprint, lineEnds, holdsNuls, notices } = found;
  return {
    ...{ file, compression, encoding, fingerprint, lineEnds, holdsNuls, notices },
    chunks: () => decoded(origin, encoding),
    // What is decoded has no byte for a byte, so it must be passed by to come to a place.
    openRanges: () =>
      compression === undefined && encoding.name === 'utf-8'
        ? { read: (range) => bytesOf(origin, encoding, range), close: () => Promise.resolve() }
        : rangesInOrder(decoded(origin, encoding)),
  };
}

/** What is to be known of a text when it is read again. */
export function knownText({ encoding, lineEnds, holdsNuls }: TextInput, places: KnownText['places']): KnownText {
  return { encoding, lineEnds, holdsNuls, places };
}

function bytesOf({ file, chunkBytes }: ByteOrigin, { bomBytes }: ChosenEncoding, { from, to }: ByteRange) {
  return readBytes(file, chunkBytes, { from: from + bomBytes, to: to + bomBytes });
}

/** The beginning of a text. */
export function sampleOf(text: TextInput): Promise<Buffer> {
  return headOf(text.chunks(), sampleBytes);
}

async function surveyed(origin: ByteOrigin, encoding: ChosenEncoding) {
  const survey = (chosen: ChosenEncoding) =>
    surveyText({ file: origin.file, encoding: chosen, bytes: (tap) => plainBytes(origin, tap) });
  try {
    return { encoding, survey: await survey(encoding), notices: [] };
  } catch (error) {
    if (!(error instanceof UndecodableText)) throw error;
    if (encoding.origin !== 'guess' || encoding.name !== 'utf-8') throw error.asInputError();
    const firstBadLine = error.line;
    const second = await survey(fallbackEncoding).catch((cause: unknown) => {
      throw cause instanceof UndecodableText ? cause.asInputError() : cause;
    });
    return { encoding: fallbackEncoding, survey: second, notices: [guessed(firstBadLine)] };
  }
}

/** The bytes as they were before compression; `tap` sees them as they are on disk. */
function plainBytes(origin: ByteOrigin, tap?: (raw: Buffer) => void): AsyncGenerator<Buffer> {
  const raw = readBytes(origin.file, origin.chunkBytes);
  const seen = tap === undefined ? raw : tapped(raw, tap);
  return origin.compression === 'gzip' ? gunzip(seen, origin.file.name, origin.gzipLimits) : seen;
}

async function* tapped(chunks: AsyncIterable<Buffer>, tap: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    tap(chunk);
    yield chunk;
  }
}

async function* decoded(origin: ByteOrigin, encoding: ChosenEncoding): AsyncGenerator<Buffer> {
  // The survey found every byte of a utf-8 file good: there is nothing left to decode.
  const decoder = encoding.name === 'utf-8' ? undefined : createDecoder(encoding.name);
  let toSkip = encoding.bomBytes;
  for await (const chunk of plainBytes(origin)) {
    const bytes = chunk.subarray(Math.min(toSkip, chunk.length));
    toSkip -= chunk.length - bytes.length;
    yield decoder === undefined ? bytes : decoder.write(bytes).text;
  }
  if (decoder !== undefined) yield decoder.end().text;
}

async function headOf(chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.length;
    if (length >= maxBytes) break;
  }
  return Buffer.concat(parts).subarray(0, maxBytes);
}

function guessed(line: number): Notice {
  return {
    code: 'ENCODING_GUESSED',
    message:
      `Line ${line} holds a byte that is not utf-8, so the file was read as windows-1252. ` +
      'If names look wrong, say which encoding it is: --encoding <name>',
    row: line,
  };
}

function contradicted(used: string, marked: string): Notice {
  return {
    code: 'ENCODING_CONTRADICTS_MARK',
    message: `The file was read as ${used} as asked, but its first bytes mark it as ${marked}. Try: --encoding auto`,
  };
}
