import type { SourceDetection } from '#pipelines/ports.js';
import type { Cell, Reason, Row } from '#pipelines/row.js';
import { inputFailure } from '#src/files/input-failure.js';
import type { InputSource, OpenOptions } from '#src/files/input-source.js';
import { type RowPlace, RowPlaces } from '#src/files/table/row-places.js';
import { type ReadPiece, stretchesIf } from '#src/files/table/row-stretches.js';
import { lineEndOf } from '#src/files/text/line-census.js';
import { type ByteOrigin, knownText, openText, type TextInput } from '#src/files/text/open-text.js';
import { parseLine } from './parse-line.js';
import { firstPlace, readLines, type TextLine } from './read-lines.js';

/** Lines whose keys become the columns. */
const linesLookedAt = 1000;

/**
 * Opens a file of one JSON object per line. The columns are the keys of the first 1,000 lines.
 *
 * @throws InputError `NOT_NDJSON`, `NO_COLUMNS`, `RECORD_TOO_LARGE`, or as for any text
 */
export async function openNdjson(origin: ByteOrigin, options: OpenOptions): Promise<InputSource> {
  const text = await openText(origin, options);
  const columns = await findColumns(text);
  const { known } = options;
  const notices = known?.notices ?? text.notices;
  let places = newPlaces();
  const batches = () => {
    places = newPlaces();
    return rowBatches(text, columns, places);
  };
  return {
    file: origin.file.name,
    format: 'ndjson',
    columns,
    duplicateColumns: [],
    fingerprint: text.fingerprint,
    detected: detection(text),
    notices,
    batches,
    ...stretchesIf(known, {
      text,
      batches,
      read: (chunks, begin) => readPiece(text.file.name, columns, chunks, begin),
    }),
    known() {
      const { result } = places;
      if (result === undefined) return undefined;
      return { fingerprint: text.fingerprint, rows: result.rows, notices, text: knownText(text, result.places) };
    },
  };
}

function newPlaces(): RowPlaces {
  return new RowPlaces({ index: 0, ...firstPlace() });
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
    if (looked >= linesLookedAt) break;
  }
  if (objects === 0) throw notNdjson(text.file.name);
  const columns = [...keys].filter((key) => !isOurs(key));
  if (columns.length === 0) throw noColumns(text.file.name);
  return columns;
}

/** Keys that this program wrote into a result file. */
function isOurs(key: string): boolean {
  return key.startsWith('_');
}

async function* rowBatches(
  text: TextInput,
  columns: readonly string[],
  places: RowPlaces,
): AsyncGenerator<readonly Row[]> {
  const place = firstPlace();
  const rowsOf = rowMaker(columns, 0);
  let index = 0;
  for await (const lines of readLines(text.chunks(), text.file.name, place)) {
    const rows = rowsOf(lines);
    index += rows.length;
    places.pass(index, place);
    if (rows.length > 0) yield rows;
  }
  places.end(index);
}

async function readPiece(
  file: string,
  columns: readonly string[],
  chunks: AsyncIterable<Buffer>,
  begin: RowPlace,
): Promise<ReadPiece> {
  const place = { line: begin.line, offset: begin.offset };
  const rowsOf = rowMaker(columns, begin.index);
  const rows: Row[] = [];
  for await (const lines of readLines(chunks, file, place)) rows.push(...rowsOf(lines));
  return { rows, line: place.line };
}

/** Makes rows of lines, the first with the index `first`. */
function rowMaker(columns: readonly string[], first: number) {
  const known = new Set(columns);
  let index = first;
  return (lines: readonly TextLine[]): Row[] => {
    const rows: Row[] = [];
    for (const line of lines) {
      if (line.text.trim() === '') continue;
      rows.push({ index, number: line.line, ...contentOf(line.text, columns, known) });
      index += 1;
    }
    return rows;
  };
}

function contentOf(
  line: string,
  columns: readonly string[],
  known: ReadonlySet<string>,
): { cells: readonly Cell[]; defects?: readonly Reason[] } {
  const parsed = parseLine(line);
  if (parsed.kind === 'defect') return { cells: [line], defects: [parsed.reason] };
  const cells = columns.map((column) => parsed.members.get(column) ?? '');
  const late = [...parsed.members.keys()].filter((key) => !known.has(key) && !isOurs(key));
  return late.length === 0 ? { cells } : { cells, defects: late.map(lateKey) };
}

function lateKey(key: string): Reason {
  return {
    code: 'LATE_KEY',
    message:
      `The key "${key}" does not occur in the first ${linesLookedAt.toLocaleString('en')} lines, so it has no column. ` +
      'Give it to one of them, if only as null.',
    columns: [key],
  };
}

function detection(text: TextInput): SourceDetection {
  const lineEnd = lineEndOf(text.lineEnds);
  return {
    format: 'ndjson',
    encoding: text.encoding.name,
    bom: text.encoding.bomBytes > 0,
    ...(lineEnd === undefined ? {} : { lineEnd }),
    ...(text.compression === undefined ? {} : { compression: text.compression }),
  };
}

function notNdjson(file: string) {
  return inputFailure({
    code: 'NOT_NDJSON',
    file,
    fact: 'no line of it is a JSON object.',
    nextStep: 'NDJSON has one whole object per line. Write the file so, e.g. with: jq -c . <file>',
  });
}

function noColumns(file: string) {
  return inputFailure({
    code: 'NO_COLUMNS',
    file,
    fact: 'its objects have no key that can be read; keys that begin with "_" are not.',
    nextStep: 'Give each value a key without "_".',
  });
}
