import { inputFailure } from '#src/files/input-failure.js';
import type { TextPlace } from '#src/files/table/row-places.js';

/** One physical line of a text. */
export interface TextLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

const lineFeed = 0x0a;
const maxLineBytes = 4 * 1024 * 1024;
const maxLinesPerBatch = 500;

/**
 * The lines of a utf-8 text in batches, without their ends. JSON escapes line ends, so that a line is a record.
 *
 * @param place - where the first of them begins; moves on to where the next batch begins before one is given
 * @throws InputError `RECORD_TOO_LARGE`
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  file: string,
  place: TextPlace = firstPlace(),
): AsyncGenerator<readonly TextLine[]> {
  let rest: Buffer = Buffer.alloc(0);
  let line = place.line - 1;
  const given = (lines: readonly TextLine[], bytes: number) => {
    place.line = line + 1;
    place.offset += bytes;
    return lines;
  };
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let [begin, from] = [0, 0];
    let lines: TextLine[] = [];
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, from)) {
      line += 1;
      // By its own length, so that it does not depend on how many bytes happen to be at hand.
      if (end - from > maxLineBytes) throw lineTooLong(file, line);
      lines.push({ line, text: bytes.toString('utf8', from, end) });
      from = end + 1;
      if (lines.length === maxLinesPerBatch) {
        yield given(lines, from - begin);
        lines = [];
        begin = from;
      }
    }
    if (lines.length > 0) yield given(lines, from - begin);
    rest = bytes.subarray(from);
    if (rest.length > maxLineBytes) throw lineTooLong(file, line + 1);
  }
  if (rest.length === 0) return;
  line += 1;
  yield given([{ line, text: rest.toString() }], rest.length);
}

export function firstPlace(): TextPlace {
  return { line: 1, offset: 0 };
}

function lineTooLong(file: string, line: number) {
  return inputFailure({
    code: 'RECORD_TOO_LARGE',
    file,
    line,
    fact: 'this line is longer than four mebibytes.',
    nextStep: 'NDJSON has one object per line. Write the file so, e.g. with: jq -c . <file>',
  });
}
