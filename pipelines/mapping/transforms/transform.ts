import type { CellFailure } from '#pipelines/mapping/cells.js';

/** What a transform gives: text, text with a remark for the user, or the end of a sentence about why it cannot. */
export type TransformResult = string | { readonly text: string; readonly note: string } | CellFailure;

/**
 * What an option may hold: a whole number (`count` from 1, `index` any), any text, one sign, a pattern, a choice, a
 * country's two letters, the form of a date.
 */
export type OptionKind = 'count' | 'index' | 'text' | 'character' | 'pattern' | 'choice' | 'country' | 'dateFormat';

export interface TransformOption {
  readonly kind: OptionKind;
  readonly description: string;
  readonly choices?: readonly string[];
  /** An option without a default must be given. */
  readonly default?: string | number;
}

export interface TransformOptions {
  readonly [option: string]: TransformOption;
}

/** The values of a transform's own options; of any transform's, when it is not known which. */
type OptionValues<Options extends TransformOptions> = string extends keyof Options
  ? { readonly [option: string]: string | number }
  : { readonly [Name in keyof Options]: Options[Name]['kind'] extends 'count' | 'index' ? number : string };

/**
 * A named change to the text of a cell. Its inverse turns what the API holds into a text that gives the same again
 * when it is imported; a transform without one says why.
 */
export type Transform<Options extends TransformOptions = TransformOptions> = {
  readonly description: string;
  readonly options: Options;
  /** What is wrong with options that are right each on its own. */
  findFault?(options: OptionValues<Options>): string | undefined;
  apply(options: OptionValues<Options>): (text: string) => TransformResult;
} & Reversal<Options>;

type Reversal<Options extends TransformOptions> =
  | { inverse(options: OptionValues<Options>): (text: string) => string }
  | { readonly noInverse: string };

/** Checks a transform against its own options and forgets them, so that a table can hold it. */
export function defineTransform<const Options extends TransformOptions>(definition: Transform<Options>): Transform {
  return definition as unknown as Transform;
}

/** For a transform that leaves its own results alone: what the API holds may be written as it is. */
export const keepText = () => (text: string) => text;
