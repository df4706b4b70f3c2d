import type { Notice } from '#pipelines/ports.js';
import type { ColumnLayout } from './lay-out-columns.js';
import type { WorksheetEntry } from './workbook-part.js';

const namesShown = 10;

/** What a look at the workbook and the top of the sheet tells. */
export interface OpeningFacts {
  readonly sheet: WorksheetEntry;
  readonly otherSheetsWithContent: readonly string[];
  readonly hiddenSheets: readonly string[];
  readonly headerRow: number;
  readonly rowsAboveHeader: number;
  /** Expected names that the header lacks, when it was taken for want of a better one. */
  readonly missedNames: readonly string[];
  readonly layout: ColumnLayout;
  readonly hiddenColumns: readonly string[];
  readonly skipHidden: boolean;
}

/** The remarks that are known before the first row. */
export function openingNotices(facts: OpeningFacts): Notice[] {
  const { layout, headerRow } = facts;
  const notices: Notice[] = [];
  const note = (when: boolean, notice: Notice) => {
    if (when) notices.push(notice);
  };
  note(facts.otherSheetsWithContent.length > 0, {
    code: 'OTHER_SHEETS',
    message: `Only the sheet “${facts.sheet.name}” is read. Other sheets have content too: ${quoted(facts.otherSheetsWithContent)}; choose one with --sheet.`,
  });
  note(facts.hiddenSheets.length > 0, {
    code: 'HIDDEN_SHEETS',
    message: `${counted(facts.hiddenSheets.length, 'hidden sheet')} in the workbook: ${quoted(facts.hiddenSheets)}.`,
  });
  note(facts.rowsAboveHeader > 0, {
    code: 'ROWS_ABOVE_HEADER',
    message: `${counted(facts.rowsAboveHeader, 'row')} with content above the header (row ${headerRow}) not read.`,
    row: headerRow,
  });
  note(facts.missedNames.length > 0, {
    code: 'HEADER_NOT_RECOGNISED',
    message: `No row has the columns that the mapping names; row ${headerRow} was taken as the header. Missing: ${quoted(facts.missedNames)}. Choose the row with --header-row.`,
    row: headerRow,
  });
  note(layout.duplicates.length > 0, {
    code: 'DUPLICATE_COLUMNS',
    message: `These names head more than one column: ${quoted(layout.duplicates)}. The second one is called “${layout.duplicates[0]} (2)”, and so on.`,
    row: headerRow,
    columns: layout.duplicates,
  });
  note(layout.unnamed.length > 0, {
    code: 'UNNAMED_COLUMNS',
    message: `Columns with data but without a name in the header: ${quoted(layout.unnamed)}.`,
    row: headerRow,
    columns: layout.unnamed,
  });
  note(facts.hiddenColumns.length > 0, {
    code: 'HIDDEN_COLUMNS',
    message: `${counted(facts.hiddenColumns.length, 'hidden column')} ${readOrNot(facts.skipHidden)}: ${quoted(facts.hiddenColumns)}.`,
    columns: facts.hiddenColumns,
  });
  return notices;
}

/** What is counted while the rows go by. */
export interface ReadingFacts {
  hiddenRows: number;
  firstHiddenRow: number;
  /** Merges that cover cells of the data. */
  mergedRanges: number;
  readonly firstMergedRanges: string[];
  rowsWithContentOutside: number;
  firstOutside: { row: number; column: string } | undefined;
}

/** The remarks that are known only after the last row. */
export function readingNotices(facts: ReadingFacts, skipHidden: boolean): Notice[] {
  const notices: Notice[] = [];
  if (facts.hiddenRows > 0)
    notices.push({
      code: 'HIDDEN_ROWS',
      message: `${counted(facts.hiddenRows, 'hidden or filtered row')} ${readOrNot(skipHidden)}, the first at row ${facts.firstHiddenRow}.`,
      row: facts.firstHiddenRow,
    });
  if (facts.mergedRanges > 0)
    notices.push({
      code: 'MERGED_CELLS',
      message: `${counted(facts.mergedRanges, 'merged range')} in the data: ${facts.firstMergedRanges.join(', ')}${facts.mergedRanges > facts.firstMergedRanges.length ? ' …' : ''}. Only the first cell of each has a value; the others are empty.`,
    });
  if (facts.firstOutside !== undefined)
    notices.push({
      code: 'DATA_OUTSIDE_COLUMNS',
      message: `${counted(facts.rowsWithContentOutside, 'row')} with content in a column that has no name and was empty at the top of the sheet, the first in ${facts.firstOutside.column}${facts.firstOutside.row}. That content is not read: give the column a name in the header, or empty it.`,
      row: facts.firstOutside.row,
    });
  return notices;
}

function readOrNot(skipHidden: boolean): string {
  return skipHidden ? 'left out' : 'read like the others';
}

function quoted(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).map((name) => `“${name}”`);
  return names.length > namesShown ? `${shown.join(', ')} and ${names.length - namesShown} more` : shown.join(', ');
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
