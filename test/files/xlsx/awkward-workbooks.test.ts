import { describe, expect, it } from 'vitest';
import { openWorkbook } from '#src/files/xlsx/reader/open-workbook.js';
import { awkwardColumns, comparableCell, expectedCells, typedCustomers } from '#test/files/awkward-customers.js';
import { awkwardWorkbooks } from './awkward-workbooks.js';
import { rowsOf, saveFile } from './make-workbook.js';

describe('the ten awkward customers', () => {
  it.each(Object.keys(awkwardWorkbooks))('read equal, cell by cell, as written by %s', async (name) => {
    const source = await openWorkbook(saveFile(awkwardWorkbooks[name]?.() ?? ''));
    const rows = await rowsOf(source);
    expect(source.columns).toEqual(awkwardColumns);
    expect(rows.map(({ cells }) => cells.map(comparableCell))).toEqual(typedCustomers.map(expectedCells));
    expect(rows.map(({ number }) => number)).toEqual(typedCustomers.map((_, at) => at + 2));
  });
});
