import type { TypedCell } from '#pipelines/row.js';

/** A column of an empty workbook that a mapping can read. */
export interface TemplateColumn {
  readonly name: string;
  /** What its cells hold. */
  readonly holds: TemplateContent;
  /** The only texts that the mapping takes, or those that it knows. */
  readonly choices?: { readonly texts: readonly string[]; readonly isStrict: boolean };
  readonly isRequired: boolean;
  /** Whole sentences. */
  readonly explanation: readonly string[];
  readonly example: string | TypedCell;
}

/** A date comes with its format in the tokens of a mapping. */
export type TemplateContent =
  | { readonly kind: 'text' }
  | { readonly kind: 'number'; readonly isWhole: boolean }
  | { readonly kind: 'date'; readonly format: string };
