import type { RowRange } from '#pipelines/ports.js';

/** A place in a text. A reading has one that moves on with it. */
export interface TextPosition {
  /** The physical line that begins there. */
  line: number;
  /** Bytes of the text before it, as utf-8 and without a mark. */
  offset: number;
}

/** Where a row of a text begins: what one must know to read on from there. */
export interface RowPosition extends Readonly<TextPosition> {
  readonly index: number;
}

/** Far enough that a million rows have few places, near enough that hardly a row is read in vain. */
const minRowsApart = 1000;

/** Keeps some of the places that a reading comes by, the first among them. */
export class RowPositions {
  readonly #all: RowPosition[];
  #rows: number | undefined;

  constructor(first: RowPosition) {
    this.#all = [first];
  }

  /** To be told between two rows, as often as is convenient. */
  pass(index: number, { line, offset }: TextPosition): void {
    const last = this.#all.at(-1)?.index ?? 0;
    if (index - last >= minRowsApart) this.#all.push({ index, line, offset });
  }

  /** The reading has come to its end. */
  end(rows: number): void {
    this.#rows = rows;
  }

  /** Nothing before the end: what is not whole is no help to anybody. */
  get result(): { readonly rows: number; readonly places: readonly RowPosition[] } | undefined {
    const rows = this.#rows;
    return rows === undefined ? undefined : { rows, places: this.#all.filter(({ index }) => index < rows) };
  }
}

/** Rows from one place to before the next. */
export interface PositionedRange extends RowRange {
  readonly begin: RowPosition;
  /** Absent for the last. */
  readonly end?: RowPosition;
}

export function buildPositionedRanges(places: readonly RowPosition[], rows: number): readonly PositionedRange[] {
  return places.map((begin, at) => {
    const end = places[at + 1];
    const last = (end?.index ?? rows) - 1;
    return { first: begin.index, last, begin, ...(end === undefined ? {} : { end }) };
  });
}

/** Stretches of a file that has no places to begin at. */
export function buildEvenRanges(rows: number): readonly RowRange[] {
  return Array.from({ length: Math.ceil(rows / minRowsApart) }, (_, at) => ({
    first: at * minRowsApart,
    last: Math.min(rows, (at + 1) * minRowsApart) - 1,
  }));
}
