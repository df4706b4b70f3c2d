import { CsvError, type Options, parse } from 'csv-parse/sync';
import type { Issue } from '#pipelines/issue.js';
import type { Row } from '#pipelines/model.js';
import { createInputError } from '#src/files/input-file.js';
import type { TextPosition } from '#src/files/table/row-positions.js';
import { findDamagedBytes, replaceDamagedBytes } from '#src/files/text/utf8.js';
import type { Dialect } from './dialect.js';
import { describeQuoteIssue } from './quote-issue.js';
import {
  createRecordScan,
  createScanRules,
  lineEndBits,
  type RecordScan,
  type ScanRules,
  scanRecord,
} from './scan-record.js';
import { holdsSwallowedRows } from './swallowed-rows.js';

/** A whole record in the bytes that it was found in. */
interface Span {
  readonly start: number;
  /** Where its last cell ends. */
  readonly contentEnd: number;
  /** Where the next record begins, behind the line end. */
  readonly next: number;
  /** The physical line on which it begins. */
  readonly line: number;
  readonly lineCount: number;
  readonly hasQuotes: boolean;
  readonly hasFormulaText: boolean;
  readonly isAscii: boolean;
  readonly lineEnd: number;
}

/** The cells of each record in turn; `undefined` for one that csv-parse refuses. */
type ParsedRecords = readonly (string[] | undefined)[];

/**
 * Parses whole records: csv-parse those with a quotation mark. Any other is its cells with delimiters between, and
 * cutting it up here takes a quarter of the time.
 */
function parseRecords(bytes: Buffer, spans: readonly Span[], rules: ScanRules): ParsedRecords {
  const delimiter = rules.delimiter.toString();
  const quoted = spans.filter(({ hasQuotes }) => hasQuotes);
  const parsed = quoted.length === 0 ? [] : parseQuoted(bytes, quoted, rules);
  let nextParsed = 0;
  return spans.map((span) => {
    if (!span.hasQuotes) return cutRecord(bytes, span, rules, delimiter);
    nextParsed += 1;
    return parsed[nextParsed - 1];
  });
}

/** Cells of a longer record are copied: a slice of a text keeps all of the text in memory. */
const maxSlicedBytes = 1024;

function cutRecord(
  bytes: Buffer,
  { start, contentEnd, isAscii }: Span,
  { skipInitialSpace }: ScanRules,
  delimiter: string,
): string[] {
  const text = bytes.toString(isAscii ? 'latin1' : 'utf8', start, contentEnd);
  const cells = skipInitialSpace ? text.split(delimiter).map(withoutInitialSpace) : text.split(delimiter);
  return contentEnd - start <= maxSlicedBytes ? cells : cells.map(copyText);
}

function withoutInitialSpace(cell: string): string {
  return cell.replace(/^[ \t]+/, '');
}

/** A text that shares no memory with the one that it was cut from. */
function copyText(cell: string): string {
  return Buffer.from(cell).toString();
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
    const records = joinSpans(bytes, spans);
    return parse(rules.backslashEscapes ? doubleEscapedQuotes(records) : records, {
      columns: false,
      delimiter: rules.delimiter,
      record_delimiter: listRecordDelimiters(spans),
      relax_column_count: true,
      relax_quotes: rules.lenientQuotes || spans.some(({ hasFormulaText }) => hasFormulaText),
      ltrim: rules.skipInitialSpace,
    });
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}

/**
 * Whole records with doubled quotation marks in place of those behind a backslash: csv-parse would take the backslash off
 * any character, and make `C:temp` of `C:\\temp`.
 */
