import { createRequire } from 'node:module';
import type Table from 'cli-table3';
import { showLine } from '#pipelines/visible-text.js';

const require = createRequire(import.meta.url);

/** A table in lines for a terminal. Its library is loaded when there is one to draw: most commands draw none. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const PlainTable = require('cli-table3') as typeof Table;
  const table = new PlainTable({ head: head.map(showLine), style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push(row.map(showLine));
  return table.toString();
}
