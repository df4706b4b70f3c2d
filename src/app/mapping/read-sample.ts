import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Code } from '#pipelines/codes.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import type { Row } from '#pipelines/model.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { openInput } from '#src/app/input.js';
import type { FileSource, OpenOptions } from '#src/files/input-source.js';

/** Enough to see the values of a column, and few enough to keep in memory. */
const sampleRows = 10_000;

/** The beginning of an input. */
export interface Sample {
  readonly source: FileSource;
  /** Without rows that could not be read completely. */
  readonly rows: readonly Row[];
  /** Why the others could not be. */
  readonly issues: ReadonlySet<Code>;
}

/**
 * Reads the first rows of a file, in the one reading that opening it takes: its end is read, too, since bytes that cannot
 * be read may be there.
 *
 * @throws InputError, UsageError
 */
export async function readSample(
  file: string,
  options: ReadOptions & Pick<OpenOptions, 'looksLikeHeader'>,
  mapping?: Mapping,
): Promise<Sample> {
  const spoolFolder = await mkdtemp(join(tmpdir(), 'mypos-customers-'));
  try {
    let rows: Row[] = [];
    const codes = new Set<Code>();
    // The reading may begin again, when it shows that the encoding was guessed wrongly.
    const visitRows = () => {
      rows = [];
      codes.clear();
      let seen = 0;
      return (batch: readonly Row[]) => {
        const wanted = batch.slice(0, Math.max(0, sampleRows - seen));
        seen += wanted.length;
        for (const row of wanted) for (const { code } of row.issues ?? []) codes.add(code);
        rows.push(...wanted.filter(({ issues = [] }) => issues.length === 0));
      };
    };
    const { source } = await openInput(file, options, spoolFolder, mapping, { ...options, visitRows });
    return { source, rows, issues: codes };
  } finally {
    await rm(spoolFolder, { recursive: true, force: true });
  }
}
