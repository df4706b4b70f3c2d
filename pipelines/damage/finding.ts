import type { Cell, Reason } from '../row.js';

/** What a column is for, as far as the mapping knows. */
export type ColumnUse = 'text' | 'email' | 'phone' | 'postcode' | 'number' | 'date' | 'code';

/** A cell that cannot be right as it is, with what its owner can do about it. */
export interface Finding extends Reason {
  readonly suggestion: string;
}

/** What one kind of damage looks like in a single cell. */
export interface CellRule {
  /** Stable, for scripts: `SCREAMING_SNAKE`. */
  readonly code: string;
  /** Uses of a column in which it is damage; a column of unknown use counts as text. */
  readonly uses: ReadonlySet<ColumnUse>;
  /** Which cells are worth the look: nearly all cells are plain words, and must cost nothing. */
  readonly looksAt: CellLook;
  judge(text: string, cell: Cell): Verdict | undefined;
}

/** `odd`: holds a character beyond ASCII; `number`: begins with a digit or a sign; `hash`: begins with `#`; `typed`: by the file. */
export type CellLook = 'odd' | 'number' | 'hash' | 'typed';

export interface Verdict {
  /** A whole sentence. */
  readonly message: string;
  /** A whole sentence. */
  readonly suggestion: string;
}

export const everyUse: ReadonlySet<ColumnUse> = new Set([
  'text',
  'email',
  'phone',
  'postcode',
  'number',
  'date',
  'code',
]);

const maxShownCharacters = 80;

export function shown(text: string): string {
  return text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text;
}
