/**
 * A cell of the input. Text files have text cells only; a workbook also has typed ones, which carry the text
 * that the spreadsheet program shows next to the stored value.
 */
export type Cell = string | TypedCell;

/** A cell whose type the file itself states (a workbook cell that is not text). */
export type TypedCell =
  | { readonly kind: 'number'; readonly text: string; readonly value: number; readonly format?: string }
  | { readonly kind: 'boolean'; readonly text: string; readonly value: boolean }
  /** A civil date or time: `YYYY-MM-DD`, `YYYY-MM-DDTHH:mm:ss` or `HH:mm:ss`; never an instant in a zone. */
  | { readonly kind: 'date'; readonly text: string; readonly format?: string }
  /** A cell that holds no usable value, e.g. `#N/A` or a formula that was never calculated. */
  | { readonly kind: 'error'; readonly text: string; readonly reason: string };

/** One row of data (never the header) with the place where its owner finds it again. */
export interface Row {
  /** Position among the data rows, from 0. Stable between two readings of the same file: the ledger's key. */
  readonly index: number;
  /** The line (text file) or row number (workbook) that the user's editor shows for the row's first line. */
  readonly number: number;
  /** In the order of {@link RowSource.columns}; may be shorter or longer than that in a damaged file. */
  readonly cells: readonly Cell[];
  /** Whether its cells are known to hold nothing but ASCII and the letters from À to ÿ, as most do; unknown when absent. */
  readonly isPlain?: boolean;
  /** What is wrong with the row as a whole (ragged, open quote); such a row ends as `invalid`. */
  readonly defects?: readonly Reason[];
}

/** Why a row or a cell is not right, in the user's words. */
export interface Reason {
  /** Stable, for scripts: `SCREAMING_SNAKE`. */
  readonly code: string;
  /** A whole sentence: the fact, then the next step. Does not repeat file and row. */
  readonly message: string;
  /** The source columns concerned. */
  readonly columns?: readonly string[];
  /** The customer field concerned. */
  readonly field?: string;
  /** The offending value as found, cut to a readable length. */
  readonly value?: string;
}

/** The cell as the text that its owner sees. */
export function textOf(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  return typeof cell === 'string' ? cell : cell.text;
}
