import { formatCount } from '#pipelines/format-count.js';
import type { Issue } from '#pipelines/issue.js';
import type { Row, RowSigns } from '#pipelines/model.js';
import type { WorkbookSource } from '#src/files/input-source.js';
import { createRowNotices } from '#src/files/table/row-notices.js';
import { columnLetters, parseRange } from '#src/files/xlsx/cell-reference.js';
import { type Archive, openArchive, type WorkbookFile } from './archive.js';

import type { ColumnLayout } from './columns.js';
import { createCellDecoder } from './decode-cell.js';
import { type FindMailLink, readMailLinks } from './mail-links.js';
import { readSheet } from './read-sheet.js';
import { type CollectedRow, RowCollector } from './row-collector.js';
import type { WorkbookParts } from './sample-sheet.js';
import { loadSharedStrings, type SharedStrings } from './shared-strings.js';
import { readTotalsRows } from './totals-rows.js';
import type { WorksheetEntry } from './workbook-index.js';

const maxNamesShown = 10;

/** What is known once the top of the sheet is read. */
interface OpeningFacts {
  readonly sheet: WorksheetEntry;
  readonly otherSheetsWithContent: readonly string[];
  readonly hiddenSheets: readonly string[];
  readonly headerRow: number;
  readonly rowsAbove: readonly Issue[];
  /** Expected names that the header lacks, when no row was recognised as the header. */
  readonly missedNames: readonly string[];
  readonly layout: ColumnLayout;
  readonly hiddenColumns: readonly string[];
  readonly skipHidden: boolean;
}

/** The issues that are known before the first row. */
export function createOpeningNotices(facts: OpeningFacts): Issue[] {
  const { layout, headerRow } = facts;
  const notices: Issue[] = [];
  const note = (when: boolean, notice: Issue) => {
    if (when) notices.push(notice);
  };
  note(facts.otherSheetsWithContent.length > 0, {
    severity: 'warning',
    code: 'OTHER_SHEETS',
    message: `Only the sheet “${facts.sheet.name}” is read. Other sheets have content too: ${quoteNames(facts.otherSheetsWithContent)}; choose one with --sheet.`,
  });
  note(facts.hiddenSheets.length > 0, {
    severity: 'warning',
    code: 'HIDDEN_SHEETS',
    message: `${formatCount(facts.hiddenSheets.length, 'hidden sheet')} in the workbook: ${quoteNames(facts.hiddenSheets)}.`,
  });
  notices.push(...facts.rowsAbove);
  note(facts.missedNames.length > 0, {
    severity: 'warning',
    code: 'HEADER_NOT_RECOGNISED',
    message: `No row has the columns that the mapping names, so row ${headerRow} is read as the header. Missing: ${quoteNames(facts.missedNames)}. Choose the row with --header-row.`,
    row: headerRow,
  });
  note(layout.duplicates.length > 0, {
    severity: 'warning',
    code: 'DUPLICATE_COLUMNS',
    message: `More than one column has the name ${quoteNames(layout.duplicates)}. The second one is called “${layout.duplicates[0]} (2)”, and so on.`,
    row: headerRow,
    columns: layout.duplicates,
  });
  note(layout.unnamed.length > 0, {
    severity: 'warning',
    code: 'UNNAMED_COLUMNS',
    message: `Columns with data but without a name in the header: ${quoteNames(layout.unnamed)}.`,
    row: headerRow,
    columns: layout.unnamed,
  });
  note(facts.hiddenColumns.length > 0, {
    severity: 'warning',
    code: 'HIDDEN_COLUMNS',
    message: `${formatCount(facts.hiddenColumns.length, 'hidden column')} ${describeHandling(facts.skipHidden)}: ${quoteNames(facts.hiddenColumns)}.`,
    columns: facts.hiddenColumns,
  });
  return notices;
}

/** What is counted while the rows are read. */
interface ReadingFacts {
  hiddenRows: number;
  firstHiddenRow: number;
  /** Merges that cover cells of the data. */
  mergedRanges: number;
  readonly firstMergedRanges: string[];
  rowsWithContentOutside: number;
  firstOutside: { row: number; column: string } | undefined;
  /** Numbers whose style the workbook does not have. */
  numbersWithoutStyle: number;
}

