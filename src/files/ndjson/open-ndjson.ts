import type { Issue } from '#pipelines/issue.js';
import type { Cell, Row } from '#pipelines/model.js';
import { findOwnColumns, isResultColumn } from '#pipelines/own-columns.js';
import type { SourceDetection } from '#pipelines/ports.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { createInputError } from '#src/files/input-file.js';
import type { FileScan, FileSource, NdjsonLayout, OpenOptions } from '#src/files/input-source.js';
import { NoDataRowsError } from '#src/files/table/no-data-rows.js';
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
import { parseLine } from './parse-line.js';
import { readElements } from './read-elements.js';
import { firstPosition, type LineBatch, readLines, type TextLine } from './read-lines.js';

/** Lines whose keys become the columns. */
const sampleLines = 1000;

/** The text begins with a bracket: it is one JSON array, and no line of NDJSON. */
const arrayStart = /^\s*\[/;

/**
 * Opens a file of one JSON object per line, or of one JSON array of objects, and reads it once. The columns are the keys
 * of the first 1,000 objects.
 *
 * @throws InputError `NOT_NDJSON`, `NO_COLUMNS`, `NO_DATA_ROWS`, `RECORD_TOO_LARGE`, `FILE_CUT`, or as for any text
 */
export async function openNdjson(file: TextFile, options: OpenOptions, readOptions: ReadOptions): Promise<FileSource> {
  const { scan } = options;
  if (scan?.text !== undefined && 'keys' in scan.text.layout) {
    const text = createScannedText(file, scan.fingerprint, scan.text);
    return createNdjsonSource({ text, layout: scan.text.layout, readOptions, scan });
  }
  const { text, result } = await scanText(file, readOptions.encoding, (pass) =>
    readObjects(pass, file.reading.file.name, options),
  );
  const { layout, visited } = result;
  return createNdjsonSource({
    ...{ text, layout, readOptions },
    ...(visited === undefined ? {} : { scan: createScan(text, layout, visited) }),
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
): Promise<{ readonly layout: NdjsonLayout; readonly visited?: RowPass }> {
  const isArray = arrayStart.test(pass.sample.toString('utf8'));
  const batches = new PeekableBatches(isArray ? readElements(pass.chunks, name) : readLines(pass.chunks, name));
  const keys = await findKeys(batches, name, { ...options, isArray });
  const layout: NdjsonLayout = isArray ? { keys, isArray } : { keys };
  const visit = options.visitRows?.({ file: name, format: 'ndjson', columns: keys });
  if (visit === undefined) return { layout };
  const visited = startPass();
  for await (const rows of readRows(batches.readAll(), layout, visited)) visit(rows);
  return { layout, visited };
}

function createScan(text: TextInput, layout: NdjsonLayout, { positions, rows }: RowPass): FileScan {
  const { fingerprint, encoding, lineEnds, holdsNuls, isAscii, notices } = text;
  return {
    ...{ fingerprint, rows, notices },
    text: { encoding, lineEnds, holdsNuls, isAscii, layout, positions: positions.list(rows) },
  };
}

interface OpenedNdjson {
  readonly text: TextInput;
  readonly layout: NdjsonLayout;
  readonly readOptions: ReadOptions;
  readonly scan?: FileScan;
}

function createNdjsonSource({ text, layout, readOptions, scan }: OpenedNdjson): FileSource {
  const { name } = text.file;
  const read = layout.isArray === true ? readElements : readLines;
  const readBatches = () => readRows(read(text.chunks(), name), layout, startPass());
  const readRange = async (chunks: AsyncIterable<Buffer>, begin: RowPosition): Promise<RangeContent> => {
    const build = createRowBuilder(layout, begin.index);
    const rows: Row[] = [];
    let next: TextPosition = begin;
    for await (const batch of read(chunks, name, begin)) {
      rows.push(...build(batch.lines));
      next = batch.next;
    }
    return { rows, next };
  };
  return {
    file: name,
    format: 'ndjson',
    columns: layout.keys,
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
  { isArray, resultColumns = false, expectedColumns }: OpenOptions & { readonly isArray: boolean },
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
  if (lineCount === 0 && isArray) throw createEmptyArrayError(name, expectedColumns);
  if (objects === 0) throw createNotNdjsonError(name);
  const own = findOwnColumns([...keys]);
  const columns = [...keys].filter((key) => !own.has(key));
  if (columns.length === 0) throw createNoColumnsError(name);
  return resultColumns ? [...keys] : columns;
}

async function* readRows(
  batches: AsyncIterable<LineBatch>,
  layout: NdjsonLayout,
  pass: RowPass,
): AsyncGenerator<readonly Row[]> {
  const build = createRowBuilder(layout, 0);
  for await (const { lines, next } of batches) {
    const rows = build(lines);
    pass.rows += rows.length;
    pass.positions.pass(pass.rows, next);
    if (rows.length > 0) yield rows;
  }
}

/** Makes rows of lines, the first with the index `first`. */
function createRowBuilder(layout: NdjsonLayout, first: number) {
  const known = new Set(layout.keys);
  let index = first;
  return (lines: readonly TextLine[]): Row[] => {
    const rows: Row[] = [];
    for (const line of lines) {
      if (line.text.trim() === '') continue;
      // All objects of an array may stand on one line: their place tells them from each other.
      const number = layout.isArray === true ? index + 1 : line.line;
      rows.push({ index, number, ...parseRowContent(line, layout, known) });
      index += 1;
    }
    return rows;
  };
}

function parseRowContent(
  { line, text: found }: TextLine,
  layout: NdjsonLayout,
  known: ReadonlySet<string>,
): { cells: readonly Cell[]; issues?: readonly Issue[] } {
  const text = replaceDamagedBytes(found);
  const content = parseObject(text, layout, known);
  if (text === found) return content;
  const damage = findDamagedBytes(found).map(({ byte }) => ({ byte, line }));
  return { ...content, issues: [createDamagedByteIssue(damage, text), ...(content.issues ?? [])] };
}

function parseObject(
  text: string,
  { keys, isArray }: NdjsonLayout,
  known: ReadonlySet<string>,
): { cells: readonly Cell[]; issues?: readonly Issue[] } {
  const parsed = parseLine(text, isArray === true ? 'element' : 'line');
  if (parsed.kind === 'invalid') return { cells: [text], issues: [parsed.reason] };
  const cells = keys.map((column) => parsed.members.get(column) ?? '');
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

/** An array without objects has no names of columns that could be wrong. */
function createEmptyArrayError(file: string, expectedColumns: readonly string[] = []) {
  return new NoDataRowsError(
    `${file}: the JSON array is empty.`,
    'Export the file again, and check that the export finished.',
    { header: expectedColumns, above: [] },
    { expectedColumns },
  );
}

function createNoColumnsError(file: string) {
  return createInputError({
    code: 'NO_COLUMNS',
    file,
    fact: 'its objects have no keys, or only those that this program adds to its result files.',
    nextStep: 'Write each row as one object, with the columns as its keys.',
  });
}
