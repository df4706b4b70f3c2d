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
  readonly quoted: boolean;
  readonly lineEnd: number;
}

/** The cells of each record in turn; `undefined` for one that the parser refuses. */
export type ParsedRecords = readonly (string[] | undefined)[];

/**
 * Parses whole records. Quotation marks are csv-parse's business; a record without one is its cells with delimiters
 * between them, and cutting it up here takes a third of the time.
 */
export function parseRecords(bytes: Buffer, spans: readonly Span[], rules: ScanRules): ParsedRecords {
  const quoted = spans.filter((span) => span.quoted);
  if (quoted.length === 0) return spans.map((span) => splitRecord(bytes, span, rules.delimiter));
  const parsed = parseQuoted(bytes, quoted, rules);
  let nextParsed = 0;
  return spans.map((span) => {
    if (!span.quoted) return splitRecord(bytes, span, rules.delimiter);
    nextParsed += 1;
    return parsed[nextParsed - 1];
  });
}

/** One string per cell, not slices of one long string: a cell that is kept must not keep its whole line in memory. */
function splitRecord(bytes: Buffer, span: Span, delimiter: Buffer): string[] {
  const cells: string[] = [];
  const [first] = delimiter;
  let from = span.start;
  if (delimiter.length === 1) {
    for (let at = from; at < span.contentEnd; at += 1) {
      if (bytes[at] !== first) continue;
      cells.push(bytes.toString('utf8', from, at));
      from = at + 1;
    }
    cells.push(bytes.toString('utf8', from, span.contentEnd));
    return cells;
  }
  return bytes.toString('utf8', from, span.contentEnd).split(delimiter.toString());
}

function parseQuoted(bytes: Buffer, spans: readonly Span[], rules: ScanRules): ParsedRecords {
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
