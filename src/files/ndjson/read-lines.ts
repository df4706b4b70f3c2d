import { createInputError } from '#src/files/input-file.js';
import type { TextPosition } from '#src/files/table/row-positions.js';

/** One physical line of a text. */
export interface TextLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** Lines that lie together, and where the next ones begin. */
export interface LineBatch {
  readonly lines: readonly TextLine[];
  readonly next: TextPosition;
}

export const firstPosition: TextPosition = { line: 1, offset: 0 };
const lineFeed = 0x0a;
export const maxLineBytes = 4 * 1024 * 1024;
export const maxLinesPerBatch = 500;

/**
 * The lines of a utf-8 text in batches, without their ends. JSON escapes line ends, so that a line is a record.
 *
 * @param chunks - the text from `start` on
 * @throws InputError `RECORD_TOO_LARGE`
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  file: string,
  start: TextPosition = firstPosition,
): AsyncGenerator<LineBatch> {
  let rest: Buffer = Buffer.alloc(0);
  let line = start.line - 1;
  let offset = start.offset;
  const createBatch = (lines: readonly TextLine[], bytes: number): LineBatch => {
    offset += bytes;
    return { lines, next: { line: line + 1, offset } };
  };
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let [begin, from] = [0, 0];
    let lines: TextLine[] = [];
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, from)) {
      line += 1;
      // By its own length, so that it does not depend on how many bytes happen to be at hand.
      if (end - from > maxLineBytes) throw createLineTooLongError(file, line);
      lines.push({ line, text: bytes.toString('utf8', from, end) });
      from = end + 1;
      if (lines.length === maxLinesPerBatch) {
        yield createBatch(lines, from - begin);
        lines = [];
        begin = from;
      }
    }
    if (lines.length > 0) yield createBatch(lines, from - begin);
    rest = bytes.subarray(from);
    if (rest.length > maxLineBytes) throw createLineTooLongError(file, line + 1);
  }
  if (rest.length === 0) return;
  line += 1;
  yield createBatch([{ line, text: rest.toString().replace(endMark, '') }], rest.length);
}

/** Old programs end a text with Ctrl-Z. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is one
const endMark = /\x1a+$/;

function createLineTooLongError(file: string, line: number) {
  return createInputError({
    code: 'RECORD_TOO_LARGE',
    file,
    line,
    fact: 'this line is longer than four mebibytes.',
    nextStep: 'NDJSON has one object per line. Convert the file, e.g. with: jq -c . <file>',
  });
}
