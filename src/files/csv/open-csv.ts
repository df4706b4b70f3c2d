import type { Issue, Row } from '#pipelines/model.js';
import type { Notice, SourceDetection } from '#pipelines/ports.js';
import type { FileScan, InputSource, OpenOptions } from '#src/files/input-source.js';
import { isEmptyRow, type TableColumns } from '#src/files/table/find-header.js';
import { createRowNotices, type RowNotices } from '#src/files/table/row-notices.js';
import { type RowPosition, RowPositions } from '#src/files/table/row-positions.js';
import { createRowRanges, type RangeContent } from '#src/files/table/row-ranges.js';
import { nameLineEnd } from '#src/files/text/line-ends.js';
import { type ByteSource, buildTextScan, openText, type TextInput } from '#src/files/text/open-text.js';
import type { Dialect } from './dialect.js';
import { type CsvTable, chooseDialect, findTable } from './find-table.js';
import { type CsvRecord, type CsvText, findFirstPosition, readRecords, readRecordsAt } from './read-records.js';

/** How records of a file become rows. */
interface RowLayout {
  readonly table: TableColumns;
  readonly holdsNuls: boolean;
  readonly delimiter: string;
}

/** The row of a record, with what is wrong with it as a whole. */
function toRow(record: CsvRecord, index: number, shape: RowLayout): Row {
  const { table } = shape;
  const { line: number, cells, isPlain } = record;
  const fits = cells.length === table.width && record.issue === undefined && !shape.holdsNuls;
  if (fits && table.places === undefined) return { index, number, cells, isPlain };
  const trimmed = dropEmptyExtras(cells, table.width);
  const defects = fits ? [] : findDefects(record, trimmed, shape);
  const kept = pickColumns(trimmed, table);
  return defects.length === 0
    ? { index, number, cells: kept, isPlain }
    : { index, number, cells: kept, isPlain, issues: defects };
}

/** Cells beyond the last column that hold nothing are delimiters too many, which lose no data. */
function dropEmptyExtras(cells: readonly string[], width: number): readonly string[] {
  if (cells.length <= width) return cells;
  const used = cells.findLastIndex((cell) => cell.trim() !== '') + 1;
  return cells.slice(0, Math.max(width, used));
}

function pickColumns(cells: readonly string[], { places, width }: TableColumns): readonly string[] {
  if (places === undefined) return cells;
  const kept: string[] = [];
  for (const place of places) {
    const cell = cells[place];
    if (cell !== undefined) kept.push(cell);
  }
  return [...kept, ...cells.slice(width)];
}

function findDefects(record: CsvRecord, cells: readonly string[], shape: RowLayout): Issue[] {
  // A line with impossible quotation marks was cut up blindly: its number of cells means nothing.
  const defects = record.issue === undefined ? [] : [record.issue];
  if (record.issue === undefined && cells.length !== shape.table.width)
    defects.push(createRaggedReason(record, cells, shape));
  if (shape.holdsNuls && cells.some((cell) => cell.includes('\0'))) defects.push(nulCharacter);
  return defects;
}

const nulCharacter: Issue = {
  code: 'NUL_CHARACTER',
  message: 'A cell holds a zero byte, which no text contains: the file was damaged. Type the cell anew.',
};

function createRaggedReason(record: CsvRecord, cells: readonly string[], shape: RowLayout): Issue {
  const { width } = shape.table;
  const facts = `The row has ${formatCount(cells.length, 'cell')}, but the header has ${formatCount(width, 'column')}`;
  return {
    code: 'RAGGED_ROW',
    message: `${facts}: ${explainRaggedRow(record, cells.length < width, shape.delimiter)}`,
    value: shorten(record.cells.join(shape.delimiter)),
  };
}

function explainRaggedRow(record: CsvRecord, tooFew: boolean, delimiter: string): string {
  const name = delimiter === '\t' ? 'tab' : `"${delimiter}"`;
  if (record.lineCount > 1) {
    const lastLine = record.line + record.lineCount - 1;
    return `it runs from line ${record.line} to ${lastLine}, so a quotation mark is probably missing or too many.`;
  }
  if (!tooFew) return `a cell that contains a ${name} probably lacks its quotation marks. Put them around it.`;
  if (record.isUnterminated)
    return 'it is the last one and has no line end, so the file was probably cut. Export it again.';
  return 'it was cut, or a cell that contains a line break lacks its quotation marks. Add the missing cells.';
}

