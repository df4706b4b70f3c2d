import { escapeFormula } from '#pipelines/formula-text.js';
import type { ExportColumn } from '#pipelines/mapping/export-column.js';
import type { Cell } from '#pipelines/row.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import type { ExportTable } from '#src/files/export/export-table.js';
import { finishedFile } from '#src/files/export/finished-file.js';
import { rowsToText } from './rows-to-text.js';

/** What happens to texts that a spreadsheet program would take for formulas. */
export const formulaPolicies = ['escape', 'raw'] as const;

export interface ExportCsvStyle {
  readonly delimiter: string;
  /** Excel needs it to see UTF-8; scripts stumble over it. */
  readonly bom: boolean;
  readonly formulas: (typeof formulaPolicies)[number];
}

/** Begins a CSV file of customers in UTF-8. @throws UsageError when it cannot be written */
export async function beginExportCsv(
  path: string,
  columns: readonly ExportColumn[],
  { delimiter, bom, formulas }: ExportCsvStyle,
): Promise<ExportTable> {
  const file = await beginAtomicFile(path);
  const toText = rowsToText({
    delimiter,
    record_delimiter: '\n',
    // Naming a record delimiter switches this off otherwise, and a text with a line break would split its row.
    quote_record_delimiter: true,
    // Programs that end a row at a carriage return, too, must not do so inside a text.
    quoted_match: /\r/,
    quoted_empty: columns.length === 1,
  });
  const textOf = formulas === 'raw' ? rawText : safeText;
  // Unlike `write`, it goes on until every byte is taken or the disk says why not.
  const write = (text: string) => file.handle.appendFile(text);
  await write((bom ? '\uFEFF' : '') + toText([columns.map(({ name }) => name)]));
  return {
    write: (rows) => write(toText(rows.map((cells) => cells.map(textOf)))),
    finish: () => finishedFile(file),
    remarks: () => [],
    discard: () => file.discard(),
  };
}

/** Numbers, dates, yes and no are what they look like; only text can pose as a formula. */
function safeText(cell: Cell): string {
  return typeof cell === 'string' ? escapeFormula(cell) : cell.text;
}

function rawText(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}
