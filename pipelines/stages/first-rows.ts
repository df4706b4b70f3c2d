import type { Row } from '#pipelines/row.js';

/** Only the first rows of a stream, and no more of the file than needed for them. */
export async function* firstRows(
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
