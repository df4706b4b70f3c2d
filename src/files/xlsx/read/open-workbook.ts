import { cellToText } from '#pipelines/model.js';
import type { Notice } from '#pipelines/ports.js';
import { UsageError } from '#src/errors.js';
import type { InputSource } from '#src/files/input-source.js';
import { type Archive, openArchive, readFingerprint, type WorkbookLimits, workbookLimits } from './archive.js';
import { type ColumnLayout, type FoundHeader, findHeader, layOutColumns, normalisedName } from './columns.js';
import { readCellFormats } from './number-formats.js';
import {
  findOtherSheetsWithContent,
  listFilledColumns,
  type SheetSample,
  sampleSheet,
  type WorkbookParts,
} from './sample-sheet.js';
import { workbookError } from './workbook-error.js';
import { readWorkbookIndex, type WorksheetEntry } from './workbook-index.js';
import { createOpeningNotices, createWorkbookSource } from './workbook-source.js';

const maxSheetNamesShown = 20;

/**
 * The sheet that was asked for, by name or by number from 1; without a wish, the first visible one.
 *
 * @throws UsageError `UNKNOWN_SHEET`, naming the sheets that there are
 */
function chooseSheet(
  worksheets: readonly [WorksheetEntry, ...WorksheetEntry[]],
  wish: string | undefined,
  file: string,
): WorksheetEntry {
  if (wish === undefined) return worksheets.find(({ isHidden }) => !isHidden) ?? worksheets[0];
  const found =
    worksheets.find(({ name }) => name === wish) ??
    worksheets.find(({ name }) => normalisedName(name) === normalisedName(wish)) ??
    (/^\d+$/.test(wish) ? worksheets[Number(wish) - 1] : undefined);
  if (found !== undefined) return found;
  const names = worksheets.slice(0, maxSheetNamesShown).map(({ name }) => `“${name}”`);
  const more = worksheets.length > maxSheetNamesShown ? ` and ${worksheets.length - maxSheetNamesShown} more` : '';
  throw new UsageError(`${file}: there is no sheet “${wish}”. The workbook has ${names.join(', ')}${more}.`, {
    code: 'UNKNOWN_SHEET',
    nextStep: `Give one of these names, or a number from 1 to ${worksheets.length}, with --sheet.`,
  });
}

export interface OpenWorkbookOptions {
  /** The file as the user named it, for messages. @default the path */
  readonly displayName?: string | undefined;
  /** A sheet's name, or its number from 1 as text. @default the first visible sheet */
  readonly sheet?: string | undefined;
  /** The row number of the header. @default found by `expectedColumns`, else the first row with content */
  readonly headerRow?: number | undefined;
  /** Column names that the mapping uses: the first of 50 rows that has four fifths of them is the header. */
  readonly expectedColumns?: readonly string[] | undefined;
  /** Leaves hidden rows and columns out. @default false */
  readonly skipHidden?: boolean | undefined;
  /** Also reads the columns of a result file that this program added. @default false */
  readonly resultColumns?: boolean | undefined;
  /** Caps against hostile files; for tests. */
  readonly limits?: Partial<WorkbookLimits>;
}

/** Everything that was settled at opening, in the shape the options take inside. */
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
export async function openWorkbook(file: string, options: OpenWorkbookOptions = {}): Promise<InputSource> {
  const place = { file: options.displayName ?? file };
  const limits = { ...workbookLimits, ...options.limits };
  const archive = await openArchive(file, place, limits);
  try {
    const index = await readWorkbookIndex(archive);
    const parts = { index, formats: await readCellFormats(archive, index.stylesPart) };
    const sheet = chooseSheet(index.worksheets, options.sheet, place.file);
    const fromRow = options.headerRow ?? 1;
    const skipHidden = options.skipHidden ?? false;
    const sample = await sampleSheet(archive, sheet, parts, { fromRow, skipHidden });
    const opening = { archive, parts, sheet, sample, options };
    const header = await findHeaderRow(opening);
    const layout = layOut(opening, header);
    return createWorkbookSource({
      path: file,
      archive,
      parts,
      sheet,
      layout,
      headerRow: header.row.number,
      skipHidden,
      openingNotices: await collectNotices(opening, header, layout),
      fingerprint: await readFingerprint(archive.handle),
    });
  } finally {
    await archive.close();
  }
}

async function findHeaderRow(opening: Opening): Promise<FoundHeader> {
  const { sample, options, archive, sheet } = opening;
  const place = { ...archive.place, sheet: sheet.name };
  if (options.headerRow !== undefined) {
    const row = sample.top[0];
    if (row?.number === options.headerRow) return { row, isMatched: true };
    throw workbookError(
      'HEADER_ROW_EMPTY',
      { ...place, row: options.headerRow },
      'the header row has no column names.',
    );
  }
  const header = findHeader(sample.top, options.expectedColumns ?? []);
  if (header !== undefined) return header;
  const others = await findOtherSheetsWithContent(archive, opening.parts, sheet);
  const hint = others.length === 0 ? '' : ` These have content: ${others.join(', ')}.`;
  throw workbookError('EMPTY_SHEET', place, `the sheet is empty.${hint}`);
}

function layOut({ sample, options, archive, sheet }: Opening, header: FoundHeader): ColumnLayout {
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
  throw workbookError(
    'NO_DATA_ROWS',
    place,
    `there are no rows below the header (row ${header.row.number}: ${names.join(', ')}).`,
  );
}

async function collectNotices(opening: Opening, header: FoundHeader, layout: ColumnLayout): Promise<readonly Notice[]> {
  const { archive, parts, sheet, sample, options } = opening;
  const found = new Set(header.row.cells.map((cell) => normalisedName(cellToText(cell))));
  const { worksheets } = parts.index;
  return createOpeningNotices({
    sheet,
    otherSheetsWithContent: options.sheet === undefined ? await findOtherSheetsWithContent(archive, parts, sheet) : [],
    // Our own sheet of drop-downs hides nothing from anybody.
    hiddenSheets: worksheets.filter(({ isHidden, name }) => isHidden && name !== 'Lists').map(({ name }) => name),
    headerRow: header.row.number,
    rowsAboveHeader: sample.top.filter(({ number }) => number < header.row.number).length,
    missedNames: header.isMatched
      ? []
      : (options.expectedColumns ?? []).filter((name) => !found.has(normalisedName(name))),
    layout,
    hiddenColumns: sample.hiddenColumns.flatMap(({ first, last }) => namesBetween(header, first, last)),
    skipHidden: options.skipHidden ?? false,
  });
}

/** The header texts of a span of columns; a span may run to the end of the sheet, past every name. */
function namesBetween(header: FoundHeader, first: number, last: number): readonly string[] {
  return header.row.cells
    .slice(first - 1, last)
    .map(cellToText)
    .filter((name) => name.trim() !== '');
}
