import type { Row } from '#pipelines/row.js';
import { type ColumnProfile, ColumnProfiler } from './column-profile.js';

/** Rows on their way, looked at as they pass. */
export interface RowProfile {
  /** The same batches. */
  readonly batches: AsyncIterable<readonly Row[]>;
  /** Complete when the batches have ended. */
  result(): readonly ColumnProfile[];
}

/**
 * Takes the profile of every column while rows pass.
 *
 * @param secretColumns - columns of which no value may be shown
 */
export function profileRows(
  batches: AsyncIterable<readonly Row[]>,
  columns: readonly string[],
  secretColumns: ReadonlySet<string>,
): RowProfile {
  const profilers = columns.map((column) => new ColumnProfiler(column, secretColumns.has(column)));
  return { batches: watch(batches, profilers), result: () => profilers.map((profiler) => profiler.result) };
}

async function* watch(batches: AsyncIterable<readonly Row[]>, profilers: readonly ColumnProfiler[]) {
  for await (const batch of batches) {
    for (const { cells } of batch)
      profilers.forEach((profiler, position) => {
        profiler.add(cells[position]);
      });
    yield batch;
  }
}
