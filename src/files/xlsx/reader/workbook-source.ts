import type { Notice } from '#pipelines/ports.js';
import type { Row } from '#pipelines/row.js';
import type { InputSource } from '#src/files/input-source.js';
import { createRowWatch } from '#src/files/table/row-watch.js';
import { type Archive, openArchive } from './archive.js';
import { columnLetters, parseRange } from './cell-reference.js';
import { makeCellDecoder } from './decode-cell.js';
import type { ColumnLayout } from './lay-out-columns.js';
import { type ReadingFacts, readingNotices } from './notices.js';
import { readSheet } from './read-sheet.js';
import { type CollectedRow, RowCollector } from './row-collector.js';
import type { WorkbookParts } from './sample-sheet.js';
import { loadSharedTexts, type SharedTexts } from './shared-texts.js';
import type { WorksheetEntry } from './workbook-part.js';

const rowsPerBatch = 500;
const rangesShown = 5;

export interface WorkbookSourceOptions {
  readonly path: string;
  /** The archive as it was at opening; it may be closed. */
  readonly archive: Archive;
  readonly parts: WorkbookParts;
  readonly sheet: WorksheetEntry;
  readonly layout: ColumnLayout;
  readonly headerRow: number;
  readonly skipHidden: boolean;
  readonly openingNotices: readonly Notice[];
  readonly fingerprint: InputSource['fingerprint'];
}

/** The rows of one sheet below its header; every call of `batches` opens the file anew. */
export function makeWorkbookSource(options: WorkbookSourceOptions): InputSource {
  const { archive, sheet, layout, headerRow } = options;
  const notices: Notice[] = [...options.openingNotices];
  return {
    file: archive.place.file,
    format: 'xlsx',
    columns: layout.names,
    detected: { format: 'xlsx', sheet: sheet.name, headerRow },
    notices,
    duplicateColumns: layout.duplicates,
    fingerprint: options.fingerprint,
    async *batches() {
      const reading = new SheetReading(options);
      yield* reading.batches();
      notices.splice(options.openingNotices.length, notices.length, ...reading.notices);
    },
  };
}

/** One pass over the sheet. */
class SheetReading {
  readonly #options: WorkbookSourceOptions;
  #rows: Row[] = [];
  #index = 0;
  #lastNumber: number;
  readonly #watch = createRowWatch();
  readonly #facts: ReadingFacts = {
    hiddenRows: 0,
    firstHiddenRow: 0,
    mergedRanges: 0,
    firstMergedRanges: [],
    rowsWithContentOutside: 0,
    firstOutside: undefined,
  };

  constructor(options: WorkbookSourceOptions) {
    this.#options = options;
    this.#lastNumber = options.headerRow;
  }

  get notices(): readonly Notice[] {
    return [...readingNotices(this.#facts, this.#options.skipHidden), ...this.#watch.notices()];
  }

  async *batches(): AsyncGenerator<readonly Row[]> {
    const { path, archive, sheet, parts } = this.#options;
    const reopened = await openArchive(path, archive.place, archive.limits, archive.version);
    let texts: SharedTexts | undefined;
    try {
      texts = await loadSharedTexts(reopened, parts.index.sharedTextsPart);
      for await (const _ of readSheet(reopened, sheet, this.#collector(texts)))
        while (this.#rows.length >= rowsPerBatch) yield this.#rows.splice(0, rowsPerBatch);
      if (this.#rows.length > 0) yield this.#rows;
    } finally {
      texts?.close();
      await reopened.close();
    }
  }

  #collector(texts: SharedTexts): RowCollector {
    const { archive, sheet, parts, layout } = this.#options;
    return new RowCollector({
      place: { ...archive.place, sheet: sheet.name },
      decode: makeCellDecoder({
        formats: parts.formats,
        isDate1904: parts.index.isDate1904,
        sharedTextAt: (index) => texts.at(index),
      }),
      maxCellCharacters: archive.limits.maxCellCharacters,
      slots: layout.slots,
      width: layout.names.length,
      onRow: (row) => this.#take(row),
      onMergedCells: (range) => this.#noteMerged(range),
    });
  }

  #take(row: CollectedRow): void {
    const { headerRow, skipHidden } = this.#options;
    if (row.number <= headerRow) return;
    // The sheet leaves empty rows out, so that a gap in its numbers is all that tells of them.
    if (row.number > this.#lastNumber + 1) this.#watch.emptyRow(true);
    this.#lastNumber = row.number;
    if (row.isHidden) {
      this.#facts.firstHiddenRow ||= row.number;
      this.#facts.hiddenRows++;
      if (skipHidden) return;
    }
    if (row.outsideColumn > 0) {
      this.#facts.rowsWithContentOutside++;
      this.#facts.firstOutside ??= { row: row.number, column: columnLetters(row.outsideColumn) };
    }
    if (row.cells.length === 0) return;
    this.#rows.push({ index: this.#index++, number: row.number, cells: row.cells });
    this.#watch.dataRow(row.number, row.cells);
  }

  #noteMerged(range: string): void {
    const { layout, headerRow } = this.#options;
    const cells = parseRange(range);
    if (cells === undefined || cells.lastRow <= headerRow) return;
    const isInData = layout.slots.some(
      (slot, column) => slot !== undefined && slot >= 0 && column >= cells.firstColumn && column <= cells.lastColumn,
    );
    if (!isInData) return;
    if (this.#facts.mergedRanges++ < rangesShown) this.#facts.firstMergedRanges.push(range);
  }
}
