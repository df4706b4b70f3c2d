import type { Row } from './model.js';

/** Only the first rows of a stream, and no more of the file than needed for them. */
export async function* takeRows(
  batches: AsyncIterable<readonly Row[]>,
  first = Number.POSITIVE_INFINITY,
): AsyncIterable<readonly Row[]> {
  let left = first;
  for await (const batch of batches) {
    if (batch.length >= left) {
      yield batch.slice(0, left);
      return;
    }
    left -= batch.length;
    yield batch;
  }
}

/** How many rows {@link takeRows} lets through of so many. */
export function countTaken(rows: number, first = Number.POSITIVE_INFINITY): number {
  return Math.min(rows, first);
}

/** Cuts and joins batches into chunks of `size`, so that no more is held at once; the last one is smaller. */
export async function* rechunk<T>(batches: AsyncIterable<readonly T[]>, size: number): AsyncGenerator<readonly T[]> {
  let chunk: T[] = [];
  for await (const batch of batches) {
    if (chunk.length === 0 && batch.length === size) {
      yield batch;
      continue;
    }
    for (const item of batch) {
      chunk.push(item);
      if (chunk.length < size) continue;
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

/** Applies a function to every batch of a stream. */
export async function* mapBatches<T, R>(
  batches: AsyncIterable<readonly T[]>,
  apply: (batch: readonly T[]) => readonly R[] | Promise<readonly R[]>,
): AsyncGenerator<readonly R[]> {
  for await (const batch of batches) yield await apply(batch);
}
