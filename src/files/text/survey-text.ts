import { createHash } from 'node:crypto';
import type { InputError } from '#src/errors.js';
import { inputFailure } from '#src/files/input-failure.js';
import type { InputFile } from '#src/files/input-file.js';
import type { Fingerprint } from '#src/files/input-source.js';
import type { ChosenEncoding } from './choose-encoding.js';
import { createDecoder, type Decoded } from './decoder.js';
import { createLineCensus, type LineEnds } from './line-census.js';

/** What one reading of the whole text found. */
export interface TextSurvey {
  readonly fingerprint: Fingerprint;
  readonly lineEnds: LineEnds;
  readonly holdsNuls: boolean;
}

interface Surveyed {
  readonly file: InputFile;
  readonly encoding: ChosenEncoding;
  /** The bytes of the text; `tap` is shown those on disk. */
  bytes(tap: (raw: Buffer) => void): AsyncIterable<Buffer>;
}

/** The text holds bytes that its encoding has no character for. */
export class UndecodableText extends Error {
  constructor(
    readonly file: string,
    readonly encoding: string,
    readonly line: number,
  ) {
    super(`undecodable ${encoding}`);
  }

  asInputError(): InputError {
    return inputFailure({
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
export async function surveyText({ file, encoding, bytes }: Surveyed): Promise<TextSurvey> {
  const hash = createHash('sha256');
  const census = createLineCensus();
  const decoder = createDecoder(encoding.name);
  let sizeBytes = 0;
  let toSkip = encoding.bomBytes;
  let nuls = { any: false, last: false };
  let blank = true;

  const take = ({ text, badAt }: Decoded) => {
    census.add(badAt === undefined ? text : text.subarray(0, badAt));
    if (badAt !== undefined) throw new UndecodableText(file.name, encoding.name, census.currentLine());
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
  if (blank) throw emptyFile(file.name);
  if (nuls.last) throw trailingNuls(file.name, census.currentLine());
  return { fingerprint: { sha256: hash.digest('hex'), sizeBytes }, lineEnds: census.lineEnds(), holdsNuls: nuls.any };
}

function isBlank(text: Buffer): boolean {
  return text.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

function emptyFile(file: string): InputError {
  return inputFailure({
    code: 'EMPTY_FILE',
    file,
    fact: 'the file is empty.',
    nextStep: 'Export it again, and look whether the export finished.',
  });
}

function trailingNuls(file: string, line: number): InputError {
  return inputFailure({
    code: 'TRAILING_NULS',
    file,
    line,
    fact: 'the file ends in zero bytes: it was not written to its end.',
    nextStep: 'Copy or export the file again.',
  });
}
