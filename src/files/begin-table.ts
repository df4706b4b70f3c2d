import { extname } from 'node:path';
import { UsageError } from '#src/errors.js';
import type { CsvStyle, SheetStyle, TableColumn, TableSink } from './table.js';

/** How a table is written; what another format asks for is ignored. */
export interface TableOptions {
  /** @default what the name of the file asks for, else CSV */
  readonly format?: TableFormat;
  /** @default commas, `\n`, no byte order mark, formulas as they are */
  readonly csv?: Partial<CsvStyle>;
  /** @default nothing but the header is frozen */
  readonly sheet: Partial<SheetStyle> & Pick<SheetStyle, 'name'>;
}

type Begin = (path: string, columns: readonly TableColumn[], options: TableOptions) => Promise<TableSink>;

/** The writers are loaded when there is something to write: exceljs alone takes a fifth of a second. */
const formats = {
  csv: {
    extensions: ['.csv', '.txt'],
    begin: async (path, columns, { csv }) => (await import('./csv/write-csv.js')).beginCsv(path, columns, csv),
  },
  xlsx: {
    extensions: ['.xlsx'],
    begin: async (path, columns, { sheet }) =>
      (await import('./xlsx/write/workbook-sink.js')).beginWorkbook(path, columns, sheet),
  },
  ndjson: {
    extensions: ['.ndjson', '.jsonl'],
    begin: async (path, columns) => (await import('./ndjson/write-ndjson.js')).beginNdjson(path, columns),
  },
} as const satisfies Record<string, { readonly extensions: readonly string[]; readonly begin: Begin }>;

/** A format that tables can be written in. */
export type TableFormat = keyof typeof formats;

const tableFormats = Object.keys(formats) as readonly TableFormat[];

/**
 * Begins to write a table to a file.
 *
 * @throws UsageError `CANNOT_WRITE`
 */
export function beginTable(path: string, columns: readonly TableColumn[], options: TableOptions): Promise<TableSink> {
  const format = options.format ?? findFormat(path) ?? 'csv';
  return formats[format].begin(path, columns, options);
}

/** The format that a file's name asks for. @throws UsageError `FORMAT_UNKNOWN` */
export function formatFromName(file: string): TableFormat {
  const format = findFormat(file);
  if (format !== undefined) return format;
  const extension = extname(file).toLowerCase();
  throw new UsageError(
    extension === '' || file === '-'
      ? `${file === '-' ? 'Standard output' : file} has no extension that says which format to write.`
      : `${file} ends in ${extension}, which is not a format that can be written.`,
    { code: 'FORMAT_UNKNOWN', nextStep: `Add --format ${tableFormats.join('|')}, or choose a name that ends so.` },
  );
}

function findFormat(file: string): TableFormat | undefined {
  const extension = extname(file).toLowerCase();
  return tableFormats.find((format) => (formats[format].extensions as readonly string[]).includes(extension));
}
