import type { Issue } from './issue.js';

/** A value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A customer as the API gives it: fields that we do not know are kept and written back untouched. */
export type Customer = { readonly [field: string]: JsonValue };

/** A customer mapped from a row: only the fields that the mapping set. */
export type Draft = { readonly [field: string]: JsonValue };

/**
 * A cell of the input. Text files have text cells only; a workbook also has typed ones, which carry the text
 * that the spreadsheet program shows next to the stored value.
 */
export type Cell = string | TypedCell;

/** A cell whose type the file itself states (a workbook cell that is not text). */
export type TypedCell =
  | {
      readonly kind: 'number';
      /** The number in digits, with a decimal point. */
      readonly text: string;
      readonly value: number;
      readonly format?: string;
      /** What its format shows, such as `C-0042` or `15%`; absent for the text. */
      readonly shown?: string | undefined;
    }
  | { readonly kind: 'boolean'; readonly text: string; readonly value: boolean }
  /** A civil date or time: `YYYY-MM-DD`, `YYYY-MM-DDTHH:mm:ss` or `HH:mm:ss`; never an instant in a zone. */
  | {
      readonly kind: 'date';
      readonly text: string;
      readonly format?: string;
      /** The time of day that the cell has and its format hides: `HH:mm:ss`. */
      readonly hiddenTime?: string;
    }
  /** A text that is linked to an e-mail address other than itself. */
  | { readonly kind: 'text'; readonly text: string; readonly linkedAddress: string }
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
  readonly issues?: readonly Issue[];
  /** Given where the file itself shows that the row may be no customer. */
  readonly signs?: RowSigns;
  /** Given when it stands in a file that this program wrote: the run, and the row's number in that run's file. */
  readonly origin?: { readonly run: string; readonly row: number };
  /** Given when a review file asks about two customers of the account: the code of the first one. */
  readonly originCustomer?: string;
}

/** What a file says about a row besides its cells. */
export interface RowSigns {
  /** An empty row stands above it, with nothing between but rows of a single cell. */
  readonly isAfterGap?: true;
  /** The workbook declares it as the totals row of a table. */
  readonly isTotals?: true;
  /** Every cell that holds something is a formula. */
  readonly hasOnlyFormulas?: true;
  /** Positions of the cells that sum up or count cells of the rows above. */
  readonly sums?: readonly number[];
}

/** The cell as the text that its owner sees. */
export function cellToText(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  if (typeof cell === 'string') return cell;
  return cell.kind === 'number' ? (cell.shown ?? cell.text) : cell.text;
}

/** What a row may ask for by itself, in the column that the mapping calls its `command`. */
export const commands = ['NEW', 'MERGE', 'UPDATE', 'REPLACE', 'DELETE', 'IGNORE'] as const;

export type Command = (typeof commands)[number];

/** What a row without a word means. */
export const defaultCommand: Command = 'MERGE';

export function isCommand(text: string): text is Command {
  return (commands as readonly string[]).includes(text);
}

/** What can become of a row; the names are the `_status` values of the result file. */
export const rowStatuses = [
  'created',
  'updated',
  'unchanged',
  'deleted',
  'deactivated',
  'invalid',
  'rejected',
  'failed',
  'in_doubt',
  'skipped',
  'pending',
] as const;

export type RowStatus = (typeof rowStatuses)[number];

/** How many rows ended in each status. */
export type RowCounts = Readonly<Record<RowStatus, number>>;

/** Identity of a customer at the API. */
export interface CustomerIdentity {
  readonly customerCode: string;
  readonly customerId?: string;
}

/** What the API said when it refused, as the result file shows it. */
export interface Refusal {
  readonly httpStatus?: number;
  readonly errorCode: string;
  readonly message: string;
  /** Customer fields that the API named. */
  readonly fields?: readonly string[];
  /** Source columns concerned. */
  readonly columns?: readonly string[];
  /** The error body, verbatim. */
  readonly response?: string;
}

/** A customer that a row may mean. */
export interface ReviewCandidate {
  readonly customerCode: string;
  /** What speaks for it, in words: `same e-mail address`. */
  readonly evidence: readonly string[];
  /** The key that stands for it, where the row has another one of the same source. */
  readonly otherKey?: string;
}

/**
 * The one end of a row. `attempts` counts requests that changed or meant to change the customer; `httpStatus` is
 * absent where the answer was lost and reconciliation found out; `notes` say what else the user should know.
 */
export type RowOutcome =
  | ({
      readonly status: 'created' | 'updated' | 'deleted' | 'deactivated';
      readonly attempts: number;
      readonly httpStatus?: number;
      readonly notes?: readonly Issue[];
    } & CustomerIdentity)
  | ({
      readonly status: 'unchanged';
      readonly attempts: number;
      readonly notes?: readonly Issue[];
    } & CustomerIdentity)
  | {
      readonly status: 'invalid';
      readonly reasons: readonly Issue[];
      readonly attempts: 0;
      /** Given when a person has to say which of these the row means, or none. See {@link isWaiting}. */
      readonly candidates?: readonly ReviewCandidate[];
    }
  | ({
      readonly status: 'rejected' | 'failed' | 'in_doubt';
      readonly attempts: number;
      readonly customerCode?: string;
      readonly customerId?: string;
    } & Refusal)
  | {
      /** `pending`: the run has not come to the row, and a resumed one sends it. */
      readonly status: 'skipped' | 'pending';
      readonly reason: Issue;
      readonly attempts: 0;
      readonly customerCode?: string;
      readonly customerId?: string;
    };

/** Whether a row waits for a person to decide which customer it means: it belongs in the review file, not among the rejects. */
export function isWaiting(outcome: RowOutcome): boolean {
  return outcome.status === 'invalid' && outcome.candidates !== undefined;
}

const rejectStatuses: ReadonlySet<RowStatus> = new Set(['invalid', 'rejected', 'failed'] as const);

/** Whether somebody has to fix the row: it belongs in the rejects file. */
export function isReject(outcome: RowOutcome): boolean {
  return rejectStatuses.has(outcome.status) && !isWaiting(outcome);
}
