/**
 * Which row a spreadsheet program shows for a line of a text: a cell with line breaks takes several lines, and one row.
 * Filled while the text is read.
 */
export class SheetRows {
  readonly #skippedAbove: number;
  /** First lines of records that have several, in order. */
  readonly #lines: number[] = [];
  /** How many lines more than rows there are, up to the end of each of them. */
  readonly #extras: number[] = [];

  /** @param firstLine - the line that is shown as row 1 */
  constructor(firstLine: number) {
    this.#skippedAbove = firstLine - 1;
  }

  /** Called for records of several lines, in the order of the text. */
  note(line: number, lineCount: number): void {
    this.#lines.push(line);
    this.#extras.push((this.#extras.at(-1) ?? 0) + lineCount - 1);
  }

  /** The row of a record that begins on this line. */
  rowOf(line: number): number {
    let [low, high] = [0, this.#lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle] ?? 0) < line) low = middle + 1;
      else high = middle;
    }
    return line - this.#skippedAbove - (this.#extras[low - 1] ?? 0);
  }
}

/** Rows of a source as messages name them. */
interface NamedRows {
  readonly rows: readonly number[];
}

/**
 * Adds to rows that are named by their lines what a spreadsheet program calls them, where that is something else.
 *
 * @param source - read to its end; one that is no text with lines, or was not read, adds nothing
 */
export function addSheetRows<Group extends NamedRows>(
  groups: readonly Group[],
  source: { readonly sheetRowOf?: (line: number) => number } | undefined,
): readonly (Group & { readonly sheetRows?: readonly number[] })[] {
  const { sheetRowOf } = source ?? {};
  if (sheetRowOf === undefined) return groups;
  return groups.map((group) => {
    const sheetRows = group.rows.map(sheetRowOf);
    return sheetRows.every((row, at) => row === group.rows[at]) ? group : { ...group, sheetRows };
  });
}