function formatCount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

const maxShownCharacters = 80;

function shorten(text: string): string {
  return text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text;
}

/**
 * Opens a CSV text in whatever dialect it is.
 *
 * @throws InputError when the bytes are no text, or hold no table
 * @throws UsageError `UNKNOWN_ENCODING`, `BAD_DELIMITER`
 */
export async function openCsv(origin: ByteSource, options: OpenOptions): Promise<InputSource> {
  const text = await openText(origin, options);
  const dialect = await chooseDialect(text, options);
  const csv: CsvText = { name: origin.file.name, dialect, chunks: () => text.chunks() };
  const table = await findTable(csv, options);
  return createCsvSource({ text, csv, table }, options.scan);
}

/** A table in a CSV text. */
interface OpenedCsv {
  readonly text: TextInput;
  readonly csv: CsvText;
  readonly table: CsvTable;
}

function createCsvSource(opened: OpenedCsv, known: FileScan | undefined): InputSource {
  const { text, csv, table } = opened;
  const { columns } = table;
  const ofTheFile = [...text.notices, ...createReturnNotices(text, csv.dialect), ...columns.notices];
  let reading = startPass(csv);
  const notices = () => known?.notices ?? [...ofTheFile, ...reading.watch.notices()];
  const batches = () => {
    reading = startPass(csv);
    return readRowBatches(opened, reading);
  };
  return {
    file: csv.name,
    format: 'csv',
    columns: columns.columns,
    duplicateColumns: columns.duplicateColumns,
    fingerprint: text.fingerprint,
    detected: describeDetection(text, csv.dialect, table),
    get notices() {
      return notices();
    },
    batches,
    ...createRowRanges(known, { text, batches, read: (chunks, begin) => readRange(opened, chunks, begin) }),
    lastScan() {
      const { result } = reading.places;
      if (result === undefined) return undefined;
      const { rows, places } = result;
      return { fingerprint: text.fingerprint, rows, notices: notices(), text: buildTextScan(text, places) };
    },
  };
}

/** What is noted while the rows are read. */
interface CsvPass {
  readonly watch: RowNotices;
  readonly places: RowPositions;
}

function startPass({ dialect }: CsvText): CsvPass {
  return { watch: createRowNotices(), places: new RowPositions({ index: 0, ...findFirstPosition(dialect) }) };
}

async function* readRowBatches(opened: OpenedCsv, { watch, places }: CsvPass) {
  const place = findFirstPosition(opened.csv.dialect);
  const rowsOf = createRowBuilder(opened, watch, 0);
  let index = 0;
  for await (const records of readRecords(opened.csv, place)) {
    const rows = rowsOf(records);
    index += rows.length;
    places.pass(index, place);
    if (rows.length > 0) yield rows;
  }
  places.end(index);
}

async function readRange(opened: OpenedCsv, chunks: AsyncIterable<Buffer>, begin: RowPosition): Promise<RangeContent> {
  const place = { line: begin.line, offset: begin.offset };
  const rowsOf = createRowBuilder(opened, createRowNotices(), begin.index);
  const rows: Row[] = [];
  for await (const records of readRecordsAt(place, chunks, opened.csv)) rows.push(...rowsOf(records));
  return { rows, line: place.line };
}

/** Makes rows of records, the first with the index `first`. */
function createRowBuilder({ text, csv, table }: OpenedCsv, watch: RowNotices, first: number) {
  const shape: RowLayout = { table: table.columns, holdsNuls: text.holdsNuls, delimiter: csv.dialect.delimiter };
  let index = first;
  return (records: readonly CsvRecord[]): Row[] => {
    const rows: Row[] = [];
    for (const record of records) {
      if (record.line <= table.headerLine) continue;
      if (isEmptyRow(record.cells)) {
        watch.emptyRow(record.cells.length === 1);
        continue;
      }
      const row = toRow(record, index, shape);
      index += 1;
      watch.dataRow(row.number, row.cells);
      rows.push(row);
    }
    return rows;
  };
}

function describeDetection(text: TextInput, dialect: Dialect, table: CsvTable): SourceDetection {
  const lineEnd = nameLineEnd(text.lineEnds);
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
function createReturnNotices(text: TextInput, dialect: Dialect): Notice[] {
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
