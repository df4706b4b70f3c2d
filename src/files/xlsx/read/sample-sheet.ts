import { InputError } from '#src/errors.js';
import { headerSearchRows } from '#src/files/table/find-header.js';
import type { Archive } from './archive.js';
import { type CellContext, createCellDecoder } from './decode-cell.js';
import type { CellFormats } from './number-formats.js';
import { readSheet } from './read-sheet.js';
import { type CollectedRow, RowCollector } from './row-collector.js';
import { loadSharedStrings } from './shared-strings.js';
import type { WorkbookIndex, WorksheetEntry } from './workbook-index.js';

/** Enough rows to find the columns that have data. */
const maxSampledRows = 1000;

/** The top of a sheet. */
export interface SheetSample {
  /** The first rows with content, where the header may be. */
  readonly top: readonly CollectedRow[];
  /** How many rows with content follow, as far as the sample goes. */
  readonly rowsBelow: number;
  /** The columns, from 1, that have content in those rows. */
  readonly columnsBelow: ReadonlySet<number>;
  readonly hiddenColumns: readonly ColumnSpan[];
}

interface ColumnSpan {
  readonly first: number;
  readonly last: number;
}

interface SampleOptions {
  /** Rows above this number are skipped. */
  readonly fromRow: number;
  readonly skipHidden: boolean;
}

/** What all sheets of the workbook share. */
export interface WorkbookParts {
  readonly index: WorkbookIndex;
  readonly formats: CellFormats;
}

/**
 * Reads the top of a sheet. The shared strings are read only as far as these rows need them: the whole table of a
 * large workbook would double the time until the first row.
 */
export async function sampleSheet(
  archive: Archive,
  sheet: WorksheetEntry,
  parts: WorkbookParts,
  options: SampleOptions,
): Promise<SheetSample> {
  const wanted = new Set<number>();
  await readSample(archive, sheet, parts, options, (index) => {
    wanted.add(index);
    return placeholderText;
  });
  const texts = await loadSharedStrings(archive, parts.index.sharedStringsPart, wanted);
  return readSample(archive, sheet, parts, options, (index) => texts.at(index));
}

/** Stands for a shared string that has not been read yet. */
const placeholderText = '…';

async function readSample(
  archive: Archive,
  sheet: WorksheetEntry,
  { formats, index }: WorkbookParts,
  { fromRow, skipHidden }: SampleOptions,
  sharedTextAt: CellContext['sharedStringAt'],
): Promise<SheetSample> {
  const top: CollectedRow[] = [];
  const columnsBelow = new Set<number>();
  const hiddenColumns: ColumnSpan[] = [];
  let rowsBelow = 0;
  const collector = new RowCollector({
    place: { ...archive.place, sheet: sheet.name },
    decode: createCellDecoder({ formats, isDate1904: index.isDate1904, sharedStringAt: sharedTextAt }),
    limits: archive.limits,
    onHiddenColumns: (first, last) => hiddenColumns.push({ first, last }),
    onRow: (row) => {
      if (row.number < fromRow) return;
      if (top.length < headerSearchRows) top.push(row);
      else if (!(skipHidden && row.isHidden)) {
        rowsBelow++;
        for (const column of listFilledColumns(row)) columnsBelow.add(column);
      }
    },
  });
  for await (const _ of readSheet(archive, sheet, collector)) if (rowsBelow >= maxSampledRows) break;
  return { top, rowsBelow, columnsBelow, hiddenColumns };
}

/** The sheet columns, from 1, in which a row has content. */
export function listFilledColumns(row: CollectedRow): readonly number[] {
  return row.cells.flatMap((cell, at) => (cell === '' ? [] : [at + 1]));
}

const maxChunksChecked = 16;

/** Whether a sheet has content; a long run of empty styled rows counts as content, rather than being read whole. */
async function hasContent(archive: Archive, sheet: WorksheetEntry, { index }: WorkbookParts): Promise<boolean> {
  let rows = 0;
  const collector = new RowCollector({
    place: { ...archive.place, sheet: sheet.name },
    decode: createCellDecoder({ formats: [], isDate1904: index.isDate1904, sharedStringAt: () => placeholderText }),
    limits: archive.limits,
    onRow: () => rows++,
  });
  let steps = 0;
  for await (const _ of readSheet(archive, sheet, collector)) if (rows > 0 || ++steps > maxChunksChecked) return true;
  return rows > 0;
}

/** A workbook of more sheets than this is a report, and a list of them helps nobody. */
export const maxSheetsChecked = 50;

/** The names of the sheets, besides the one that is read, that have content. */
export async function findOtherSheetsWithContent(
  archive: Archive,
  parts: WorkbookParts,
  chosen: WorksheetEntry,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const sheet of parts.index.worksheets.slice(0, maxSheetsChecked))
    if (sheet !== chosen && (await hasContentOrError(archive, sheet, parts))) names.push(sheet.name);
  return names;
}

/** The first rows of another sheet than the one that is read; none when it cannot be read. */
export async function sampleTop(
  archive: Archive,
  sheet: WorksheetEntry,
  parts: WorkbookParts,
): Promise<readonly CollectedRow[]> {
  try {
    return (await sampleSheet(archive, sheet, parts, { fromRow: 1, skipHidden: false })).top;
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

/** A fault in a sheet that nobody asked for must not stop the import of another. */
async function hasContentOrError(archive: Archive, sheet: WorksheetEntry, parts: WorkbookParts): Promise<boolean> {
  try {
    return await hasContent(archive, sheet, parts);
  } catch (error) {
    if (error instanceof InputError) return true;
    throw error;
  }
}
