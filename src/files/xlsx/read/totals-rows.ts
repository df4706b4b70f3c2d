import { parseRange } from '#src/files/xlsx/cell-reference.js';
import type { Archive } from './archive.js';
import { readRelationships } from './workbook-index.js';
import { readIndexPart } from './xml-parser.js';

/** More tables on one sheet are no list of customers. */
const maxTables = 100;

/** The rows that the tables of a sheet declare as their totals. */
export async function readTotalsRows(archive: Archive, sheetPart: string): Promise<ReadonlySet<number>> {
  const rows = new Set<number>();
  const tables = (await readRelationships(archive, sheetPart)).filter(({ kind }) => kind === 'table');
  for (const { part } of tables.slice(0, maxTables)) {
    if (part === undefined || !archive.has(part)) continue;
    await readIndexPart(archive, part, {
      open(name, { ref, totalsRowCount }) {
        if (name !== 'table') return;
        const range = parseRange(ref?.value ?? '');
        const count = Math.min(Number(totalsRowCount?.value ?? 0), maxTables);
        for (let above = 0; range !== undefined && above < count; above += 1) rows.add(range.lastRow - above);
      },
    });
  }
  return rows;
}

const summing = /\b(?:SUM|SUBTOTAL|AGGREGATE|COUNTA?|AVERAGE)\(/;
const ofTable = /\b(?:SUBTOTAL|AGGREGATE)\(.*\[/;
const columnRange = /\$?([A-Z]{1,3})\$?\d+:\$?([A-Z]{1,3})\$?(\d+)/;

/** Whether a formula sums up or counts cells above it in its own column. */
export function sumsRowsAbove(formula: string, column: string, row: number): boolean {
  if (!summing.test(formula) || formula.includes('!')) return false;
  if (ofTable.test(formula)) return true;
  const [, first, last, lastRow] = columnRange.exec(formula) ?? [];
  return first === column && last === column && Number(lastRow) < row;
}
