/** Cuts and joins batches into pieces of `size`, so that whoever works on one holds no more at once; the last is smaller. */
export async function* inPieces<T>(batches: AsyncIterable<readonly T[]>, size: number): AsyncGenerator<readonly T[]> {
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
