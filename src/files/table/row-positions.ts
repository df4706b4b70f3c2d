import type { RowRange } from '#pipelines/ports.js';

/** A place in a text where a line begins. */
export interface TextPosition {
  /** The physical line, from 1. */
  readonly line: number;
  /** Bytes of the text before it, as utf-8 and without a byte order mark. */
  readonly offset: number;
}

/** Where a row of a text begins: all that is needed to read on from there. */
export interface RowPosition extends TextPosition {
  readonly index: number;
}

/** Far enough apart that a million rows have few positions, near enough that few rows are read in vain. */
const minRowsApart = 1000;

/** Collects some of the positions that a reading passes, the first among them. */
export class RowPositions {
  readonly #all: RowPosition[];

  constructor(first: RowPosition) {
    this.#all = [first];
  }

  /** Called between two rows, as often as is convenient. */
  pass(index: number, { line, offset }: TextPosition): void {
    const last = this.#all.at(-1)?.index ?? 0;
    if (index - last >= minRowsApart) this.#all.push({ index, line, offset });
  }

  /** The positions of a text with so many rows. */
  list(rows: number): readonly RowPosition[] {
    return this.#all.filter(({ index }) => index < rows);
  }
}

/** Rows from one position to before the next. */
export interface PositionedRange extends RowRange {
  readonly begin: RowPosition;
  /** Absent for the last. */
  readonly end?: RowPosition;
}

export function buildPositionedRanges(positions: readonly RowPosition[], rows: number): readonly PositionedRange[] {
  return positions.map((begin, at) => {
    const end = positions[at + 1];
    const last = (end?.index ?? rows) - 1;
    return { first: begin.index, last, begin, ...(end === undefined ? {} : { end }) };
  });
}

/** Ranges of a file that has no positions to begin at. */
export function buildEvenRanges(rows: number): readonly RowRange[] {
  return Array.from({ length: Math.ceil(rows / minRowsApart) }, (_, at) => ({
    first: at * minRowsApart,
    last: Math.min(rows, (at + 1) * minRowsApart) - 1,
  }));
}
