import type { Row } from '#pipelines/model.js';
import type { RowRange, RowRanges } from '#pipelines/ports.js';
import type { ByteRange } from '#src/files/input-file.js';
import type { FileScan } from '#src/files/input-source.js';
import type { TextInput } from '#src/files/text/open-text.js';
import { buildEvenRanges, buildPositionedRanges, type PositionedRange, type RowPosition } from './row-positions.js';

type Batches = () => AsyncIterable<readonly Row[]>;

/** The stretches of a file that must be read from its start, whatever is wanted of it. */
export function createSequentialRowRanges(rows: number, batches: Batches): RowRanges {
  return { all: buildEvenRanges(rows), readRanges: (wanted) => filterRowRanges(batches(), wanted) };
}

const rowsPerBatch = 500;

/** What was found between two places. */
export interface RangeContent {
  readonly rows: readonly Row[];
  /** The line behind it. */
  readonly line: number;
}

/** A text as rows. */
export interface PositionedRows {
  readonly text: Pick<TextInput, 'openRanges'>;
  readonly batches: Batches;
  /** Makes rows of the bytes between two places. */
  readonly read: (chunks: AsyncIterable<Buffer>, begin: RowPosition) => Promise<RangeContent>;
}

/** The stretches of a text, where it is known. */
export function createRowRanges(known: FileScan | undefined, rows: PositionedRows): { readonly rowRanges?: RowRanges } {
  if (known?.text === undefined) return {};
  return { rowRanges: createPositionedRowRanges(buildPositionedRanges(known.text.places, known.rows), rows) };
}

/**
 * The stretches of a file whose places are known. Should one ever not be what was noted of it, the file is read from its
 * start.
 */
function createPositionedRowRanges(
  all: readonly PositionedRange[],
  { text, batches, read }: PositionedRows,
): RowRanges {
  const placed = new Map(all.map((stretch) => [stretch.first, stretch]));
  return {
    all,
    async *readRanges(wanted) {
      const ranges = text.openRanges();
      try {
        for (const [at, { first }] of wanted.entries()) {
          const stretch = placed.get(first);
          const piece = stretch && (await read(ranges.read(getByteRange(stretch)), stretch.begin));
          if (stretch === undefined || piece === undefined || !matchesScan(piece, stretch)) {
            yield* filterRowRanges(batches(), wanted.slice(at));
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

function getByteRange({ begin, end }: PositionedRange): ByteRange {
  return { from: begin.offset, to: end?.offset ?? Number.POSITIVE_INFINITY };
}

function matchesScan({ rows, line }: RangeContent, { first, last, end }: PositionedRange): boolean {
  return rows.length === last - first + 1 && (end === undefined || end.line === line);
}

async function* filterRowRanges(
  batches: AsyncIterable<readonly Row[]>,
  wanted: readonly RowRange[],
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
