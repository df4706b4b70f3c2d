import type { Row } from '#pipelines/model.js';
import type { RowRange, RowRanges } from '#pipelines/ports.js';
import type { ByteRange } from '#src/files/input-file.js';
import type { FileScan } from '#src/files/input-source.js';
import type { TextInput } from '#src/files/text/open-text.js';
import {
  buildEvenRanges,
  buildPositionedRanges,
  type PositionedRange,
  type RowPosition,
  type TextPosition,
} from './row-positions.js';

type ReadBatches = () => AsyncIterable<readonly Row[]>;

/** The row ranges of a file that must be read from its start, whatever is needed of it. */
export function createSequentialRowRanges(rows: number, readBatches: ReadBatches): RowRanges {
  return { all: buildEvenRanges(rows), readRanges: (ranges) => filterRowRanges(readBatches(), ranges) };
}

const rowsPerBatch = 500;

/** What was found between two positions. */
export interface RangeContent {
  readonly rows: readonly Row[];
  readonly next: TextPosition;
}

/** A text whose rows can be read from any known position. */
export interface PositionedRows {
  readonly text: Pick<TextInput, 'openRanges'>;
  readonly readBatches: ReadBatches;
  /** Makes rows of the bytes between two positions. */
  readonly readRange: (chunks: AsyncIterable<Buffer>, begin: RowPosition) => Promise<RangeContent>;
}

/** The row ranges of a text that was scanned before. */
export function createRowRanges(scan: FileScan | undefined, rows: PositionedRows): { readonly rowRanges?: RowRanges } {
  if (scan?.text === undefined) return {};
  return { rowRanges: createPositionedRowRanges(buildPositionedRanges(scan.text.positions, scan.rows), rows) };
}

/** Should a range ever not hold what the scan found there, the file is read from its start. */
function createPositionedRowRanges(
  all: readonly PositionedRange[],
  { text, readBatches, readRange }: PositionedRows,
): RowRanges {
  const byFirstRow = new Map(all.map((range) => [range.first, range]));
  return {
    all,
    async *readRanges(ranges) {
      const bytes = text.openRanges();
      try {
        for (const [at, { first }] of ranges.entries()) {
          const range = byFirstRow.get(first);
          const content = range && (await readRange(bytes.read(getByteRange(range)), range.begin));
          if (range === undefined || content === undefined || !matchesScan(content, range)) {
            yield* filterRowRanges(readBatches(), ranges.slice(at));
            return;
          }
          for (let from = 0; from < content.rows.length; from += rowsPerBatch)
            yield content.rows.slice(from, from + rowsPerBatch);
        }
      } finally {
        await bytes.close();
      }
    },
  };
}

function getByteRange({ begin, end }: PositionedRange): ByteRange {
  return { from: begin.offset, to: end?.offset ?? Number.POSITIVE_INFINITY };
}

function matchesScan({ rows, next }: RangeContent, { first, last, end }: PositionedRange): boolean {
  return rows.length === last - first + 1 && (end === undefined || end.line === next.line);
}

async function* filterRowRanges(
  batches: AsyncIterable<readonly Row[]>,
  ranges: readonly RowRange[],
): AsyncGenerator<readonly Row[]> {
  let at = 0;
  for await (const batch of batches) {
    const lastIndex = batch.at(-1)?.index ?? -1;
    for (let range = ranges[at]; range !== undefined; range = ranges[at]) {
      const { first, last } = range;
      const rows = batch.filter(({ index }) => index >= first && index <= last);
      if (rows.length > 0) yield rows;
      if (lastIndex < last) break;
      at += 1;
    }
    if (at === ranges.length) return;
  }
}
