import type { Code } from '#pipelines/codes.js';
import type { CellFailure } from '#pipelines/mapping/cells.js';
import type { ObjectOf, Properties } from '#pipelines/shape.js';

/** The result of a transform: text, text with a note for the user, or why it failed. */
export type TransformResult = string | NotedText | CellFailure;

/** A text, and what is reported about it. */
export interface NotedText {
  readonly text: string;
  readonly note: string;
  /** @default TRUNCATED */
  readonly code?: NoteCode;
}

/** The codes of notes on values that are used. */
export type NoteCode = Extract<Code, 'TRUNCATED' | 'ADDRESS_TAKEN_OUT'>;

/**
 * A named change to the text of a cell.
 *
 * The inverse turns what the API holds into a text that gives the same again when it is imported; a transform without
 * one says why.
 */
export type Transform<Options extends Properties = Properties> = {
  /** One sentence, for editors and templates. */
  readonly description: string;
  /** One description of each option: its type, how it is read from a mapping, and its JSON Schema. */
  readonly options: Options;
  /** What is wrong with options that are valid each on its own. */
  findFault?(options: ObjectOf<Options>): string | undefined;
  apply(options: ObjectOf<Options>): (text: string) => TransformResult;
} & Reversal<Options>;

type Reversal<Options extends Properties> =
  | { inverse(options: ObjectOf<Options>): (text: string) => string }
  | { readonly noInverse: string };

/** Checks a transform against its own options and forgets them, so that a table can hold it. */
export function defineTransform<const Options extends Properties>(definition: Transform<Options>): Transform {
  return definition as unknown as Transform;
}

/** The inverse of a transform that leaves its own results as they are: the API's text may be written unchanged. */
export const keepText = () => (text: string) => text;
