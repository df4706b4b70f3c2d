import type { Notice, SourceDetection } from '#pipelines/ports.js';
import type { Row } from '#pipelines/row.js';
import type { InputSource, KnownFile, OpenOptions } from '#src/files/input-source.js';
import { isEmptyRow } from '#src/files/table/find-header.js';
import { type RowPlace, RowPlaces } from '#src/files/table/row-places.js';
import { type ReadPiece, stretchesIf } from '#src/files/table/row-stretches.js';
import { createRowWatch, type RowWatch } from '#src/files/table/row-watch.js';
import { lineEndOf } from '#src/files/text/line-census.js';
import { type ByteOrigin, knownText, openText, type TextInput } from '#src/files/text/open-text.js';
import { chooseDialect } from './choose-dialect.js';
import type { Dialect } from './dialect.js';
import { type CsvTable, findTable } from './find-table.js';
import { type CsvRecord, type CsvText, firstPlace, readRecords, readRecordsAt } from './reader/read-records.js';
import { type RowShape, shapeRow } from './shape-row.js';

/**
 * Opens a CSV text in whatever dialect it is.
 *
 * @throws InputError when the bytes are no text, or hold no table
 * @throws UsageError `UNKNOWN_ENCODING`, `BAD_DELIMITER`
 */
export async function openCsv(origin: ByteOrigin, options: OpenOptions): Promise<InputSource> {
  const text = await openText(origin, options);
  const dialect = await chooseDialect(text, options);
  const csv: CsvText = { name: origin.file.name, dialect, chunks: () => text.chunks() };
  const table = await findTable(csv, options);
  return csvSource({ text, csv, table }, options.known);
}

/** A table in a CSV text. */
interface Opened {
  readonly text: TextInput;
  readonly csv: CsvText;
  readonly table: CsvTable;
}

function csvSource(opened: Opened, known: KnownFile | undefined): InputSource {
  const { text, csv, table } = opened;
  const { columns } = table;
  const ofTheFile = [...text.notices, ...returnNotice(text, csv.dialect), ...columns.notices];
  let reading = beginReading(csv);
  const notices = () => known?.notices ?? [...ofTheFile, ...reading.watch.notices()];
  const batches = () => {
    reading = beginReading(csv);
    return rowBatches(opened, reading);
  };
  return {
    file: csv.name,
    format: 'csv',
    columns: columns.columns,
    duplicateColumns: columns.duplicateColumns,
    fingerprint: text.fingerprint,
    detected: detection(text, csv.dialect, table),
    get notices() {
      return notices();
    },
    batches,
    ...stretchesIf(known, { text, batches, read: (chunks, begin) => readPiece(opened, chunks, begin) }),
    known() {
      const { result } = reading.places;
      if (result === undefined) return undefined;
      const { rows, places } = result;
      return { fingerprint: text.fingerprint, rows, notices: notices(), text: knownText(text, places) };
    },
  };
}

/** What is noted while the rows are read. */
interface Reading {
  readonly watch: RowWatch;
  readonly places: RowPlaces;
}

function beginReading({ dialect }: CsvText): Reading {
  return { watch: createRowWatch(), places: new RowPlaces({ index: 0, ...firstPlace(dialect) }) };
}

async function* rowBatches(opened: Opened, { watch, places }: Reading) {
  const place = firstPlace(opened.csv.dialect);
  const rowsOf = rowMaker(opened, watch, 0);
  let index = 0;
  for await (const records of readRecords(opened.csv, place)) {
    const rows = rowsOf(records);
    index += rows.length;
    places.pass(index, place);
    if (rows.length > 0) yield rows;
  }
  places.end(index);
}

async function readPiece(opened: Opened, chunks: AsyncIterable<Buffer>, begin: RowPlace): Promise<ReadPiece> {
  const place = { line: begin.line, offset: begin.offset };
  const rowsOf = rowMaker(opened, createRowWatch(), begin.index);
  const rows: Row[] = [];
  for await (const records of readRecordsAt(place, chunks, opened.csv)) rows.push(...rowsOf(records));
  return { rows, line: place.line };
}

/** Makes rows of records, the first with the index `first`. */
function rowMaker({ text, csv, table }: Opened, watch: RowWatch, first: number) {
  const shape: RowShape = { table: table.columns, holdsNuls: text.holdsNuls, delimiter: csv.dialect.delimiter };
  let index = first;
  return (records: readonly CsvRecord[]): Row[] => {
    const rows: Row[] = [];
    for (const record of records) {
      if (record.line <= table.headerLine) continue;
      if (isEmptyRow(record.cells)) {
        watch.emptyRow(record.cells.length === 1);
        continue;
      }
      const row = shapeRow(record, index, shape);
      index += 1;
      watch.dataRow(row.number, row.cells);
      rows.push(row);
    }
    return rows;
  };
}

function detection(text: TextInput, dialect: Dialect, table: CsvTable): SourceDetection {
  const lineEnd = lineEndOf(text.lineEnds);
  return {
    format: 'csv',
    encoding: text.encoding.name,
    bom: text.encoding.bomBytes > 0,
    delimiter: dialect.delimiter,
    ...(lineEnd === undefined ? {} : { lineEnd }),
    ...(text.compression === undefined ? {} : { compression: text.compression }),
    headerRow: table.headerLine,
  };
}

/** A return that is taken for text must be told: another program would begin a row there. */
function returnNotice(text: TextInput, dialect: Dialect): Notice[] {
  const { cr } = text.lineEnds;
  if (cr === 0 || dialect.returnEndsRow) return [];
  return [
    {
      code: 'STRAY_RETURNS',
      message:
        `${cr} carriage ${cr === 1 ? 'return stands' : 'returns stand'} inside cells without quotation marks and ` +
        'were kept as text. Check these cells.',
    },
  ];
}
