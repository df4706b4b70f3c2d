import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { cellToText, type Row } from '#pipelines/model.js';
import type { RowRange } from '#pipelines/ports.js';
import type { InputSource, OpenOptions } from '#src/files/input-source.js';
import { openRowSource } from '#src/files/open-row-source.js';

/** A folder per test, and functions that write into it. */
export function useTempFiles() {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mypos-files-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const write = (content: string | Buffer, name = 'customers.csv'): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  return {
    write,
    path: (name: string) => join(folder, name),
    open: (content: string | Buffer, options: OpenOptions = {}, name?: string) =>
      openRowSource(write(content, name), options),
    read: async (content: string | Buffer, options: OpenOptions = {}, name?: string) =>
      readContent(await openRowSource(write(content, name), options)),
  };
}

/** Everything that a source gives in one pass. */
export async function readContent(source: InputSource) {
  const rows: Row[] = [];
  for await (const batch of source.batches()) rows.push(...batch);
  return {
    source,
    rows,
    columns: source.columns,
    cells: rows.map((row) => row.cells.map(cellToText)),
    numbers: rows.map((row) => row.number),
    issues: rows.flatMap((row) => (row.issues ?? []).map(({ code }) => `${row.number} ${code}`)),
    notices: source.notices.map(({ code }) => code),
  };
}

/** The rows of some ranges. */
export async function readRowRanges({ rowRanges }: InputSource, ranges: readonly RowRange[]): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of rowRanges?.readRanges(ranges) ?? []) rows.push(...batch);
  return rows;
}

/** The stable code of the error that a promise is rejected with. */
export async function catchFailure(
  promise: Promise<unknown>,
): Promise<{ code: string; message: string; nextStep: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'nextStep' in error)
      return { code: String(error.code), message: error.message, nextStep: String(error.nextStep) };
    throw error;
  }
  throw new Error('It did not fail.');
}
