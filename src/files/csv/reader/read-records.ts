import type { Reason, Row } from '#pipelines/row.js';
import type { Dialect } from '#src/files/csv/dialect.js';
import { inputFailure } from '#src/files/input-failure.js';
import type { TextPlace } from '#src/files/table/row-places.js';
import { parseRecords, type Span } from './parse-records.js';
import { createRecordScan, type RecordScan, type ScanRules, scanRecord, scanRules } from './scan-record.js';

/** One record of a CSV text, header and blank lines included. */
export interface CsvRecord {
  /** The physical line on which it begins, from 1. */
  readonly line: number;
  readonly lineCount: number;
  readonly cells: string[];
  /** As {@link Row.isPlain}. */
  readonly isPlain: boolean;
  /** Why its quotation marks make no sense; the cells are then the line cut at its delimiters. */
  readonly flaw?: Reason;
  /** Whether the text ends with it, without a line end. */
  readonly unended: boolean;
}

/** A CSV text to read, with the name for its errors. */
export interface CsvText {
  readonly name: string;
  readonly dialect: Dialect;
  chunks(): AsyncIterable<Buffer>;
}

/** Where the first record begins. */
export function firstPlace({ firstLine, preambleBytes }: Dialect): TextPlace {
  return { line: firstLine, offset: preambleBytes };
}

const maxRecordsPerBatch = 500;
/** No spreadsheet program writes longer records; in a larger one, a quotation mark was never closed. */
const maxRecordBytes = 1024 * 1024;

/**
 * Reads records in batches. A record with impossible quotation marks costs one line: reading goes on with the next.
 * Nothing is read over and over for it, since an open mark runs no further than to the next line that has an odd one.
 *
 * @param place - moves on to where the next batch begins before one is given
 * @throws InputError `RECORD_TOO_LARGE`, and whatever the text throws
 */
export function readRecords(text: CsvText, place = firstPlace(text.dialect)): AsyncGenerator<readonly CsvRecord[]> {
  return recordsFrom(text, text.chunks(), text.dialect.preambleBytes, place);
}

/** As {@link readRecords}, of chunks between two places that were come by before. */
export function readRecordsAt(
  place: TextPlace,
  chunks: AsyncIterable<Buffer>,
  text: CsvText,
): AsyncGenerator<readonly CsvRecord[]> {
  return recordsFrom(text, chunks, 0, place);
}

async function* recordsFrom(
  text: CsvText,
  chunks: AsyncIterable<Buffer>,
  skippedBytes: number,
  place: TextPlace,
): AsyncGenerator<readonly CsvRecord[]> {
  const reader = createRecordReader(text, place);
  let rest: Buffer = Buffer.alloc(0);
  let toSkip = skippedBytes;
  for await (const chunk of chunks) {
    const fresh = chunk.subarray(Math.min(toSkip, chunk.length));
    toSkip -= chunk.length - fresh.length;
    const bytes = rest.length === 0 ? fresh : Buffer.concat([rest, fresh]);
    rest = bytes.subarray(yield* batchesOf(bytes, reader, false));
  }
  yield* batchesOf(rest, reader, true);
}

/** Gives all records that are whole, and returns where the first one begins that is not. */
function* batchesOf(bytes: Buffer, reader: RecordReader, isLast: boolean): Generator<readonly CsvRecord[], number> {
  let position = 0;
  for (;;) {
    const { records, next } = reader.take(bytes, position, isLast);
    if (records.length === 0) return next;
    position = next;
    yield records;
  }
}

/** Records, and where the next one begins; none when more bytes are needed. */
interface Taken {
  readonly records: readonly CsvRecord[];
  readonly next: number;
}

interface RecordReader {
  take(bytes: Buffer, from: number, isLast: boolean): Taken;
}

