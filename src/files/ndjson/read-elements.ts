import { createInputError } from '#src/files/input-file.js';
import type { TextPosition } from '#src/files/table/row-positions.js';
import { firstPosition, type LineBatch, maxLineBytes, maxLinesPerBatch, type TextLine } from './read-lines.js';

const sign = {
  lineFeed: 0x0a,
  quote: 0x22,
  comma: 0x2c,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

/**
 * The elements of a JSON array in batches, as {@link readLines} gives the lines of NDJSON: an element has the number of
 * the line on which it begins.
 *
 * @param chunks - the text from `start` on
 * @throws InputError `RECORD_TOO_LARGE`, `FILE_CUT` when `start` is not given and the array is not closed
 */
export async function* readElements(
  chunks: AsyncIterable<Buffer>,
  file: string,
  start?: TextPosition,
): AsyncGenerator<LineBatch> {
  const scanner = new ElementScanner(start ?? firstPosition);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const { batches, used } = scanner.scan(bytes, rest.length);
    yield* batches;
    rest = bytes.subarray(used);
    if (rest.length > maxLineBytes) throw createElementTooLongError(file, scanner.line);
  }
  const last = scanner.takeRest(rest);
  if (last.lines.length > 0) yield last;
  if (start === undefined && !scanner.isClosed) throw createCutError(file, scanner.line);
}

/** Finds where elements end in bytes that come in pieces. */
class ElementScanner {
  /** The line of the last byte seen. */
  line: number;
  isClosed = false;
  /** Where the element at hand, or what lies before it, begins. */
  #offset: number;
  #offsetLine: number;
  #depth: number;
  #isInString = false;
  #isEscaped = false;
  /** The line on which the element at hand begins; 0 between two. */
  #firstLine = 0;

  constructor({ line, offset }: TextPosition) {
    this.line = line;
    this.#offset = offset;
    this.#offsetLine = line;
    // Any other position lies between two elements.
    this.#depth = offset === 0 ? 0 : 1;
  }

  /** @param from - the bytes before it were seen at the last call */
  scan(bytes: Buffer, from: number): { readonly batches: readonly LineBatch[]; readonly used: number } {
    const batches: LineBatch[] = [];
    let lines: TextLine[] = [];
    let begin = 0;
    const endBatch = () => {
      if (lines.length > 0) batches.push({ lines, next: { line: this.#offsetLine, offset: this.#offset } });
      lines = [];
    };
    for (let at = from; at < bytes.length; at += 1) {
      if (!this.#endsElement(bytes[at] as number)) continue;
      if (this.#firstLine > 0) lines.push({ line: this.#firstLine, text: bytes.toString('utf8', begin, at) });
      this.#firstLine = 0;
      this.#offset += at + 1 - begin;
      this.#offsetLine = this.line;
      begin = at + 1;
      if (lines.length === maxLinesPerBatch) endBatch();
    }
    endBatch();
    return { batches, used: begin };
  }

  /** What stands behind the last comma or the closing bracket, where the array is not what it should be. */
  takeRest(bytes: Buffer): LineBatch {
    this.#offset += bytes.length;
    const next = { line: this.line, offset: this.#offset };
    return { lines: this.#firstLine === 0 ? [] : [{ line: this.#firstLine, text: bytes.toString() }], next };
  }

  /** Whether the byte is the comma or bracket behind an element, or the bracket before the first. */
  #endsElement(byte: number): boolean {
    if (byte === sign.lineFeed) this.line += 1;
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === sign.backslash) this.#isEscaped = true;
      else if (byte === sign.quote) this.#isInString = false;
      return false;
    }
    // White space, and the Ctrl-Z with which old programs end a text.
    if (byte <= 0x20) return false;
    if (this.#depth === 0 && !this.isClosed && byte === sign.openBracket) {
      this.#depth = 1;
      return true;
    }
    const isBoundary = this.#depth === 1 && (byte === sign.comma || byte === sign.closeBracket);
    if (isBoundary) {
      if (byte === sign.closeBracket) {
        this.#depth = 0;
        this.isClosed = true;
      }
      return true;
    }
    if (this.#firstLine === 0) this.#firstLine = this.line;
    if (byte === sign.quote) this.#isInString = true;
    else if (byte === sign.openBrace || byte === sign.openBracket) this.#depth += 1;
    else if (byte === sign.closeBrace || byte === sign.closeBracket) this.#depth -= 1;
    return false;
  }
}

function createElementTooLongError(file: string, line: number) {
  return createInputError({
    code: 'RECORD_TOO_LARGE',
    file,
    line,
    fact: 'this element of the array is longer than four mebibytes.',
    nextStep: 'Check that the file is a JSON array with one object per customer.',
  });
}

function createCutError(file: string, line: number) {
  return createInputError({
    code: 'FILE_CUT',
    file,
    line,
    fact: 'the JSON array is not closed: the end of the file is missing.',
    nextStep: 'Copy or export the file again.',
  });
}