/** The issues that are known only after the last row. */
function createReadingNotices(facts: ReadingFacts, skipHidden: boolean): Issue[] {
  const notices: Issue[] = [];
  if (facts.hiddenRows > 0)
    notices.push({
      severity: 'warning',
      code: 'HIDDEN_ROWS',
      message: `${formatCount(facts.hiddenRows, 'hidden or filtered row')} ${describeHandling(skipHidden)}, the first at row ${facts.firstHiddenRow}.`,
      row: facts.firstHiddenRow,
    });
  if (facts.mergedRanges > 0)
    notices.push({
      severity: 'warning',
      code: 'MERGED_CELLS',
      message: `${formatCount(facts.mergedRanges, 'merged range')} in the data: ${facts.firstMergedRanges.join(', ')}${facts.mergedRanges > facts.firstMergedRanges.length ? ' …' : ''}. A spreadsheet program shows only the first cell of each; what the file has in the others, mostly nothing, is read.`,
    });
  if (facts.numbersWithoutStyle > 0)
    notices.push({
      severity: 'warning',
      code: 'NUMBER_FORMATS_MISSING',
      message: `The workbook lacks the number formats of ${formatCount(facts.numbersWithoutStyle, 'number')}: leading zeros are lost, and dates are numbers such as 45296. Open it in Excel or LibreOffice, save it again as .xlsx, and import that file.`,
    });
  if (facts.firstOutside !== undefined)
    notices.push({
      severity: 'warning',
      code: 'DATA_OUTSIDE_COLUMNS',
      message: `${formatCount(facts.rowsWithContentOutside, 'row')} with content in a column that has no name and was empty at the top of the sheet, the first in ${facts.firstOutside.column}${facts.firstOutside.row}. That content is not read: give the column a name in the header, or empty it.`,
      row: facts.firstOutside.row,
    });
  return notices;
}

function describeHandling(skipHidden: boolean): string {
  return skipHidden ? 'skipped' : 'read like the others';
}

function quoteNames(names: readonly string[]): string {
  const shown = names.slice(0, maxNamesShown).map((name) => `“${name}”`);
  return names.length > maxNamesShown
    ? `${shown.join(', ')} and ${names.length - maxNamesShown} more`
    : shown.join(', ');
}

const rowsPerBatch = 500;
const maxRangesShown = 5;

interface WorkbookSourceOptions {
  readonly file: WorkbookFile;
  /** The first rows that are not empty. */
  readonly topRows: WorkbookSource['topRows'];
  /** The archive as it was at opening; it may be closed. */
  readonly archive: Archive;
  readonly parts: WorkbookParts;
  readonly sheet: WorksheetEntry;
  readonly layout: ColumnLayout;
  readonly headerRow: number;
  /** Numbers of rows above the header that are customers. */
  readonly customersAbove: readonly number[];
  readonly skipHidden: boolean;
  readonly openingNotices: readonly Issue[];
}

/** The rows of one sheet below its header; every call of `batches` opens the file anew. */
export function createWorkbookSource(options: WorkbookSourceOptions): WorkbookSource {
  const { archive, sheet, layout, headerRow } = options;
  const notices: Issue[] = [...options.openingNotices];
  let links: Promise<FindMailLink | undefined> | undefined;
  const readLinks = (opened: Archive) => {
    links ??= readMailLinks(opened, sheet);
    return links;
  };
  return {
    file: archive.place.file,
    format: 'xlsx',
    columns: layout.names,
    detected: { format: 'xlsx', sheet: sheet.name, ...(headerRow > 0 && { headerRow }) },
    notices,
    topRows: options.topRows,
    async *batches() {
      const reading = new SheetReading(options, readLinks);
      yield* reading.batches();
      notices.splice(options.openingNotices.length, notices.length, ...reading.notices);
    },
  };
}

function buildSigns(isAfterGap: boolean, isTotals: boolean): RowSigns {
  return { ...(isAfterGap ? { isAfterGap } : {}), ...(isTotals ? { isTotals } : {}) };
}

