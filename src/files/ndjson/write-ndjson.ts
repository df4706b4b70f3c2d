import type { Cell } from '#pipelines/model.js';
import { beginAtomicFile, finishFile } from '#src/files/atomic-file.js';
import type { FileRights } from '#src/files/file-rights.js';
import type { TableColumn, TableSink } from '#src/files/table.js';

/**
 * Begins a file of one JSON object per row, with the columns as its keys and null for a blank. Cells of a row that is
 * longer than the header get the number of their column as the key.
 *
 * @throws UsageError `CANNOT_WRITE`
 */
export async function beginNdjson(
  path: string,
  columns: readonly TableColumn[],
  rights?: FileRights,
): Promise<TableSink> {
  const file = await beginAtomicFile(path, rights);
  const keys = columns.map(({ name }) => JSON.stringify(name));
  const toLine = (cells: readonly Cell[]) =>
    `{${cells.map((cell, column) => `${keys[column] ?? `"Column ${column + 1}"`}:${toJson(cell)}`).join(',')}}\n`;
  return {
    // Unlike `write`, `appendFile` goes on until every byte is written or the disk says why not.
    write: (rows) => file.handle.appendFile(rows.map(({ cells }) => toLine(cells)).join('')),
    end: () => finishFile(file),
    notices: () => [],
    discard: () => file.discard(),
  };
}

function toJson(cell: Cell): string {
  if (cell === '') return 'null';
  if (typeof cell === 'string') return JSON.stringify(cell);
  return cell.kind === 'number' || cell.kind === 'boolean' ? JSON.stringify(cell.value) : JSON.stringify(cell.text);
}
