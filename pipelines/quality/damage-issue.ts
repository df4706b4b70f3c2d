import type { Code } from '#pipelines/codes.js';
import type { Issue } from '#pipelines/issue.js';
import type { Cell } from '#pipelines/model.js';

/** What the mapping uses a column for; `unused` columns are not checked. */
export type ColumnUse = 'text' | 'email' | 'phone' | 'postcode' | 'number' | 'date' | 'code' | 'unused';

/** How to check a column. */
export interface ColumnCheck {
  readonly use: ColumnUse;
  /** Applies the mapping's transforms: what they fix is not damage. */
  readonly applyMapping?: (text: string) => string;
  /** Personal data that no message may show. */
  readonly isSecret?: boolean;
  /** Dates are read without their time of day. */
  readonly hasNoTime?: boolean;
}

/** A cell that cannot be right as it is, with what the user can do about it. */
export interface DamageIssue extends Issue {
  readonly nextStep: string;
}

/** All cells of a column with the same kind of damage: a thousand of them are one thing to fix. */
export interface DamageGroup {
  /** Stable, for scripts: `SCREAMING_SNAKE`. */
  readonly code: Code;
  /** None when it is about the input as a whole. */
  readonly columns: readonly string[];
  readonly count: number;
  /** Lines or row numbers of the first few. */
  readonly rows: readonly number[];
  /** The same rows as a spreadsheet program shows them; absent where that is the same. */
  readonly sheetRows?: readonly number[];
  /** A whole sentence about one such cell. */
  readonly message: string;
  readonly suggestion: string;
  /** The first such value, shortened to a readable length. */
  readonly value?: string;
}

/** A check for one kind of damage in a single cell. */
export interface CellRule {
  /** Stable, for scripts: `SCREAMING_SNAKE`. */
  readonly code: Code;
  /** The uses of a column to which the rule applies. */
  readonly uses: ReadonlySet<ColumnUse>;
  /** The cells to check: nearly all cells are plain words, which must cost nothing. */
  readonly trigger: CellTrigger;
  /** Whether a transform of the mapping can fix it, so that the transformed text is checked. */
  readonly isFixableByMapping?: true;
  /** Whether it is no damage, but says how the cell is read: a strict run takes the row. */
  readonly isNotice?: true;
  check(text: string, cell: Cell, column: ColumnCheck): RuleResult | undefined;
}

/** `odd`: holds a character beyond ASCII; `number`: begins with a digit or a sign; `hash`: begins with `#`; `typed`: by the file. */
export type CellTrigger = 'odd' | 'number' | 'hash' | 'typed';

export interface RuleResult {
  /** A whole sentence, the same for every cell of the kind. */
  readonly message: string;
  /** A whole sentence. */
  readonly suggestion: string;
  /** The text that was probably meant. */
  readonly meant?: string;
}
