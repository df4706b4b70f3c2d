import type { Issue } from '#pipelines/issue.js';
import { normaliseName } from '#pipelines/mapping/normalise-name.js';
import { cellToText } from '#pipelines/model.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { UsageError } from '#src/errors.js';
import type { WorkbookSource } from '#src/files/input-source.js';
import { findHeader, type HeaderSearch } from '#src/files/table/find-header.js';
import { NoDataRowsError } from '#src/files/table/no-data-rows.js';
import { type RowsAbove, rowsCompared, sortRowsAbove } from '#src/files/table/rows-above.js';
import { columnLetters } from '#src/files/xlsx/cell-reference.js';
import { type Archive, openArchive, type WorkbookLimits, workbookLimits } from './archive.js';
import { type ColumnLayout, type HeaderRow, layOutColumns } from './columns.js';
import { readCellFormats } from './number-formats.js';
import type { CollectedRow } from './row-collector.js';
import {
  findOtherSheetsWithContent,
  listFilledColumns,
  maxSheetsChecked,
  type SheetSample,
  sampleSheet,
  sampleTop,
  type WorkbookParts,
} from './sample-sheet.js';
import { workbookError } from './workbook-error.js';
import { readWorkbookIndex, type WorksheetEntry } from './workbook-index.js';
import { createOpeningNotices, createWorkbookSource } from './workbook-source.js';

const maxSheetNamesShown = 20;

/**
 * The sheet that was asked for, by name or by number from 1; by default the first visible one.
 *
 * @throws UsageError `UNKNOWN_SHEET`, naming the sheets that there are
 */
function chooseSheet(
  worksheets: readonly [WorksheetEntry, ...WorksheetEntry[]],
  wanted: string | undefined,
  file: string,
): WorksheetEntry {
  if (wanted === undefined) return worksheets.find(({ isHidden }) => !isHidden) ?? worksheets[0];
  const found =
    worksheets.find(({ name }) => name === wanted) ??
    worksheets.find(({ name }) => normaliseName(name) === normaliseName(wanted)) ??
    (/^\d+$/.test(wanted) ? worksheets[Number(wanted) - 1] : undefined);
  if (found !== undefined) return found;
  const names = worksheets.slice(0, maxSheetNamesShown).map(({ name }) => `“${name}”`);
  const more = worksheets.length > maxSheetNamesShown ? ` and ${worksheets.length - maxSheetNamesShown} more` : '';
  throw new UsageError(`${file}: there is no sheet “${wanted}”. The workbook has ${names.join(', ')}${more}.`, {
    code: 'UNKNOWN_SHEET',
    nextStep: `Give one of these names, or a number from 1 to ${worksheets.length}, with --sheet.`,
  });
}

export interface OpenWorkbookOptions
  extends Pick<ReadOptions, 'sheet' | 'headerRow' | 'noHeader' | 'skipHidden'>,
    HeaderSearch {
  /** The file as the user named it, for messages. @default the path */
  readonly displayName?: string | undefined;
  /** The content of the file, when it is held in memory: then only its time of change is asked for. */
  readonly bytes?: Buffer | undefined;
  /** Also reads the columns that this program adds to a result file. @default false */
  readonly resultColumns?: boolean | undefined;
  /** Limits against hostile files; for tests. */
  readonly limits?: Partial<WorkbookLimits>;
}

/** Everything that is decided when the workbook is opened. */
interface Opening {
  readonly archive: Archive;
  readonly parts: WorkbookParts;
  readonly sheet: WorksheetEntry;
  readonly sample: SheetSample;
  readonly options: OpenWorkbookOptions;
}

/**
 * Opens a .xlsx workbook as a source of rows. Reads the workbook's index and the top of one sheet; the rows
 * themselves are read by `batches()`, in flat memory.
 *
 * @throws InputError with a code of `nextSteps` when the file cannot be read as a workbook with customers
 * @throws UsageError `UNKNOWN_SHEET` when there is no such sheet
 */
export async function openWorkbook(path: string, options: OpenWorkbookOptions = {}): Promise<WorkbookSource> {
  const place = { file: options.displayName ?? path };
  const file = { path, bytes: options.bytes };
  const limits = { ...workbookLimits, ...options.limits };
  const archive = await openArchive(file, place, limits);
  try {
    const index = await readWorkbookIndex(archive);
    const parts = { index, formats: await readCellFormats(archive, index.stylesPart) };
    const sheet = chooseSheet(index.worksheets, options.sheet, place.file);
    const fromRow = options.noHeader === true ? 1 : (options.headerRow ?? 1);
    const skipHidden = options.skipHidden ?? false;
    const sample = await sampleSheet(archive, sheet, parts, { fromRow, skipHidden });
    const opening = { archive, parts, sheet, sample, options };
    const header = await findHeaderRow(opening);
    const layout = layOut(opening, header);
    const above = sortAbove(opening, header);
    const elsewhere = header.isMatched ? [] : await findSheetsWithColumns(opening);
    const source = createWorkbookSource({
      file,
      archive,
      parts,
      sheet,
      layout,
      headerRow: header.row.number,
      customersAbove: above.customers,
      skipHidden,
      openingNotices: await collectNotices(opening, header, layout, above),
      topRows: sample.top.map(({ number, cells }) => ({ number, cells: cells.map(cellToText) })),
    });
    return elsewhere.length === 0 ? source : Object.assign(source, { sheetsWithColumns: elsewhere });
  } finally {
    await archive.close();
  }
}

