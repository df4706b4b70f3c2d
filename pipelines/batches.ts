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

/** Cuts and joins batches into pieces of `size`, so that whoever works on one holds no more at once; the last is smaller. */
export async function* rechunk<T>(batches: AsyncIterable<readonly T[]>, size: number): AsyncGenerator<readonly T[]> {
  let piece: T[] = [];
  for await (const batch of batches) {
    if (piece.length === 0 && batch.length === size) {
      yield batch;
      continue;
    }
    for (const item of batch) {
      piece.push(item);
      if (piece.length < size) continue;
      yield piece;
      piece = [];
    }
  }
  if (piece.length > 0) yield piece;
}

/** Applies a function to every batch of a stream. */
export async function* mapBatches<T, R>(
  batches: AsyncIterable<readonly T[]>,
  apply: (batch: readonly T[]) => readonly R[] | Promise<readonly R[]>,
): AsyncGenerator<readonly R[]> {
  for await (const batch of batches) yield await apply(batch);
}
