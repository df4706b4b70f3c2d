import { inputFailure } from '../input-failure.js';

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
 * @throws InputError `RECORD_TOO_LARGE`
 */
export async function* readLines(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<readonly TextLine[]> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    let lines: TextLine[] = [];
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, from)) {
      line += 1;
      lines.push({ line, text: bytes.toString('utf8', from, end) });
      from = end + 1;
      if (lines.length === maxLinesPerBatch) {
        yield lines;
        lines = [];
      }
    }
    if (lines.length > 0) yield lines;
    rest = bytes.subarray(from);
    if (rest.length > maxLineBytes) throw lineTooLong(file, line + 1);
  }
  if (rest.length > 0) yield [{ line: line + 1, text: rest.toString() }];
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
