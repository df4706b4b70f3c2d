import type { Cell } from '#pipelines/row.js';

/** A remark on one cell: coloured and commented where the format can. */
export interface CellMark {
  /** From 0. */
  readonly column: number;
  readonly note: string;
}

/** How a row went, where the format can show it as a colour. */
export type Tone = 'good' | 'same' | 'mend' | 'wait';

export interface TableRow {
  readonly cells: readonly Cell[];
  /** Colours the table's status cell. */
  readonly tone?: Tone;
  readonly marks?: readonly CellMark[];
}

/** Writes a table of text and typed cells to a file that appears only when whole. */
export interface TableWriter {
  write(rows: readonly TableRow[]): Promise<void>;
  /** Puts the file under its name. */
  commit(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}
