import type { Issue } from '#pipelines/issue.js';
import type { ColumnContent } from '#pipelines/mapping/export-columns.js';
import type { Cell } from '#pipelines/model.js';
import type { FinishedFile } from './atomic-file.js';

/** A column of a written table. */
export interface TableColumn {
  readonly name: string;
  /** How a workbook formats the column. @default each cell has its own format, and texts have none */
  readonly content?: ColumnContent;
  /** In characters, for a workbook. @default measured by the first rows */
  readonly width?: number;
  /** Offered as a drop-down in a workbook. */
  readonly choices?: CellChoices;
}

/** The values that the cells of a column may have. */
export interface CellChoices {
  readonly texts: readonly string[];
  /** Nothing else can be typed. */
  readonly isStrict: boolean;
  /** Shown beside a cell that is selected. @default the cells come from a mapping, and an error says so */
  readonly hint?: string;
}

/** A comment on one cell, which a workbook also colours. */
export interface CellMark {
  /** From 0. */
  readonly column: number;
  readonly note: string;
}

/** How a row ended, shown as a colour where the format has colours. */
export type RowTone = 'good' | 'same' | 'fix' | 'wait';

export interface TableRow {
  /** At least as many as the table has columns; blank cells are `''`. */
  readonly cells: readonly Cell[];
  /** Colours the cell in {@link SheetStyle.toneColumn}. */
  readonly tone?: RowTone;
  readonly marks?: readonly CellMark[];
}

/** A line that describes the table: what it is, where it comes from. */
export type AboutLine = readonly [name: string, value: string | number];

/**
 * Where a table of texts and typed cells goes, in any format: results, rejects, plans, the crosswalk and exports. The
 * file appears under its name only when it is published.
 */
export interface TableSink {
  /** Writes the next rows; resolves when more may come. */
  write(rows: readonly TableRow[]): Promise<void>;
  /**
   * Writes the end of the table and closes the file.
   *
   * @param about - lines for the sheet "About" of a workbook; other formats leave them out. @default no such sheet
   */
  end(about?: readonly AboutLine[]): Promise<FinishedFile>;
  /** What the format could not hold as it was; complete after {@link end}. */
  notices(): readonly Issue[];
  /** Removes what was written. Does nothing once the file is published. */
  discard(): Promise<void>;
}

/** How a CSV file is written. */
export interface CsvStyle {
  readonly delimiter: string;
  readonly lineEnd: '\n' | '\r\n';
  /** A byte order mark: Excel needs it to recognise UTF-8, other programs stumble over it. */
  readonly bom: boolean;
  /** Whether texts that a spreadsheet program would take for formulas are escaped. */
  readonly formulas: 'escape' | 'raw';
}

/** How a workbook looks. */
export interface SheetStyle {
  readonly name: string;
  /** Columns from the left that stay in view. */
  readonly frozenColumns: number;
  /** The column, from 0, that takes the colour of a row's tone. */
  readonly toneColumn?: number;
  /** On paper: landscape, all columns on one page. */
  readonly fitsPage: boolean;
}
