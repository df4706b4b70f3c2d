import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeRows } from '#pipelines/batches.js';
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
}

/** Reads the first rows of a file. @throws InputError, UsageError */
export async function readSample(
  file: string,
  options: ReadOptions & Pick<OpenOptions, 'looksLikeHeader'>,
  mapping?: Mapping,
): Promise<Sample> {
  const spoolFolder = await mkdtemp(join(tmpdir(), 'mypos-customers-'));
  try {
    const { source } = await openInput(file, options, spoolFolder, mapping, options);
    const rows: Row[] = [];
    for await (const batch of takeRows(source.batches(), sampleRows))
      rows.push(...batch.filter(({ issues = [] }) => issues.length === 0));
    return { source, rows };
  } finally {
    await rm(spoolFolder, { recursive: true, force: true });
  }
}
