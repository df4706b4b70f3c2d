import type { Cell, Issue, Row } from '#pipelines/model.js';
import type { SourceDetection } from '#pipelines/ports.js';
import { createInputError } from '#src/files/input-file.js';
import type { InputSource, OpenOptions } from '#src/files/input-source.js';
import { type RowPosition, RowPositions, type TextPosition } from '#src/files/table/row-positions.js';
import { createRowRanges, type RangeContent } from '#src/files/table/row-ranges.js';
import { nameLineEnd } from '#src/files/text/line-ends.js';
import { type ByteSource, buildTextScan, openText, type TextInput } from '#src/files/text/open-text.js';

/** One physical line of a text. */
interface TextLine {
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
async function* readLines(
  chunks: AsyncIterable<Buffer>,
  file: string,
  place: TextPosition = createFirstPosition(),
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
      if (end - from > maxLineBytes) throw createLineTooLongError(file, line);
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
    if (rest.length > maxLineBytes) throw createLineTooLongError(file, line + 1);
  }
  if (rest.length === 0) return;
  line += 1;
  yield given([{ line, text: rest.toString() }], rest.length);
}

function createFirstPosition(): TextPosition {
  return { line: 1, offset: 0 };
}

function createLineTooLongError(file: string, line: number) {
  return createInputError({
    code: 'RECORD_TOO_LARGE',
    file,
    line,
    fact: 'this line is longer than four mebibytes.',
    nextStep: 'NDJSON has one object per line. Write the file so, e.g. with: jq -c . <file>',
  });
}

/** The members of one object, or what is wrong with the line. */
type ParsedLine =
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Cell> }
  | { readonly kind: 'defect'; readonly reason: Issue };

/** Marks a number that was kept as text; a zero character cannot stand in a number. */
const numberMark = '\0#';

