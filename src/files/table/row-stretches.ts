import type { RowStretches, Stretch } from '#pipelines/ports.js';
import type { Row } from '#pipelines/row.js';
import type { ByteRange } from '#src/files/input-file.js';
import type { KnownFile } from '#src/files/input-source.js';
import type { TextInput } from '#src/files/text/open-text.js';
import { evenStretches, type PlacedStretch, type RowPlace, stretchesBetween } from './row-places.js';

type Batches = () => AsyncIterable<readonly Row[]>;

/** The stretches of a file that must be read from its start, whatever is wanted of it. */
export function stretchesInOrder(rows: number, batches: Batches): RowStretches {
  return { all: evenStretches(rows), batchesOf: (wanted) => rowsWithin(batches(), wanted) };
}

const rowsPerBatch = 500;

/** What was found between two places. */
export interface ReadPiece {
  readonly rows: readonly Row[];
  /** The line behind it. */
  readonly line: number;
}

/** A text as rows. */
export interface PlacedRows {
  readonly text: Pick<TextInput, 'openRanges'>;
  readonly batches: Batches;
  /** Makes rows of the bytes between two places. */
  readonly read: (chunks: AsyncIterable<Buffer>, begin: RowPlace) => Promise<ReadPiece>;
}

/** The stretches of a text, where it is known. */
export function stretchesIf(known: KnownFile | undefined, rows: PlacedRows): { readonly stretches?: RowStretches } {
  if (known?.text === undefined) return {};
  return { stretches: stretchesAtPlaces(stretchesBetween(known.text.places, known.rows), rows) };
}

/**
 * The stretches of a file whose places are known. Should one ever not be what was noted of it, the file is read from its
 * start.
 */
function stretchesAtPlaces(all: readonly PlacedStretch[], { text, batches, read }: PlacedRows): RowStretches {
  const placed = new Map(all.map((stretch) => [stretch.first, stretch]));
  return {
    all,
    async *batchesOf(wanted) {
      const ranges = text.openRanges();
      try {
        for (const [at, { first }] of wanted.entries()) {
          const stretch = placed.get(first);
          const piece = stretch && (await read(ranges.read(bytesOf(stretch)), stretch.begin));
          if (stretch === undefined || piece === undefined || !isAsNoted(piece, stretch)) {
            yield* rowsWithin(batches(), wanted.slice(at));
            return;
          }
          for (let from = 0; from < piece.rows.length; from += rowsPerBatch)
            yield piece.rows.slice(from, from + rowsPerBatch);
        }
      } finally {
        await ranges.close();
      }
    },
  };
}

function bytesOf({ begin, end }: PlacedStretch): ByteRange {
  return { from: begin.offset, to: end?.offset ?? Number.POSITIVE_INFINITY };
}

function isAsNoted({ rows, line }: ReadPiece, { first, last, end }: PlacedStretch): boolean {
  return rows.length === last - first + 1 && (end === undefined || end.line === line);
}

async function* rowsWithin(
  batches: AsyncIterable<readonly Row[]>,
  wanted: readonly Stretch[],
): AsyncGenerator<readonly Row[]> {
  let at = 0;
  for await (const batch of batches) {
    const lastIndex = batch.at(-1)?.index ?? -1;
    for (let stretch = wanted[at]; stretch !== undefined; stretch = wanted[at]) {
      const { first, last } = stretch;
      const rows = batch.filter(({ index }) => index >= first && index <= last);
      if (rows.length > 0) yield rows;
      if (lastIndex < last) break;
      at += 1;
    }
    if (at === wanted.length) return;
  }
}
