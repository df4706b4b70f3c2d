import type { Issue } from '#pipelines/issue.js';
import type { Cell, Row } from '#pipelines/model.js';
import { findOwnColumns, isResultColumn } from '#pipelines/own-columns.js';
import type { SourceDetection } from '#pipelines/ports.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { createInputError } from '#src/files/input-file.js';
import type { FileScan, FileSource, OpenOptions } from '#src/files/input-source.js';
import { PeekableBatches } from '#src/files/table/peekable.js';
import { type RowPosition, RowPositions, type TextPosition } from '#src/files/table/row-positions.js';
import { createRowRanges, type RangeContent } from '#src/files/table/row-ranges.js';
import { createDamagedByteIssue } from '#src/files/text/damaged-byte.js';
import { nameLineEnd } from '#src/files/text/line-ends.js';
import {
  createScannedText,
  describeTextEncoding,
  scanText,
  type TextFile,
  type TextInput,
  type TextPass,
} from '#src/files/text/open-text.js';
import { findDamagedBytes, replaceDamagedBytes } from '#src/files/text/utf8.js';

/** One physical line of a text. */
interface TextLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** Lines that lie together, and where the next ones begin. */
interface LineBatch {
  readonly lines: readonly TextLine[];
  readonly next: TextPosition;
}

const firstPosition: TextPosition = { line: 1, offset: 0 };
const lineFeed = 0x0a;
const maxLineBytes = 4 * 1024 * 1024;
const maxLinesPerBatch = 500;

/**
 * The lines of a utf-8 text in batches, without their ends. JSON escapes line ends, so that a line is a record.
 *
 * @param chunks - the text from `start` on
 * @throws InputError `RECORD_TOO_LARGE`
 */
async function* readLines(
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

/** The members of one object, or what is wrong with the line. */
type ParsedLine =
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Cell> }
  | { readonly kind: 'invalid'; readonly reason: Issue };

/** Marks a number that was kept as text; a zero character cannot stand in a number. */
const numberMark = '\0#';

/** Numbers that a double may not give back as written: many digits, fractions, exponents. */
const inexactNumber = /\d{16}|\d[.eE]/;
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Reads one line of NDJSON; every value becomes the cell that a spreadsheet would hold. */
function parseLine(text: string): ParsedLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return createInvalidLine(notAnObject);
    const exact: unknown = inexactNumber.test(text) ? JSON.parse(withNumbersAsText(text)) : value;
    return { kind: 'object', members: new Map(Object.entries(exact as object).map(([key, v]) => [key, toCell(v)])) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return createInvalidLine(createBadJsonReason(text));
  }
}

function withNumbersAsText(text: string): string {
  return text.replace(stringOrNumber, (token) => (token.startsWith('"') ? token : JSON.stringify(numberMark + token)));
}

function toCell(value: unknown): Cell {
  switch (typeof value) {
    case 'string':
      return value.startsWith(numberMark) ? createNumberCell(value.slice(numberMark.length)) : value;
    case 'number':
      return { kind: 'number', text: String(value), value };
    case 'boolean':
      return { kind: 'boolean', text: String(value), value };
    default:
      return value === null || value === undefined ? '' : jsonText(value);
  }
}

function createNumberCell(text: string): Cell {
  return { kind: 'number', text, value: Number(text) };
}

/** A nested value as JSON, its numbers as they were written. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(/"\\u0000#([-+.\deE]+)"/g, '$1');
}

function createInvalidLine(reason: Issue): ParsedLine {
  return { kind: 'invalid', reason };
}

const notAnObject: Issue = {
  severity: 'error',
  code: 'NOT_AN_OBJECT',
  message: 'The line is JSON, but not an object. Each line must be one object with the columns as its keys.',
};

const maxShownCharacters = 80;

function createBadJsonReason(text: string): Issue {
  return {
    severity: 'error',
    code: 'BAD_JSON',
    message: 'The line is not valid JSON. Each line must be one complete object, without unescaped line breaks.',
    value: text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text,
  };
}

/** Lines whose keys become the columns. */
const sampleLines = 1000;

