import { CsvError, type Options, parse } from 'csv-parse/sync';
import { lineEndBits, quoting, type ScanRules } from './scan-record.js';

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
  /** The highest of {@link quoting} that it needs. */
  readonly quoting: number;
  readonly isAscii: boolean;
  readonly lineEnd: number;
}

/** The cells of each record in turn; `undefined` for one that the parser refuses. */
export type ParsedRecords = readonly (string[] | undefined)[];

/**
 * Parses whole records. Lenient quotation marks are csv-parse's business; a record without them is its cells with
 * delimiters between, and cutting it up here takes a quarter of the time.
 */
export function parseRecords(bytes: Buffer, spans: readonly Span[], rules: ScanRules): ParsedRecords {
  if (rules.delimiter.length > 1) return parseIntricate(bytes, spans, rules);
  const delimiter = rules.delimiter.toString();
  const intricate = spans.filter((span) => span.quoting === quoting.intricate);
  const parsed = intricate.length === 0 ? [] : parseIntricate(bytes, intricate, rules);
  let nextParsed = 0;
  return spans.map((span) => {
    if (span.quoting !== quoting.intricate) return cutRecord(bytes, span, delimiter);
    nextParsed += 1;
    return parsed[nextParsed - 1];
  });
}

/** Cells of a longer record are texts of their own: slices of one text, each of which keeps all of it in memory. */
const longestSliced = 1024;

function cutRecord(bytes: Buffer, span: Span, delimiter: string): string[] {
  const { start, contentEnd, isAscii } = span;
  const text = bytes.toString(isAscii ? 'latin1' : 'utf8', start, contentEnd);
  const cells = span.quoting === quoting.none ? text.split(delimiter) : cutQuoted(text, delimiter);
  return contentEnd - start <= longestSliced ? cells : cells.map(ownText);
}

function cutQuoted(text: string, delimiter: string): string[] {
  const cells: string[] = [];
  for (let from = 0; ; from += 1) {
    let end: number;
    if (text.charCodeAt(from) === quote) {
      end = closingQuote(text, from + 1);
      cells.push(text.slice(from + 1, end).replaceAll('""', '"'));
      end += 1;
    } else {
      end = text.indexOf(delimiter, from);
      if (end < 0) end = text.length;
      cells.push(text.slice(from, end));
    }
    if (end >= text.length) return cells;
    from = end;
  }
}

const quote = 0x22;

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (text.charCodeAt(at + 1) === quote) at = text.indexOf('"', at + 2);
  return at;
}

/** A text that shares no memory with the one that it was cut from. */
function ownText(cell: string): string {
  return Buffer.from(cell).toString();
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