function doubleEscapedQuotes(records: Buffer): Buffer {
  // Each byte is a character here, so that none of another encoding is taken for a mark.
  const text = records.toString('latin1');
  const cells = text.replaceAll(/"(?:\\[\s\S]|[^"\\])*"/g, (cell) =>
    cell.replaceAll(/\\(["\\])/g, (_, escaped: string) => (escaped === '"' ? '""' : escaped)),
  );
  return Buffer.from(cells, 'latin1');
}

function joinSpans(bytes: Buffer, spans: readonly Span[]): Buffer {
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
function listRecordDelimiters(spans: readonly Span[]): NonNullable<Options['record_delimiter']> {
  let bits: number = lineEndBits.none;
  for (const { lineEnd } of spans) bits |= lineEnd;
  const present: string[] = [];
  if (bits & lineEndBits.crlf) present.push('\r\n');
  if (bits & lineEndBits.lf) present.push('\n');
  if (bits & lineEndBits.cr) present.push('\r');
  return present.length === 0 ? ['\n'] : present;
}

/** One record of a CSV text, header and blank lines included. */
export interface CsvRecord {
  /** The physical line on which it begins, from 1. */
  readonly line: number;
  readonly lineCount: number;
  readonly cells: string[];
  /** As {@link Row.isPlain}. */
  readonly isPlain: boolean;
  /** Why its quotation marks make no sense; the cells are then the line cut at its delimiters. */
  readonly issue?: Issue;
  /** Whether the text ends with it, without a line end. */
  readonly isUnterminated: boolean;
  /** Bytes that are no characters, in its order; the cells have U+FFFD for each. Absent where there are none. */
  readonly damage?: readonly DamagedCell[];
}

/** A byte that is no character of the text's encoding, and where it is. */
export interface DamagedCell {
  readonly byte: number;
  /** The physical line, from 1. */
  readonly line: number;
  /** The place of the cell in the record. */
  readonly place: number;
}

function readDamage(record: CsvRecord): CsvRecord {
  let line = record.line;
  const damage: DamagedCell[] = [];
  for (const [place, cell] of record.cells.entries()) {
    for (const { byte, at } of findDamagedBytes(cell))
      damage.push({ byte, place, line: line + countLineEnds(cell.slice(0, at)) });
    line += countLineEnds(cell);
  }
  return damage.length === 0 ? record : { ...record, cells: record.cells.map(replaceDamagedBytes), damage };
}

function countLineEnds(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}

/** What is needed to read a CSV text, with the name for its errors. */
export interface CsvText {
  readonly name: string;
  readonly dialect: Dialect;
  /** Whether bytes of the text are no characters. @default false */
  readonly isDamaged?: boolean | undefined;
}

/** Records that lie together, and where the next ones begin. */
export interface RecordBatch {
  readonly records: readonly CsvRecord[];
  readonly next: TextPosition;
}

/** Where the first record begins. */
export function findFirstPosition({ firstLine, preambleBytes }: Dialect): TextPosition {
  return { line: firstLine, offset: preambleBytes };
}

const maxRecordsPerBatch = 500;
/** No spreadsheet program writes longer records; in a larger one, a quotation mark was never closed. */
const maxRecordBytes = 1024 * 1024;

/**
 * Reads records in batches. A record with impossible quotation marks costs one line: reading goes on with the next.
 * Nothing is read over and over for it, since an open mark runs no further than to the next line that has an odd one.
 *
 * @param chunks - the text from its first byte or, when `start` is given, from there
 * @throws InputError `RECORD_TOO_LARGE`, and whatever the chunks throw
 */
export async function* readRecords(
  text: CsvText,
  chunks: AsyncIterable<Buffer>,
  start?: TextPosition,
): AsyncGenerator<RecordBatch> {
  const reader = new RecordReader(text, start ?? findFirstPosition(text.dialect));
  let rest: Buffer = Buffer.alloc(0);
  let toSkip = start === undefined ? text.dialect.preambleBytes : 0;
  for await (const chunk of chunks) {
    const fresh = chunk.subarray(Math.min(toSkip, chunk.length));
    toSkip -= chunk.length - fresh.length;
    const bytes = rest.length === 0 ? fresh : Buffer.concat([rest, fresh]);
    rest = bytes.subarray(yield* takeBatches(bytes, reader, false));
  }
  yield* takeBatches(withoutEndMark(rest), reader, true);
}

const controlZ = 0x1a;

/** Old programs end a text with Ctrl-Z, and fill up its last block with it. */
function withoutEndMark(bytes: Buffer): Buffer {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === controlZ) length -= 1;
  return bytes.subarray(0, length);
}

/**
 * Where the record at `at` begins: behind the byte order mark or Ctrl-Z of a file that was put together of several, each
 * of which had its own.
 */
function skipFileMarks(bytes: Buffer, at: number): number {
  for (;;) {
    if (bytes[at] === controlZ) at += 1;
    else if (bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) at += 3;
    else return at;
  }
}

/** Gives all records that are whole, and returns where the first one begins that is not. */
function* takeBatches(bytes: Buffer, reader: RecordReader, isLast: boolean): Generator<RecordBatch, number> {
  for (let from = 0; ; ) {
    const { records, next } = reader.take(bytes, from, isLast);
    if (records.length === 0) return next;
    from = next;
    yield { records: reader.isDamaged ? records.map(readDamage) : records, next: reader.position };
  }
}

/** Records, and where in the bytes the next one begins; none when more bytes are needed. */
interface TakenRecords {
  readonly records: readonly CsvRecord[];
  readonly next: number;
}

/** Finds records in bytes, and keeps count of lines and offsets. */
class RecordReader {
  readonly isDamaged: boolean;
  readonly #name: string;
  readonly #delimiter: string;
  readonly #rules: ScanRules;
  readonly #scan = createRecordScan();
  #line: number;
  #offset: number;

  constructor({ name, dialect, isDamaged = false }: CsvText, { line, offset }: TextPosition) {
    this.isDamaged = isDamaged;
    this.#name = name;
    this.#delimiter = dialect.delimiter;
    this.#rules = createScanRules(dialect);
    this.#line = line;
    this.#offset = offset;
  }

  /** Where the next record begins. */
  get position(): TextPosition {
    return { line: this.#line, offset: this.#offset };
  }

  take(bytes: Buffer, from: number, isLast: boolean): TakenRecords {
    const scan = this.#scan;
    const spans: Span[] = [];
    let at = from;
    while (at < bytes.length && spans.length < maxRecordsPerBatch) {
      const start = skipFileMarks(bytes, at);
      scanRecord(bytes, start, isLast, this.#rules, scan);
      if (scan.status !== 'whole' || isTooLong(scan, start)) break;
      if (scan.lineCount > 1 && holdsSwallowedRows(bytes.toString('utf8', start, scan.contentEnd), this.#delimiter)) {
        scan.status = 'swallowedRows';
        break;
      }
      spans.push(createSpan(scan, start, this.#line));
      this.#line += scan.lineCount;
      at = scan.next;
    }
    if (spans.length > 0) return this.#advance(createRecords(bytes, spans, this.#rules), from, at);
    if (at === bytes.length) return { records: [], next: at };
    if (scan.status === 'cut' && bytes.length - at <= maxRecordBytes) return { records: [], next: at };
    return this.#takeBrokenLine(bytes, at, isLast);
  }

  #takeBrokenLine(bytes: Buffer, start: number, isLast: boolean): TakenRecords {
    const end = findLineEnd(bytes, start, isLast, this.#rules);
    if (end === undefined) {
      if (isLast || bytes.length - start > maxRecordBytes) throw createRecordTooLargeError(this.#name, this.#line);
      return { records: [], next: start };
    }
    const text = bytes.toString('utf8', start, end.contentEnd);
    const record: CsvRecord = {
      line: this.#line,
      lineCount: 1,
      cells: text.split(this.#delimiter),
      isPlain: false,
      issue: describeQuoteIssue(this.#scan.status, text, this.#rules, this.#line + this.#scan.lineCount - 1),
      isUnterminated: end.next === end.contentEnd,
    };
    this.#line += 1;
    return this.#advance([record], start, end.next);
  }

  #advance(records: readonly CsvRecord[], from: number, next: number): TakenRecords {
    this.#offset += next - from;
    return { records, next };
  }
}

/** By its own length, so that it does not depend on how many bytes happen to be at hand. */
function isTooLong({ contentEnd }: RecordScan, start: number): boolean {
  return contentEnd - start > maxRecordBytes;
}

function createSpan(scan: RecordScan, start: number, line: number): Span {
  const { contentEnd, next, lineCount, hasQuotes, hasFormulaText, bits, lineEnd } = scan;
  return { start, contentEnd, next, line, lineCount, hasQuotes, hasFormulaText, isAscii: bits < 0x80, lineEnd };
}

function createRecords(bytes: Buffer, spans: readonly Span[], rules: ScanRules): CsvRecord[] {
  const parsed = parseRecords(bytes, spans, rules);
  return spans.map((span, position) => {
    const { line, lineCount, next, contentEnd } = span;
    const cells = parsed[position];
    const isUnterminated = next === contentEnd;
    if (cells !== undefined) return { line, lineCount, cells, isPlain: isPlain(bytes, span), isUnterminated };
    const text = bytes.toString('utf8', span.start, contentEnd);
    const issue = describeQuoteIssue('strayQuote', text, rules, line);
    return { line, lineCount, cells: text.split(rules.delimiter.toString()), isPlain: false, issue, isUnterminated };
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
function findLineEnd(bytes: Buffer, start: number, isLast: boolean, rules: ScanRules) {
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

function createRecordTooLargeError(file: string, line: number) {
  return createInputError({
    code: 'RECORD_TOO_LARGE',
    file,
    line,
    fact: 'this line is longer than a mebibyte.',
    nextStep:
      'Check that this is a CSV file. If its delimiter or encoding was detected wrongly, set it with --delimiter or --encoding.',
  });
}