async function findHeaderRow(opening: Opening): Promise<HeaderRow> {
  const { sample, options, archive, sheet } = opening;
  const place = { ...archive.place, sheet: sheet.name };
  if (options.noHeader === true) return { row: createLetterRow(sample), isMatched: true };
  if (options.headerRow !== undefined) {
    const row = sample.top[0];
    if (row?.number === options.headerRow) return { row, isMatched: true };
    throw workbookError(
      'HEADER_ROW_EMPTY',
      { ...place, row: options.headerRow },
      'the header row has no column names.',
    );
  }
  const { position, isMatched } = findHeader(
    sample.top.map(({ cells }) => cells.map(cellToText)),
    options,
  );
  const row = sample.top[position];
  if (row !== undefined) return { row, isMatched };
  const others = await findOtherSheetsWithContent(archive, opening.parts, sheet);
  const hint = others.length === 0 ? '' : ` These have content: ${others.join(', ')}.`;
  throw workbookError('EMPTY_SHEET', place, `the sheet is empty.${hint}`);
}

/** The other sheets in which the expected columns are; none where nothing was expected. */
async function findSheetsWithColumns({ archive, parts, sheet, options }: Opening): Promise<readonly string[]> {
  if ((options.expectedColumns ?? []).length === 0) return [];
  const names: string[] = [];
  for (const other of parts.index.worksheets.slice(0, maxSheetsChecked)) {
    if (other === sheet) continue;
    const top = await sampleTop(archive, other, parts);
    if (
      findHeader(
        top.map(({ cells }) => cells.map(cellToText)),
        options,
      ).isMatched
    )
      names.push(other.name);
  }
  return names;
}

/** Stands for the header of a sheet that has none: its columns are called by their letters. */
function createLetterRow({ top, columnsBelow }: SheetSample): CollectedRow {
  const last = Math.max(0, ...columnsBelow, ...top.flatMap(listFilledColumns));
  const cells = Array.from({ length: last }, (_, place) => columnLetters(place + 1));
  return { number: 0, isHidden: false, cells, outsideColumn: 0 };
}

function layOut({ sample, options, archive, sheet }: Opening, header: HeaderRow): ColumnLayout {
  const skipHidden = options.skipHidden ?? false;
  const dataRows = sample.top.filter((row) => row.number > header.row.number && !(skipHidden && row.isHidden));
  const layout = layOutColumns(
    header.row,
    new Set([...dataRows.flatMap(listFilledColumns), ...sample.columnsBelow]),
    (column) => skipHidden && sample.hiddenColumns.some(({ first, last }) => column >= first && column <= last),
    options.resultColumns,
  );
  if (dataRows.length > 0 || sample.rowsBelow > 0) return layout;
  const names = namesBetween(header, 1, header.row.cells.length).map((name) => `“${name}”`);
  const place = { ...archive.place, sheet: sheet.name };
  const { message, nextStep } = workbookError(
    'NO_DATA_ROWS',
    place,
    `there are no rows below the header (row ${header.row.number}: ${names.join(', ')}).`,
  );
  const above = sample.top.filter(({ number }) => number < header.row.number).map(({ cells }) => cells.map(cellToText));
  throw new NoDataRowsError(message, nextStep, { header: header.row.cells.map(cellToText), above }, options);
}

function sortAbove({ sample, options }: Opening, header: HeaderRow): RowsAbove {
  if (options.headerRow !== undefined) return { customers: [], notices: [] };
  const toTopRow = ({ number, cells }: CollectedRow) => ({ number, cells: cells.map(cellToText) });
  const above = sample.top.filter(({ number }) => number < header.row.number);
  const below = sample.top.filter(({ number }) => number > header.row.number).slice(0, rowsCompared);
  return sortRowsAbove(
    above.map(toTopRow),
    toTopRow(header.row),
    below.map(({ cells }) => cells.map(cellToText)),
    0,
  );
}

async function collectNotices(
  opening: Opening,
  header: HeaderRow,
  layout: ColumnLayout,
  above: RowsAbove,
): Promise<readonly Issue[]> {
  const { archive, parts, sheet, sample, options } = opening;
  const found = new Set(header.row.cells.map((cell) => normaliseName(cellToText(cell))));
  const { worksheets } = parts.index;
  return createOpeningNotices({
    sheet,
    otherSheetsWithContent: options.sheet === undefined ? await findOtherSheetsWithContent(archive, parts, sheet) : [],
    // The sheet of drop-down lists that this program writes has no customers.
    hiddenSheets: worksheets.filter(({ isHidden, name }) => isHidden && name !== 'Lists').map(({ name }) => name),
    headerRow: header.row.number,
    rowsAbove: above.notices,
    missedNames: header.isMatched
      ? []
      : (options.expectedColumns ?? []).filter((name) => !found.has(normaliseName(name))),
    layout,
    hiddenColumns: sample.hiddenColumns.flatMap(({ first, last }) => namesBetween(header, first, last)),
    skipHidden: options.skipHidden ?? false,
  });
}

/** The header texts of a span of columns, which may reach beyond the last name. */
function namesBetween(header: HeaderRow, first: number, last: number): readonly string[] {
  return header.row.cells
    .slice(first - 1, last)
    .map(cellToText)
    .filter((name) => name.trim() !== '');
}