/**
 * Opens a file of one JSON object per line, and reads it once. The columns are the keys of the first 1,000 lines.
 *
 * @throws InputError `NOT_NDJSON`, `NO_COLUMNS`, `RECORD_TOO_LARGE`, or as for any text
 */
export async function openNdjson(file: TextFile, options: OpenOptions, readOptions: ReadOptions): Promise<FileSource> {
  const { scan } = options;
  if (scan?.text !== undefined && 'keys' in scan.text.layout) {
    const text = createScannedText(file, scan.fingerprint, scan.text);
    return createNdjsonSource({ text, keys: scan.text.layout.keys, readOptions, scan });
  }
  const { text, result } = await scanText(file, readOptions.encoding, (pass) =>
    readObjects(pass, file.reading.file.name, options),
  );
  const { keys, visited } = result;
  return createNdjsonSource({
    ...{ text, keys, readOptions },
    ...(visited === undefined ? {} : { scan: createScan(text, keys, visited) }),
  });
}

/** What one pass over all rows finds out. */
interface RowPass {
  readonly positions: RowPositions;
  /** Rows so far. */
  rows: number;
}

function startPass(): RowPass {
  return { positions: new RowPositions({ index: 0, ...firstPosition }), rows: 0 };
}

async function readObjects(
  pass: TextPass,
  name: string,
  options: OpenOptions,
): Promise<{ readonly keys: readonly string[]; readonly visited?: RowPass }> {
  const batches = new PeekableBatches(readLines(pass.chunks, name));
  const keys = await findKeys(batches, name, options.resultColumns);
  const visit = options.visitRows?.({ file: name, format: 'ndjson', columns: keys });
  if (visit === undefined) return { keys };
  const visited = startPass();
  for await (const rows of readRows(batches.readAll(), keys, visited)) visit(rows);
  return { keys, visited };
}

function createScan(text: TextInput, keys: readonly string[], { positions, rows }: RowPass): FileScan {
  const { fingerprint, encoding, lineEnds, holdsNuls, isAscii, notices } = text;
  return {
    ...{ fingerprint, rows, notices },
    text: { encoding, lineEnds, holdsNuls, isAscii, layout: { keys }, positions: positions.list(rows) },
  };
}

interface OpenedNdjson {
  readonly text: TextInput;
  readonly keys: readonly string[];
  readonly readOptions: ReadOptions;
  readonly scan?: FileScan;
}

function createNdjsonSource({ text, keys, readOptions, scan }: OpenedNdjson): FileSource {
  const { name } = text.file;
  const readBatches = () => readRows(readLines(text.chunks(), name), keys, startPass());
  const readRange = async (chunks: AsyncIterable<Buffer>, begin: RowPosition): Promise<RangeContent> => {
    const build = createRowBuilder(keys, begin.index);
    const rows: Row[] = [];
    let next: TextPosition = begin;
    for await (const batch of readLines(chunks, name, begin)) {
      rows.push(...build(batch.lines));
      next = batch.next;
    }
    return { rows, next };
  };
  return {
    file: name,
    format: 'ndjson',
    columns: keys,
    fingerprint: text.fingerprint,
    ...describeTextEncoding(text),
    detected: describeDetection(text),
    notices: scan?.notices ?? text.notices,
    batches: readBatches,
    ...{ readOptions, topRows: [], scan },
    ...createRowRanges(scan, { text, readBatches, readRange }),
  };
}

