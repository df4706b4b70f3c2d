import type { Archive } from './archive.js';
import { type CellContext, makeCellDecoder } from './decode-cell.js';
import { headerSearchRows } from './find-header.js';
import { readSheet } from './read-sheet.js';
import { type CollectedRow, RowCollector } from './row-collector.js';
import { loadSharedTexts } from './shared-texts.js';
import type { CellFormats } from './styles-part.js';
import type { WorkbookIndex, WorksheetEntry } from './workbook-part.js';

/** Enough rows to see which columns have data at all. */
const sampledRows = 1000;

/** What the top of a sheet shows. */
export interface SheetSample {
  /** The first rows with content, where the header may be. */
  readonly top: readonly CollectedRow[];
  /** How many rows with content follow, as far as was looked. */
  readonly rowsBelow: number;
  /** The columns (from 1) that have content in those. */
  readonly columnsBelow: ReadonlySet<number>;
  readonly hiddenColumns: readonly ColumnSpan[];
}

interface ColumnSpan {
  readonly first: number;
  readonly last: number;
}

export interface SampleOptions {
  /** Rows above this number are passed over. */
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
  await sampleWith(archive, sheet, parts, options, (index) => {
    wanted.add(index);
    return unknownText;
  });
  const texts = await loadSharedTexts(archive, parts.index.sharedTextsPart, wanted);
  return sampleWith(archive, sheet, parts, options, (index) => texts.at(index));
}

/** Stands for a text that is not known yet, but is there. */
const unknownText = '…';

async function sampleWith(
  archive: Archive,
  sheet: WorksheetEntry,
  { formats, index }: WorkbookParts,
  { fromRow, skipHidden }: SampleOptions,
  sharedTextAt: CellContext['sharedTextAt'],
): Promise<SheetSample> {
  const top: CollectedRow[] = [];
  const columnsBelow = new Set<number>();
  const hiddenColumns: ColumnSpan[] = [];
  let rowsBelow = 0;
  const collector = new RowCollector({
    place: { ...archive.place, sheet: sheet.name },
    decode: makeCellDecoder({ formats, isDate1904: index.isDate1904, sharedTextAt }),
    maxCellCharacters: archive.limits.maxCellCharacters,
    onHiddenColumns: (first, last) => hiddenColumns.push({ first, last }),
    onRow: (row) => {
      if (row.number < fromRow) return;
      if (top.length < headerSearchRows) top.push(row);
      else if (!(skipHidden && row.isHidden)) {
        rowsBelow++;
        for (const column of columnsOf(row)) columnsBelow.add(column);
      }
    },
  });
  for await (const _ of readSheet(archive, sheet, collector)) if (rowsBelow >= sampledRows) break;
  return { top, rowsBelow, columnsBelow, hiddenColumns };
}

/** The sheet columns, from 1, in which a row has content. */
export function columnsOf(row: CollectedRow): readonly number[] {
  return row.cells.flatMap((cell, at) => (cell === '' ? [] : [at + 1]));
}

const lookedAtSteps = 16;

/** Whether a sheet has content; a long run of empty styled rows counts as content, rather than being read whole. */
export async function hasContent(archive: Archive, sheet: WorksheetEntry, { index }: WorkbookParts): Promise<boolean> {
  let rows = 0;
  const collector = new RowCollector({
    place: { ...archive.place, sheet: sheet.name },
    decode: makeCellDecoder({ formats: [], isDate1904: index.isDate1904, sharedTextAt: () => unknownText }),
    maxCellCharacters: archive.limits.maxCellCharacters,
    onRow: () => rows++,
  });
  let steps = 0;
  for await (const _ of readSheet(archive, sheet, collector)) if (rows > 0 || ++steps > lookedAtSteps) return true;
  return rows > 0;
}
