import { formatCount } from '#pipelines/format-count.js';
import type { Issue } from '#pipelines/issue.js';
import type { Row } from '#pipelines/model.js';
import type { SourceDetection } from '#pipelines/ports.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import type { CsvLayout, FileScan, FileSource, OpenOptions, TopRow } from '#src/files/input-source.js';
import { isEmptyRow, type TableColumns } from '#src/files/table/find-header.js';
import { PeekableBatches } from '#src/files/table/peekable.js';
import { createRowNotices, type RowNotices } from '#src/files/table/row-notices.js';
import { type RowPosition, RowPositions } from '#src/files/table/row-positions.js';
import { createRowRanges, type RangeContent } from '#src/files/table/row-ranges.js';
import { SheetRows } from '#src/files/table/sheet-rows.js';
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
import { chooseDialect, findTable, reviseDialect } from './find-table.js';
import { type CsvRecord, type DamagedCell, findFirstPosition, type RecordBatch, readRecords } from './read-records.js';

/** How records of a file become rows. */
interface RowLayout {
  readonly table: TableColumns;
  readonly delimiter: string;
  /** Whether the text, as far as it was read, has a character with value 0. */
  readonly holdsNuls: () => boolean;
}

/** The row of a record, with what is wrong with it as a whole. */
function toRow(record: CsvRecord, index: number, layout: RowLayout): Row {
  const { table } = layout;
  const { line: number, cells, isPlain } = record;
  const isWhole = record.issue === undefined && record.damage === undefined;
  const fits = cells.length === table.width && isWhole && !layout.holdsNuls();
  if (fits && table.places === undefined) return { index, number, cells, isPlain };
  const trimmed = dropEmptyExtras(cells, table.width);
  const issues = fits ? [] : findIssues(record, trimmed, layout);
  const kept = pickColumns(trimmed, table);
  return issues.length === 0
    ? { index, number, cells: kept, isPlain }
    : { index, number, cells: kept, isPlain, issues };
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

function findIssues(record: CsvRecord, cells: readonly string[], layout: RowLayout): Issue[] {
  // A line with impossible quotation marks was cut at every delimiter: its number of cells means nothing.
  const issues = record.issue === undefined ? [] : [record.issue];
  if (record.issue === undefined && cells.length !== layout.table.width)
    issues.push(createRaggedReason(record, cells, layout));
  if (layout.holdsNuls() && cells.some((cell) => cell.includes('\0'))) issues.push(nulCharacter);
  if (record.damage !== undefined) issues.push(createDamagedReason(record.damage, record.cells, layout.table));
  return issues;
}

function createDamagedReason(damage: readonly DamagedCell[], cells: readonly string[], table: TableColumns): Issue {
  const bytes = damage.map(({ byte, line }) => ({ byte, line }));
  const [first] = damage;
  const columns = damage.flatMap(({ place }) => {
    const column = table.columns[table.places === undefined ? place : table.places.indexOf(place)];
    return column === undefined ? [] : [column];
  });
  return { ...createDamagedByteIssue(bytes, cells[first?.place ?? 0] ?? ''), columns: [...new Set(columns)] };
}

const nulCharacter: Issue = {
  severity: 'error',
  code: 'NUL_CHARACTER',
  message: 'A cell contains a zero byte, which does not occur in text: the file was damaged. Type the cell again.',
};

function createRaggedReason(record: CsvRecord, cells: readonly string[], layout: RowLayout): Issue {
  const { width } = layout.table;
  const facts = `The row has ${formatCount(cells.length, 'cell')}, but the header has ${formatCount(width, 'column')}`;
  return {
    severity: 'error',
    code: 'RAGGED_ROW',
    message: `${facts}: ${explainRaggedRow(record, cells.length < width, layout.delimiter)}`,
    value: shorten(record.cells.join(layout.delimiter)),
  };
}

function explainRaggedRow(record: CsvRecord, tooFew: boolean, delimiter: string): string {
  const name = delimiter === '\t' ? 'tab' : `"${delimiter}"`;
  if (record.lineCount > 1) {
    const lastLine = record.line + record.lineCount - 1;
    return `it runs from line ${record.line} to ${lastLine}, so a quotation mark is probably missing, or there is one too many.`;
  }
  if (!tooFew)
    return `a cell that contains a ${name} probably lacks quotation marks. Put the whole cell in quotation marks.`;
  if (record.isUnterminated)
    return 'it is the last row and has no line end, so the file is probably incomplete. Export it again.';
  return 'it is incomplete, or a cell that contains a line break lacks quotation marks. Add the missing cells.';
}

const maxShownCharacters = 80;

function shorten(text: string): string {
  return text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text;
}

/**
 * Opens a CSV text in whatever dialect it is, and reads it once.
 *
 * @throws InputError when the bytes are no text, or hold no table
 * @throws UsageError `UNKNOWN_ENCODING`, `BAD_DELIMITER`
 */
export async function openCsv(file: TextFile, options: OpenOptions, readOptions: ReadOptions): Promise<FileSource> {
  const { scan } = options;
  if (scan?.text !== undefined && 'dialect' in scan.text.layout) {
    const text = createScannedText(file, scan.fingerprint, scan.text);
    return createCsvSource({ text, layout: scan.text.layout, readOptions, topRows: [], scan });
  }
  let returnEndsRow: boolean | undefined;
  for (;;) {
    const { text, result } = await scanText(file, readOptions.encoding, (pass) =>
      readTable(pass, file.reading.file.name, { ...options, ...readOptions }, returnEndsRow),
    );
    const { layout, topRows, visited } = result;
    const dialect = await reviseDialect(text, layout.dialect);
    if (dialect.returnEndsRow !== layout.dialect.returnEndsRow && returnEndsRow === undefined) {
      returnEndsRow = dialect.returnEndsRow;
      continue;
    }
    return createCsvSource({
      ...{ text, layout, readOptions, topRows },
      ...(visited === undefined ? {} : { scan: createScan(text, layout, visited), sheetRows: visited.sheetRows }),
    });
  }
}

/** What one pass over all rows finds out about the file as a whole. */
interface RowPass {
  readonly notices: RowNotices;
  readonly positions: RowPositions;
  readonly sheetRows: SheetRows;
  /** Rows so far. */
  rows: number;
}

function startPass({ dialect }: CsvLayout): RowPass {
  return {
    notices: createRowNotices(),
    positions: new RowPositions({ index: 0, ...findFirstPosition(dialect) }),
    sheetRows: new SheetRows(dialect.firstLine),
    rows: 0,
  };
}

/** Finds the table in a text that is read for the first time, and shows its rows to the visitor if there is one. */
async function readTable(
  pass: TextPass,
  name: string,
  options: OpenOptions,
  returnEndsRow: boolean | undefined,
): Promise<{ readonly layout: CsvLayout; readonly topRows: readonly TopRow[]; readonly visited?: RowPass }> {
  const chosen = chooseDialect(pass, options);
  const dialect = returnEndsRow === undefined ? chosen : { ...chosen, returnEndsRow };
  const batches = new PeekableBatches(readRecords({ name, dialect, isDamaged: pass.encoding.isDamaged }, pass.chunks));
  const { topRows, ...found } = await findTable(batches, name, options);
  const layout = { dialect, ...found };
  const visit = options.visitRows?.({ file: name, format: 'csv', ...layout.table });
  if (visit === undefined) return { layout, topRows };
  const visited = startPass(layout);
  for await (const rows of readRows(batches.readAll(), layout, pass.holdsNuls, visited)) visit(rows);
  return { layout, topRows, visited };
}

function createScan(text: TextInput, layout: CsvLayout, { notices, positions, rows }: RowPass): FileScan {
  const { fingerprint, encoding, lineEnds, holdsNuls, isAscii } = text;
  return {
    fingerprint,
    rows,
    notices: [...createFileNotices(text, layout), ...notices.notices()],
    text: { encoding, lineEnds, holdsNuls, isAscii, layout, positions: positions.list(rows) },
  };
}

interface OpenedCsv {
  readonly text: TextInput;
  readonly layout: CsvLayout;
  readonly readOptions: ReadOptions;
  readonly topRows: readonly TopRow[];
  readonly scan?: FileScan;
  readonly sheetRows?: SheetRows;
}

function createCsvSource({ text, layout, readOptions, topRows, scan, ...opened }: OpenedCsv): FileSource {
  const { name } = text.file;
  const { dialect, table } = layout;
  const content = { name, dialect, isDamaged: text.encoding.isDamaged };
  const holdsNuls = () => text.holdsNuls;
  const fileNotices = createFileNotices(text, layout);
  let { sheetRows } = opened;
  let rowNotices: readonly Issue[] = [];
  const readBatches = async function* () {
    const pass = startPass(layout);
    yield* readRows(readRecords(content, text.chunks()), layout, holdsNuls, pass);
    rowNotices = pass.notices.notices();
    sheetRows = pass.sheetRows;
  };
  const readRange = async (chunks: AsyncIterable<Buffer>, begin: RowPosition): Promise<RangeContent> => {
    const build = createRowBuilder(layout, holdsNuls, createRowNotices(), begin.index);
    const rows: Row[] = [];
    let next = begin;
    for await (const batch of readRecords(content, chunks, begin)) {
      rows.push(...build(batch.records));
      next = { ...begin, ...batch.next };
    }
    return { rows, next };
  };
  return {
    file: name,
    format: 'csv',
    columns: table.columns,
    fingerprint: text.fingerprint,
    ...describeTextEncoding(text),
    detected: describeDetection(text, layout),
    get notices() {
      return scan?.notices ?? [...fileNotices, ...rowNotices];
    },
    batches: readBatches,
    sheetRowOf: (line) => sheetRows?.rowOf(line) ?? line,
    ...{ readOptions, topRows, scan },
    ...createRowRanges(scan, { text, readBatches, readRange }),
  };
}

async function* readRows(
  batches: AsyncIterable<RecordBatch>,
  layout: CsvLayout,
  holdsNuls: () => boolean,
  pass: RowPass,
): AsyncGenerator<readonly Row[]> {
  const build = createRowBuilder(layout, holdsNuls, pass.notices, 0);
  for await (const { records, next } of batches) {
    for (const { line, lineCount } of records) if (lineCount > 1) pass.sheetRows.note(line, lineCount);
    const rows = build(records);
    pass.rows += rows.length;
    pass.positions.pass(pass.rows, next);
    if (rows.length > 0) yield rows;
  }
}

/** Makes rows of records, the first with the index `first`. */
function createRowBuilder(
  { dialect, headerLine, customersAbove, table }: CsvLayout,
  holdsNuls: () => boolean,
  notices: RowNotices,
  first: number,
) {
  const layout: RowLayout = { table, holdsNuls, delimiter: dialect.delimiter };
  const readAbove = new Set(customersAbove);
  const ownType = findRecordType(layout);
  let index = first;
  return (records: readonly CsvRecord[]): Row[] => {
    const rows: Row[] = [];
    for (const record of records) {
      if (record.line <= headerLine && !readAbove.has(record.line)) continue;
      if (isEmptyRow(record.cells)) {
        notices.emptyRow(record.cells.length === 1);
        continue;
      }
      if (ownType !== undefined && record.issue === undefined && record.cells[0]?.trim() !== ownType) {
        notices.otherListRow(record.line);
        continue;
      }
      const row = toRow(record, index, layout);
      index += 1;
      rows.push(notices.dataRow(row.number, row.cells) ? { ...row, signs: { isAfterGap: true } } : row);
    }
    return rows;
  };
}

/**
 * The word with which the rows of a list begin in an IIF file of QuickBooks: the header of the list has it with an
 * exclamation mark, and other lists may follow.
 */
function findRecordType({ table, delimiter }: RowLayout): string | undefined {
  const [first = ''] = table.columns;
  return delimiter === '\t' ? /^!([A-Z]+)$/.exec(first)?.[1] : undefined;
}

function describeDetection(text: TextInput, { dialect, headerLine }: CsvLayout): SourceDetection {
  const lineEnd = nameLineEnd(text.lineEnds);
  return {
    format: 'csv',
    encoding: text.encoding.name,
    bom: text.encoding.bomBytes > 0,
    delimiter: dialect.delimiter,
    ...(lineEnd === undefined ? {} : { lineEnd }),
    ...(text.compression === undefined ? {} : { compression: text.compression }),
    ...(headerLine > 0 && { headerRow: headerLine }),
  };
}

function createFileNotices(text: TextInput, { dialect, table }: CsvLayout): readonly Issue[] {
  return [...text.notices, ...createReturnNotices(text, dialect.returnEndsRow), ...table.notices];
}

/** Another program would begin a row at a return that is taken for text here, so the user should know. */
function createReturnNotices({ lineEnds: { cr } }: TextInput, returnEndsRow: boolean): Issue[] {
  if (cr === 0 || returnEndsRow) return [];
  return [
    {
      severity: 'warning',
      code: 'STRAY_RETURNS',
      message:
        `${cr} carriage ${cr === 1 ? 'return is' : 'returns are'} inside cells without quotation marks and ` +
        'were kept as text. Check these cells.',
    },
  ];
}
