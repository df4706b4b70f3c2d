import type { Issue } from '#pipelines/issue.js';
import type { Row } from '#pipelines/model.js';
import type { RowSource } from '#pipelines/ports.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import type { Dialect } from './csv/dialect.js';
import type { Fingerprint, GzipLimits } from './input-file.js';
import type { HeaderSearch, TableColumns } from './table/find-header.js';
import type { RowPosition } from './table/row-positions.js';
import type { ChosenEncoding } from './text/choose-encoding.js';
import type { LineEnds } from './text/line-ends.js';

/** The kinds of file that can be read. */
export type Format = RowSource['format'];

/** How to open a file. */
export interface OpenOptions extends ReadOptions, HeaderSearch {
  /** The name that errors and notices show, when the file was spooled from elsewhere. @default the path */
  readonly displayName?: string | undefined;
  /**
   * What the mapping says about its files, for what the other options leave open. It does not hold for result files of
   * this program, which have a header of their own in the first row.
   */
  readonly hints?: ReadOptions | undefined;
  /** Also reads the columns of a result file that this program added. @default false */
  readonly resultColumns?: boolean | undefined;
  /** What a gzip file may expand to. @default 16 GiB in all, 200 times its size */
  readonly gzipLimits?: GzipLimits | undefined;
  /** What an earlier process found with the same options; used only when the bytes are the same. */
  readonly scan?: FileScan | undefined;
  /**
   * Called when the columns are known; the function that it returns is given every row during the first reading. Called
   * again, with a fresh start, when the first reading shows that encoding or line ends were guessed wrongly.
   */
  readonly visitRows?: ((columns: SourceColumns) => RowVisitor) | undefined;
  /** Called for each reading of a file that has columns of ours, as a rejects file that comes back. */
  readonly adoptRows?: AdoptRows | undefined;
}

export type AdoptRows = (columns: SourceColumns) => RowAdopter;

/** Looks at rows of a file that this program wrote before anybody else does, and may correct them. */
export interface RowAdopter {
  adopt(rows: readonly Row[]): readonly Row[];
  /** What it has done, for the file as a whole; complete after the last row. */
  notices(): readonly Issue[];
}

/** What is known of a source before its rows. */
export type SourceColumns = Pick<InputSource, 'file' | 'format' | 'columns' | 'ownColumns' | 'sheetsWithColumns'>;

export type RowVisitor = (rows: readonly Row[]) => void;

/** What a reading of all rows of a file found. Kept as JSON, it makes a second scan of the same bytes unnecessary. */
export interface FileScan {
  readonly fingerprint: Fingerprint;
  /** Data rows. */
  readonly rows: number;
  /** What the user should know about the file as a whole. */
  readonly notices: readonly Issue[];
  /** Absent for a workbook. */
  readonly text?: TextScan;
}

/** What the bytes of a text file mean. */
export interface TextScan {
  readonly encoding: ChosenEncoding;
  readonly lineEnds: LineEnds;
  readonly holdsNuls: boolean;
  /** Absent in scans of older versions. */
  readonly isAscii?: boolean;
  readonly layout: CsvLayout | NdjsonLayout;
  /** Where rows begin: some of them, the first among them. */
  readonly positions: readonly RowPosition[];
}

/** How a CSV text becomes a table. */
export interface CsvLayout {
  readonly dialect: Dialect;
  /** 0 without a header. */
  readonly headerLine: number;
  /** Lines above the header that are customers. */
  readonly customersAbove?: readonly number[];
  readonly table: TableColumns;
}

export interface NdjsonLayout {
  readonly keys: readonly string[];
  /** Set for one JSON array instead of one object per line. */
  readonly isArray?: boolean;
}

/** A row source that can be told from any other. */
export interface InputSource extends RowSource {
  readonly fingerprint: Fingerprint;
  /** The row that a spreadsheet program shows for a row of a text by its line, as far as it has been read. */
  readonly sheetRowOf?: (line: number) => number;
  /** Other sheets of a workbook that have the expected columns; only where the sheet that is read has no such header. */
  readonly sheetsWithColumns?: readonly string[];
  /**
   * The encoding of a text that has characters beyond ASCII, and whether it was guessed after all of the text turned out
   * not to be UTF-8; absent for other inputs.
   */
  readonly textEncoding?: TextEncoding;
  /** Columns that this program added when it wrote the file; absent where they were not looked for, or there are none. */
  readonly ownColumns?: readonly string[];
}

export interface TextEncoding {
  readonly name: string;
  readonly isGuess: boolean;
}

/** A file whose first reading is done: its bytes are known to be readable text or a workbook. */
export interface FileSource extends InputSource {
  /** How it is read: the options and, where they were used, the hints. */
  readonly readOptions: ReadOptions;
  /** The first rows that are not empty, where the header was looked for; empty when an earlier scan was used. */
  readonly topRows: readonly TopRow[];
  /** What the first reading found; absent when its rows were not visited. */
  readonly scan?: FileScan | undefined;
}

/** A row above or at the top of a table. */
export interface TopRow {
  /** 1-based line (text file) or row (workbook). */
  readonly number: number;
  readonly cells: readonly string[];
}

/** A workbook as its reader gives it. */
export type WorkbookSource = Omit<FileSource, 'fingerprint' | 'readOptions' | 'scan'>;
