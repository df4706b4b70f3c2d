import { extname } from 'node:path';
import { UsageError } from '#src/errors.js';
import type { FileRights } from './file-rights.js';
import type { CsvStyle, SheetStyle, TableColumn, TableSink } from './table.js';

/** How a table is written; what another format asks for is ignored. */
export interface TableOptions {
  /** @default what the name of the file asks for, else CSV */
  readonly format?: TableFormat;
  /** @default commas, `\n`, no byte order mark, formulas as they are */
  readonly csv?: Partial<CsvStyle>;
  /** @default nothing but the header is frozen */
  readonly sheet: Partial<SheetStyle> & Pick<SheetStyle, 'name'>;
  /** @default those of the system */
  readonly rights?: FileRights | undefined;
}

type Begin = (path: string, columns: readonly TableColumn[], options: TableOptions) => Promise<TableSink>;

interface FormatEntry {
  /** Endings of file names; the first one stands for the format in help and messages. */
  readonly extensions: readonly [string, ...string[]];
  /** Its cells have types, so that dates and numbers are not texts, and no text is a formula. */
  readonly isWorkbook: boolean;
  readonly begin: Begin;
}

/**
 * The formats that tables are written in. Command line, jobs, their JSON Schema, messages and the contract test read this
 * table. The writers are loaded when there is something to write: exceljs alone takes a fifth of a second.
 */
export const tableFormats = {
  csv: {
    extensions: ['.csv', '.txt'],
    isWorkbook: false,
    begin: async (path, columns, { csv, rights }) =>
      (await import('./csv/write-csv.js')).beginCsv(path, columns, csv, rights),
  },
  xlsx: {
    extensions: ['.xlsx'],
    isWorkbook: true,
    begin: async (path, columns, { sheet, rights }) =>
      (await import('./xlsx/write/workbook-sink.js')).beginWorkbook(path, columns, sheet, { rights }),
  },
  ndjson: {
    extensions: ['.ndjson', '.jsonl'],
    isWorkbook: false,
    begin: async (path, columns, { rights }) =>
      (await import('./ndjson/write-ndjson.js')).beginNdjson(path, columns, rights),
  },
} as const satisfies Record<string, FormatEntry>;

/** A format that tables can be written in. */
export type TableFormat = keyof typeof tableFormats;

/** The names of {@link tableFormats}, in the order in which help and messages list them. */
export const tableFormatNames = Object.keys(tableFormats) as readonly TableFormat[];

/** The ending of each format, for a sentence: `.csv, .xlsx or .ndjson`. */
export const tableEndings = joinWithOr(tableFormatNames.map((format) => tableFormats[format].extensions[0]));

/**
 * Begins to write a table to a file.
 *
 * @throws UsageError `CANNOT_WRITE`
 */
export function beginTable(path: string, columns: readonly TableColumn[], options: TableOptions): Promise<TableSink> {
  const format = options.format ?? findFormat(path) ?? 'csv';
  return tableFormats[format].begin(path, columns, options);
}

/** The format that a file's name asks for. @throws UsageError `FORMAT_UNKNOWN` */
export function formatFromName(file: string): TableFormat {
  const format = findFormat(file);
  if (format !== undefined) return format;
  const extension = extname(file).toLowerCase();
  throw new UsageError(
    extension === '' || file === '-'
      ? `${file === '-' ? 'Standard output' : file} has no extension that says which format to write.`
      : `${file} ends in ${extension}, which is not a supported output format.`,
    {
      code: 'FORMAT_UNKNOWN',
      nextStep: `Add --format ${tableFormatNames.join('|')}, or choose a name that ends in ${tableEndings}.`,
    },
  );
}

function findFormat(file: string): TableFormat | undefined {
  const extension = extname(file).toLowerCase();
  return tableFormatNames.find((format) => (tableFormats[format].extensions as readonly string[]).includes(extension));
}

function joinWithOr(texts: readonly string[]): string {
  return `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`;
}
