import type { ExportColumn } from '#pipelines/mapping/export-columns.js';
import type { Cell } from '#pipelines/model.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { type ExportTable, finishFile } from '#src/files/table.js';

/**
 * Begins a file of one JSON object per customer, with the columns as its keys and null for a blank.
 *
 * @throws UsageError when it cannot be written
 */
export async function beginExportNdjson(path: string, columns: readonly ExportColumn[]): Promise<ExportTable> {
  const file = await beginAtomicFile(path);
  const keys = columns.map(({ name }, column) => `${column === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  const toLine = (cells: readonly Cell[]) =>
    `${keys.map((key, column) => key + jsonOf(cells[column] ?? '')).join('')}}\n`;
  return {
    write: (rows) => file.handle.appendFile(rows.map(toLine).join('')),
    finish: () => finishFile(file),
    remarks: () => [],
    discard: () => file.discard(),
  };
}

function jsonOf(cell: Cell): string {
  if (cell === '') return 'null';
  if (typeof cell === 'string') return JSON.stringify(cell);
  return cell.kind === 'number' || cell.kind === 'boolean' ? JSON.stringify(cell.value) : JSON.stringify(cell.text);
}
