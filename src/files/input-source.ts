import type { Notice, RowSource } from '#pipelines/ports.js';
import type { GzipLimits } from './input-file.js';
import type { RowPosition } from './table/row-positions.js';
import type { ChosenEncoding } from './text/choose-encoding.js';
import type { LineEnds } from './text/line-ends.js';

/** The kinds of file that can be read. */
export type Format = RowSource['format'];

/** How to read a file; whatever is left out is detected. */
export interface OpenOptions {
  /** The name that errors and notices show, when the file was spooled from elsewhere. @default the path */
  readonly displayName?: string | undefined;
  /** A name that iconv-lite knows, or `auto`. @default 'auto' */
  readonly encoding?: string | undefined;
  /** The text between two cells, `tab`, or `auto`. @default 'auto' */
  readonly delimiter?: string | undefined;
  /** 1-based line (text file) or row (workbook) of the header. @default detected */
  readonly headerRow?: number | undefined;
  /** The sheet of a workbook. @default the first visible one */
  readonly sheet?: string | undefined;
  /** Columns that the mapping names: the header is the first row that holds at least 80 % of them. */
  readonly expectedColumns?: readonly string[] | undefined;
  /** Takes a quotation mark inside an unquoted cell as text instead of as damage. @default false */
  readonly lenientQuotes?: boolean | undefined;
  /** Leaves out hidden rows and columns of a workbook. @default false */
  readonly skipHidden?: boolean | undefined;
  /** Also reads the columns of a result file that this program added. @default false */
  readonly resultColumns?: boolean | undefined;
  /** What a gzip file may expand to. @default 16 GiB in all, 200 times its size */
  readonly gzipLimits?: GzipLimits | undefined;
  /** What an earlier reading told, by the same options; believed of the very same bytes only. */
  readonly scan?: FileScan | undefined;
}

/** What tells one input from another: of the bytes on disk, before decompression. */
export interface Fingerprint {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What only a whole reading of a file tells; it can be kept as JSON, so that the next reading need not be whole. */
export interface FileScan {
  readonly fingerprint: Fingerprint;
  /** Data rows. */
  readonly rows: number;
  /** What is remarkable about the file as a whole. */
  readonly notices: readonly Notice[];
  /** Absent for a workbook. */
  readonly text?: TextScan;
}

/** What its bytes make of a text. */
export interface TextScan {
  readonly encoding: ChosenEncoding;
  readonly lineEnds: LineEnds;
  readonly holdsNuls: boolean;
  /** Where rows begin: some of them, the first among them. */
  readonly places: readonly RowPosition[];
}

/** A row source that was read whole once already: its bytes are known to be readable text or a workbook. */
export interface InputSource extends RowSource {
  readonly fingerprint: Fingerprint;
  /** Names that several columns bear, as first spelled; a mapping that uses one is ambiguous. */
  readonly duplicateColumns: readonly string[];
  /** What the last reading told, once it has come to the end. */
  lastScan?(): FileScan | undefined;
}
