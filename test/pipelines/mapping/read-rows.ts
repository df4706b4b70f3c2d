import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import type { Row } from '#pipelines/model.js';

/** The header and rows of a CSV file, read with a bare parser: the project's own reader is tested elsewhere. */
export function readRows(path: string): { readonly columns: readonly string[]; readonly rows: readonly Row[] } {
  const [columns = [], ...records]: string[][] = parse(readFileSync(path), { bom: true });
  return { columns, rows: records.map((cells, index) => ({ index, number: index + 2, cells })) };
}