function createRecordReader(text: CsvText, place: TextPlace): RecordReader {
  const rules = scanRules(text.dialect);
  const scan = createRecordScan();
  let { line } = place;

  const given = (records: readonly CsvRecord[], from: number, next: number): Taken => {
    place.line = line;
    place.offset += next - from;
    return { records, next };
  };

  const brokenLine = (bytes: Buffer, start: number, isLast: boolean): Taken => {
    const flaw = flawOf(scan);
    const end = endOfLine(bytes, start, isLast, rules);
    if (end === undefined) {
      if (isLast || bytes.length - start > maxRecordBytes) throw recordTooLarge(text.name, line);
      return { records: [], next: start };
    }
    const cells = bytes.toString('utf8', start, end.contentEnd).split(text.dialect.delimiter);
    line += 1;
    const record = { line: line - 1, lineCount: 1, cells, isPlain: false, flaw, unended: end.next === end.contentEnd };
    return given([record], start, end.next);
  };

  return {
    take(bytes, from, isLast) {
      const spans: Span[] = [];
      let at = from;
      while (at < bytes.length && spans.length < maxRecordsPerBatch) {
        scanRecord(bytes, at, isLast, rules, scan);
        if (scan.status !== 'whole' || isTooLong(scan, at)) break;
        spans.push(spanOf(scan, at, line));
        line += scan.lineCount;
        at = scan.next;
      }
      if (spans.length > 0) return given(recordsOf(bytes, spans, rules), from, at);
      if (at === bytes.length) return { records: [], next: at };
      if (scan.status === 'cut' && bytes.length - at <= maxRecordBytes) return { records: [], next: at };
      return brokenLine(bytes, at, isLast);
    },
  };
}

/** By its own length, so that it does not depend on how many bytes happen to be at hand. */
function isTooLong({ contentEnd }: RecordScan, start: number): boolean {
  return contentEnd - start > maxRecordBytes;
}

function spanOf(scan: RecordScan, start: number, line: number): Span {
  const { contentEnd, next, lineCount, quoting, bits, lineEnd } = scan;
  return { start, contentEnd, next, line, lineCount, quoting, isAscii: bits < 0x80, lineEnd };
}

function recordsOf(bytes: Buffer, spans: readonly Span[], rules: ScanRules): CsvRecord[] {
  const parsed = parseRecords(bytes, spans, rules);
  return spans.map((span, position) => {
    const { line, lineCount, next, contentEnd } = span;
    const cells = parsed[position];
    const unended = next === contentEnd;
    if (cells !== undefined) return { line, lineCount, cells, isPlain: isPlain(bytes, span), unended };
    const raw = bytes.toString('utf8', span.start, contentEnd).split(rules.delimiter.toString());
    return { line, lineCount, cells: raw, isPlain: false, flaw: strayQuote, unended };
  });
}

/** In utf-8, the letters from À to ÿ are those that 0xc3 leads; what 0xc2 leads goes before them. */
function isPlain(bytes: Buffer, { isAscii, start, contentEnd }: Span): boolean {
  if (isAscii) return true;
  for (let at = start; at < contentEnd; at += 1) {
    const byte = bytes[at] as number;
    if (byte > 0xc3 || byte === 0xc2) return false;
  }
  return true;
}

/** The end of the physical line, whatever the quotation marks say; `undefined` when it is not among the bytes. */
function endOfLine(bytes: Buffer, start: number, isLast: boolean, rules: ScanRules) {
  for (let at = start; at < bytes.length && at - start <= maxRecordBytes; at += 1) {
    const byte = bytes[at];
    if (byte === 0x0a) return { contentEnd: at, next: at + 1 };
    if (byte !== 0x0d) continue;
    if (at + 1 === bytes.length && !isLast) return undefined;
    if (bytes[at + 1] === 0x0a) return { contentEnd: at, next: at + 2 };
    if (rules.returnEndsRow) return { contentEnd: at, next: at + 1 };
  }
  return isLast && bytes.length - start <= maxRecordBytes
    ? { contentEnd: bytes.length, next: bytes.length }
    : undefined;
}

const strayQuote: Reason = {
  code: 'STRAY_QUOTE',
  message:
    'A quotation mark stands inside a cell. Put the whole cell in quotation marks and double the inner one, ' +
    'or read the file with --lenient-quotes.',
};

const openQuote: Reason = {
  code: 'OPEN_QUOTE',
  message: 'A quotation mark opens a cell and is not closed. Close it at the end of the cell, or double it.',
};

function flawOf(scan: RecordScan): Reason {
  return scan.status === 'strayQuote' ? strayQuote : openQuote;
}

function recordTooLarge(file: string, line: number) {
  return inputFailure({
    code: 'RECORD_TOO_LARGE',
    file,
    line,
    fact: 'this line is longer than a mebibyte.',
    nextStep: 'Check that this is a CSV file, and name its delimiter and encoding if they were detected wrongly.',
  });
}