async function findKeys(
  batches: PeekableBatches<LineBatch>,
  name: string,
  keepsOurs = false,
): Promise<readonly string[]> {
  const keys = new Set<string>();
  let lineCount = 0;
  let objects = 0;
  for await (const { lines } of batches.peek()) {
    for (const { text } of lines) {
      if (text.trim() === '') continue;
      lineCount += 1;
      const parsed = parseLine(replaceDamagedBytes(text));
      if (parsed.kind === 'invalid') continue;
      objects += 1;
      for (const key of parsed.members.keys()) keys.add(key);
    }
    if (lineCount >= sampleLines) break;
  }
  if (objects === 0) throw createNotNdjsonError(name);
  const own = findOwnColumns([...keys]);
  const columns = [...keys].filter((key) => !own.has(key));
  if (columns.length === 0) throw createNoColumnsError(name);
  return keepsOurs ? [...keys] : columns;
}

async function* readRows(
  batches: AsyncIterable<LineBatch>,
  keys: readonly string[],
  pass: RowPass,
): AsyncGenerator<readonly Row[]> {
  const build = createRowBuilder(keys, 0);
  for await (const { lines, next } of batches) {
    const rows = build(lines);
    pass.rows += rows.length;
    pass.positions.pass(pass.rows, next);
    if (rows.length > 0) yield rows;
  }
}

/** Makes rows of lines, the first with the index `first`. */
function createRowBuilder(columns: readonly string[], first: number) {
  const known = new Set(columns);
  let index = first;
  return (lines: readonly TextLine[]): Row[] => {
    const rows: Row[] = [];
    for (const line of lines) {
      if (line.text.trim() === '') continue;
      rows.push({ index, number: line.line, ...parseRowContent(line, columns, known) });
      index += 1;
    }
    return rows;
  };
}

function parseRowContent(
  { line, text: found }: TextLine,
  columns: readonly string[],
  known: ReadonlySet<string>,
): { cells: readonly Cell[]; issues?: readonly Issue[] } {
  const text = replaceDamagedBytes(found);
  const content = parseObject(text, columns, known);
  if (text === found) return content;
  const damage = findDamagedBytes(found).map(({ byte }) => ({ byte, line }));
  return { ...content, issues: [createDamagedByteIssue(damage, text), ...(content.issues ?? [])] };
}

function parseObject(
  line: string,
  columns: readonly string[],
  known: ReadonlySet<string>,
): { cells: readonly Cell[]; issues?: readonly Issue[] } {
  const parsed = parseLine(line);
  if (parsed.kind === 'invalid') return { cells: [line], issues: [parsed.reason] };
  const cells = columns.map((column) => parsed.members.get(column) ?? '');
  const late = [...parsed.members.keys()].filter((key) => !known.has(key) && !isResultColumn(key));
  return late.length === 0 ? { cells } : { cells, issues: late.map(createLateKeyReason) };
}

function createLateKeyReason(key: string): Issue {
  return {
    severity: 'error',
    code: 'LATE_KEY',
    message:
      `The key "${key}" does not occur in the first ${sampleLines.toLocaleString('en')} lines, so it has no column. ` +
      'Add it to one of them, with null if it has no value there.',
    columns: [key],
  };
}

function describeDetection(text: TextInput): SourceDetection {
  const lineEnd = nameLineEnd(text.lineEnds);
  return {
    format: 'ndjson',
    encoding: text.encoding.name,
    bom: text.encoding.bomBytes > 0,
    ...(lineEnd === undefined ? {} : { lineEnd }),
    ...(text.compression === undefined ? {} : { compression: text.compression }),
  };
}

function createNotNdjsonError(file: string) {
  return createInputError({
    code: 'NOT_NDJSON',
    file,
    fact: 'no line is a JSON object.',
    nextStep: 'NDJSON has one complete object per line. Convert the file, e.g. with: jq -c . <file>',
  });
}

function createNoColumnsError(file: string) {
  return createInputError({
    code: 'NO_COLUMNS',
    file,
    fact: 'its objects have no keys, or only those that this program adds to its result files.',
    nextStep: 'Write each row as one object, with the columns as its keys.',
  });
}
