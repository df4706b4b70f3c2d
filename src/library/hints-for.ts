import { open } from 'node:fs/promises';
import type { SourceHints } from '#pipelines/mapping/mapping.js';
import { CustomersError } from '#src/errors.js';
import { openRowSource } from '#src/files/open-row-source.js';

/** A result or rejects file of ours as text: its first two columns, in whatever dialect. */
const ownHeader = /^\uFEFF?"?_row"?[,;\t|]"?_status\b/;
const headBytes = 64;

/**
 * What the mapping says of how its files are read. Result and rejects files have all columns too, but are written in a
 * way of their own, with the header at the top: what the mapping says of the export that they came from would hide it.
 */
export async function hintsFor(
  path: string,
  hints: SourceHints,
  expectedColumns: readonly string[],
): Promise<SourceHints> {
  if (Object.keys(hints).length === 0) return hints;
  const head = await headOf(path);
  if (ownHeader.test(head)) return {};
  if (!head.startsWith('PK') || hints.headerRow === undefined || hints.headerRow === 1) return hints;
  const { headerRow: _, ...others } = hints;
  return (await hasItsHeaderOnTop(path, others, expectedColumns)) ? others : hints;
}

async function headOf(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await file.close();
    }
  } catch {
    // Whoever opens it in earnest says what is wrong with it.
    return '';
  }
}

async function hasItsHeaderOnTop(
  path: string,
  hints: SourceHints,
  expectedColumns: readonly string[],
): Promise<boolean> {
  try {
    const { columns, detected } = await openRowSource(path, { ...hints, expectedColumns });
    return detected.headerRow === 1 && expectedColumns.every((name) => columns.includes(name));
  } catch (error) {
    if (error instanceof CustomersError) return false;
    throw error;
  }
}
