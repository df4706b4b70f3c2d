import { extname } from 'node:path';
import type { ExportColumn } from '#pipelines/mapping/export-columns.js';
import { UsageError } from '#src/errors.js';
import { beginExportCsv, type ExportCsvStyle } from './csv/write-csv.js';
import { beginExportNdjson } from './ndjson/write-ndjson.js';
import type { ExportTable } from './table.js';

/** How a table is written, as far as its format asks for it. */
export interface ExportStyle extends ExportCsvStyle {
  /** Of a workbook's sheet. */
  readonly sheetName: string;
}

type Begin = (path: string, columns: readonly ExportColumn[], style: ExportStyle) => Promise<ExportTable>;

/** Every format that can be exported. */
const formats = {
  csv: { extensions: ['.csv', '.txt'], begin: beginExportCsv },
  xlsx: { extensions: ['.xlsx'], begin: beginWorkbook },
  ndjson: { extensions: ['.ndjson', '.jsonl'], begin: beginExportNdjson },
} as const satisfies Record<string, { readonly extensions: readonly string[]; readonly begin: Begin }>;

export type TableFormat = keyof typeof formats;

const exportFormats = Object.keys(formats) as readonly TableFormat[];

/** The format that a file's name asks for. @throws UsageError when it asks for none that is known */
export function formatFromName(file: string): TableFormat {
  const extension = extname(file).toLowerCase();
  const found = exportFormats.find((format) => (formats[format].extensions as readonly string[]).includes(extension));
  if (found !== undefined) return found;
  throw new UsageError(
    extension === '' || file === '-'
      ? `${file === '-' ? 'Standard output' : file} has no ending that says which format to write.`
      : `${file} ends in ${extension}, which is no format that can be written.`,
    { code: 'FORMAT_UNKNOWN', nextStep: `Add --format ${exportFormats.join('|')}, or choose a name that ends so.` },
  );
}

/** Begins a file of customers. @throws UsageError when it cannot be written */
export function beginExportTable(
  format: TableFormat,
  path: string,
  columns: readonly ExportColumn[],
  style: ExportStyle,
): Promise<ExportTable> {
  return formats[format].begin(path, columns, style);
}

async function beginWorkbook(path: string, columns: readonly ExportColumn[], style: ExportStyle): Promise<ExportTable> {
  // Loaded when needed: the library for workbooks takes time to start.
  const { beginExportWorkbook } = await import('./xlsx/write/export-workbook.js');
  return beginExportWorkbook(path, columns, style);
}
