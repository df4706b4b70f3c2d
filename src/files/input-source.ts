import type { RowSource } from '../../pipelines/ports.js';
import type { GzipLimits } from './gunzip.js';

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
}

/** What tells one input from another: of the bytes on disk, before decompression. */
export interface Fingerprint {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A row source that was read whole once already: its bytes are known to be readable text or a workbook. */
export interface InputSource extends RowSource {
  readonly fingerprint: Fingerprint;
  /** Names that several columns bear, as first spelled; a mapping that uses one is ambiguous. */
  readonly duplicateColumns: readonly string[];
}