/** One pass over the sheet. */
class SheetReading {
  readonly #options: WorkbookSourceOptions;
  readonly #readLinks: (archive: Archive) => Promise<FindMailLink | undefined>;
  #rows: Row[] = [];
  #index = 0;
  #totalsRows: ReadonlySet<number> = new Set();
  #lastNumber: number;
  readonly #rowNotices = createRowNotices();
  readonly #facts: ReadingFacts = {
    hiddenRows: 0,
    firstHiddenRow: 0,
    mergedRanges: 0,
    firstMergedRanges: [],
    rowsWithContentOutside: 0,
    firstOutside: undefined,
    numbersWithoutStyle: 0,
  };

  constructor(options: WorkbookSourceOptions, readLinks: (archive: Archive) => Promise<FindMailLink | undefined>) {
    this.#options = options;
    this.#readLinks = readLinks;
    this.#lastNumber = options.headerRow;
  }

  get notices(): readonly Issue[] {
    return [...createReadingNotices(this.#facts, this.#options.skipHidden), ...this.#rowNotices.notices()];
  }

  async *batches(): AsyncGenerator<readonly Row[]> {
    const { file, archive, sheet, parts } = this.#options;
    const reopened = await openArchive(file, archive.place, archive.limits, archive.version);
    let texts: SharedStrings | undefined;
    try {
      this.#totalsRows = await readTotalsRows(reopened, sheet.part);
      texts = await loadSharedStrings(reopened, parts.index.sharedStringsPart);
      const linkAt = await this.#readLinks(reopened);
      for await (const _ of readSheet(reopened, sheet, this.#collector(texts, linkAt)))
        while (this.#rows.length >= rowsPerBatch) yield this.#rows.splice(0, rowsPerBatch);
      if (this.#rows.length > 0) yield this.#rows;
    } finally {
      texts?.close();
      await reopened.close();
    }
  }

  #collector(texts: SharedStrings, linkAt: FindMailLink | undefined): RowCollector {
    const { archive, sheet, parts, layout } = this.#options;
    return new RowCollector({
      place: { ...archive.place, sheet: sheet.name },
      decode: createCellDecoder({
        formats: parts.formats,
        isDate1904: parts.index.isDate1904,
        sharedStringAt: (index) => texts.at(index),
        onUnknownStyle: () => {
          this.#facts.numbersWithoutStyle++;
        },
      }),
      linkAt,
      limits: archive.limits,
      slots: layout.slots,
      width: layout.names.length,
      onRow: (row) => this.#take(row),
      onMergedCells: (range) => this.#noteMerged(range),
    });
  }

  #take(row: CollectedRow): void {
    const { headerRow, customersAbove, skipHidden } = this.#options;
    if (row.number <= headerRow && !customersAbove.includes(row.number)) return;
    // A sheet leaves empty rows out: only a gap in the row numbers shows them.
    if (row.number > this.#lastNumber + 1) this.#rowNotices.emptyRow(true);
    this.#lastNumber = Math.max(row.number, headerRow);
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
    const isAfterGap = this.#rowNotices.dataRow(row.number, row.cells);
    const isTotals = this.#totalsRows.has(row.number);
    const plain = { index: this.#index++, number: row.number, cells: row.cells };
    const hasSigns = isAfterGap || isTotals || row.signs !== undefined;
    this.#rows.push(hasSigns ? { ...plain, signs: { ...row.signs, ...buildSigns(isAfterGap, isTotals) } } : plain);
  }

  #noteMerged(range: string): void {
    const { layout, headerRow } = this.#options;
    const cells = parseRange(range);
    if (cells === undefined || cells.lastRow <= headerRow) return;
    const isInData = layout.slots.some(
      (slot, column) => slot !== undefined && slot >= 0 && column >= cells.firstColumn && column <= cells.lastColumn,
    );
    if (!isInData) return;
    if (this.#facts.mergedRanges++ < maxRangesShown) this.#facts.firstMergedRanges.push(range);
  }
}
