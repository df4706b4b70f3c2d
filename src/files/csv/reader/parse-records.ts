import { CsvError, type Options, parse } from 'csv-parse/sync';
import type { ScanRules } from './scan-record.js';
import { lineEndBits } from './scan-record.js';

/** A whole record in the bytes that it was found in. */
export interface Span {
  readonly start: number;
  /** Where its last cell ends. */
  readonly contentEnd: number;
  /** Where the next record begins, behind the line end. */
  readonly next: number;
  /** The physical line on which it begins. */
  readonly line: number;
  readonly lineCount: number;
  readonly intricate: boolean;
  readonly lineEnd: number;
}

/** The cells of each record in turn; `undefined` for one that the parser refuses. */
export type ParsedRecords = readonly (string[] | undefined)[];

/**
 * Parses whole records. Doubled and lenient quotation marks are csv-parse's business; a record without them is its
 * cells with delimiters between, and cutting it up here takes a third of the time.
 */
export function parseRecords(bytes: Buffer, spans: readonly Span[], rules: ScanRules): ParsedRecords {
  const [delimiter] = rules.delimiter;
  if (delimiter === undefined || rules.delimiter.length > 1) return parseIntricate(bytes, spans, rules);
  const intricate = spans.filter((span) => span.intricate);
  if (intricate.length === 0) return spans.map((span) => cutRecord(bytes, span, delimiter));
  const parsed = parseIntricate(bytes, intricate, rules);
  let nextParsed = 0;
  return spans.map((span) => {
    if (!span.intricate) return cutRecord(bytes, span, delimiter);
    nextParsed += 1;
    return parsed[nextParsed - 1];
  });
}

const quote = 0x22;

/** One string per cell, not slices of one long string: a cell that is kept must not keep its whole line in memory. */
function cutRecord(bytes: Buffer, { start, contentEnd }: Span, delimiter: number): string[] {
  const cells: string[] = [];
  for (let from = start; ; from += 1) {
    let at = from;
    if (bytes[from] === quote && from < contentEnd) {
      at = bytes.indexOf(quote, from + 1);
      cells.push(bytes.toString('utf8', from + 1, at));
      at += 1;
    } else {
      while (at < contentEnd && bytes[at] !== delimiter) at += 1;
      cells.push(bytes.toString('utf8', from, at));
    }
    if (at >= contentEnd) return cells;
    from = at;
  }
}

function parseIntricate(bytes: Buffer, spans: readonly Span[], rules: ScanRules): ParsedRecords {
  const together = parseTogether(bytes, spans, rules);
  // The scanner and the parser agree on where records end; should they ever not, each record is parsed alone.
  return together?.length === spans.length
    ? together
    : spans.map((span) => {
        const alone = parseTogether(bytes, [span], rules);
        return alone?.length === 1 ? alone[0] : undefined;
      });
}

function parseTogether(bytes: Buffer, spans: readonly Span[], rules: ScanRules): string[][] | undefined {
  try {
    return parse(joined(bytes, spans), {
      columns: false,
      delimiter: rules.delimiter,
      record_delimiter: recordDelimiters(spans),
      relax_column_count: true,
      relax_quotes: rules.lenientQuotes,
    });
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}

function joined(bytes: Buffer, spans: readonly Span[]): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  let to = -1;
  for (const { start, next } of spans) {
    if (start !== to) {
      if (to >= 0) pieces.push(bytes.subarray(from, to));
      from = start;
    }
    to = next;
  }
  pieces.push(bytes.subarray(from, to));
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}

/** csv-parse tries every line end at every byte, which costs a quarter of its speed: it gets those that occur. */
function recordDelimiters(spans: readonly Span[]): NonNullable<Options['record_delimiter']> {
  let bits: number = lineEndBits.none;
  for (const { lineEnd } of spans) bits |= lineEnd;
  const present: string[] = [];
  if (bits & lineEndBits.crlf) present.push('\r\n');
  if (bits & lineEndBits.lf) present.push('\n');
  if (bits & lineEndBits.cr) present.push('\r');
  return present.length === 0 ? ['\n'] : present;
}