/** Numbers that a double may not give back as written: many digits, fractions, exponents. */
const inexactNumber = /\d{16}|\d[.eE]/;
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Reads one line of NDJSON; every value becomes the cell that a spreadsheet would hold. */
function parseLine(text: string): ParsedLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return createDefect(notAnObject);
    const exact: unknown = inexactNumber.test(text) ? JSON.parse(withNumbersAsText(text)) : value;
    return { kind: 'object', members: new Map(Object.entries(exact as object).map(([key, v]) => [key, toCell(v)])) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return createDefect(createBadJsonReason(text));
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

function createDefect(reason: Issue): ParsedLine {
  return { kind: 'defect', reason };
}

const notAnObject: Issue = {
  code: 'NOT_AN_OBJECT',
  message: 'The line is JSON, but no object. Each line must be one object with the columns as its keys.',
};

const maxShownCharacters = 80;

function createBadJsonReason(text: string): Issue {
  return {
    code: 'BAD_JSON',
    message:
      'The line is no valid JSON. Each line must be one whole object, and hold no line break but an escaped one.',
    value: text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text,
  };
}

/** Lines whose keys become the columns. */
const sampleLines = 1000;

/**
 * Opens a file of one JSON object per line. The columns are the keys of the first 1,000 lines.
 *
 * @throws InputError `NOT_NDJSON`, `NO_COLUMNS`, `RECORD_TOO_LARGE`, or as for any text
 */
export async function openNdjson(origin: ByteSource, options: OpenOptions): Promise<InputSource> {
  const text = await openText(origin, options);
  const columns = await findColumns(text);
  const { scan: known } = options;
  const notices = known?.notices ?? text.notices;
  let places = createPositions();
  const batches = () => {
    places = createPositions();
    return readRowBatches(text, columns, places);
  };
  return {
    file: origin.file.name,
    format: 'ndjson',
    columns,
    duplicateColumns: [],
    fingerprint: text.fingerprint,
    detected: describeDetection(text),
    notices,
    batches,
    ...createRowRanges(known, {
      text,
      batches,
      read: (chunks, begin) => readRange(text.file.name, columns, chunks, begin),
    }),
    lastScan() {
      const { result } = places;
      if (result === undefined) return undefined;
      return { fingerprint: text.fingerprint, rows: result.rows, notices, text: buildTextScan(text, result.places) };
    },
  };
}

function createPositions(): RowPositions {
  return new RowPositions({ index: 0, ...createFirstPosition() });
}

async function findColumns(text: TextInput): Promise<readonly string[]> {
  const keys = new Set<string>();
  let looked = 0;
  let objects = 0;
  for await (const lines of readLines(text.chunks(), text.file.name)) {
    for (const { text: line } of lines) {
      if (line.trim() === '') continue;
      looked += 1;
      const parsed = parseLine(line);
      if (parsed.kind === 'defect') continue;
      objects += 1;
      for (const key of parsed.members.keys()) keys.add(key);
    }
    if (looked >= sampleLines) break;
  }
  if (objects === 0) throw createNotNdjsonError(text.file.name);
  const columns = [...keys].filter((key) => !isResultKey(key));
  if (columns.length === 0) throw createNoColumnsError(text.file.name);
  return columns;
}

/** Keys that this program wrote into a result file. */
function isResultKey(key: string): boolean {
  return key.startsWith('_');
}

async function* readRowBatches(
  text: TextInput,
  columns: readonly string[],
  places: RowPositions,
): AsyncGenerator<readonly Row[]> {
  const place = createFirstPosition();
  const rowsOf = createRowBuilder(columns, 0);
  let index = 0;
  for await (const lines of readLines(text.chunks(), text.file.name, place)) {
    const rows = rowsOf(lines);
    index += rows.length;
    places.pass(index, place);
    if (rows.length > 0) yield rows;
  }
  places.end(index);
}

async function readRange(
  file: string,
  columns: readonly string[],
  chunks: AsyncIterable<Buffer>,
  begin: RowPosition,
): Promise<RangeContent> {
  const place = { line: begin.line, offset: begin.offset };
  const rowsOf = createRowBuilder(columns, begin.index);
  const rows: Row[] = [];
  for await (const lines of readLines(chunks, file, place)) rows.push(...rowsOf(lines));
  return { rows, line: place.line };
}

/** Makes rows of lines, the first with the index `first`. */
function createRowBuilder(columns: readonly string[], first: number) {
  const known = new Set(columns);
  let index = first;
  return (lines: readonly TextLine[]): Row[] => {
    const rows: Row[] = [];
    for (const line of lines) {
      if (line.text.trim() === '') continue;
      rows.push({ index, number: line.line, ...parseRowContent(line.text, columns, known) });
      index += 1;
    }
    return rows;
  };
}

function parseRowContent(
  line: string,
  columns: readonly string[],
  known: ReadonlySet<string>,
): { cells: readonly Cell[]; issues?: readonly Issue[] } {
  const parsed = parseLine(line);
  if (parsed.kind === 'defect') return { cells: [line], issues: [parsed.reason] };
  const cells = columns.map((column) => parsed.members.get(column) ?? '');
  const late = [...parsed.members.keys()].filter((key) => !known.has(key) && !isResultKey(key));
  return late.length === 0 ? { cells } : { cells, issues: late.map(createLateKeyReason) };
}

function createLateKeyReason(key: string): Issue {
  return {
    code: 'LATE_KEY',
    message:
      `The key "${key}" does not occur in the first ${sampleLines.toLocaleString('en')} lines, so it has no column. ` +
      'Give it to one of them, if only as null.',
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
    fact: 'no line of it is a JSON object.',
    nextStep: 'NDJSON has one whole object per line. Write the file so, e.g. with: jq -c . <file>',
  });
}

function createNoColumnsError(file: string) {
  return createInputError({
    code: 'NO_COLUMNS',
    file,
    fact: 'its objects have no key that can be read; keys that begin with "_" are not.',
    nextStep: 'Give each value a key without "_".',
  });
}
