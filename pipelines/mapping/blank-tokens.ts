import { trimText } from './normalise-name.js';

/**
 * What programs write into a cell that holds nothing: databases, data frames, spreadsheets, and people. In these
 * spellings only: "Null" is a surname, and "NA" a country.
 */
const defaultBlankTokens: readonly string[] = [
  ...['NULL', 'null', '\\N', '(null)', '<null>', '(NULL)', '<NULL>'],
  ...['nan', 'NaN', 'NaT', '<NA>', 'None'],
  ...['N/A', 'n/a', '#N/A', '-', '--', '–', '—'],
];

/** Which texts are read as a blank cell, according to the mapping. */
export interface BlankTokenRule {
  /** `false`: no text is. */
  readonly isOn: boolean;
  /** Texts besides those of the table. */
  readonly also: readonly string[];
  /** Texts of the table that are values here. */
  readonly allow: readonly string[];
}

export const defaultBlankTokenRule: BlankTokenRule = { isOn: true, also: [], allow: [] };

/** The texts that are read as a blank cell. */
export interface BlankTokens {
  /** @param text - trimmed */
  has(text: string): boolean;
  /** Whether the mapping itself names the text: then a failed formula that shows it counts as blank, too. */
  isNamed(text: string): boolean;
  /** Whether a token may begin with the character. */
  mayBegin(code: number): boolean;
}

/** @param nullToken - clears a field, so that it is no blank */
export function createBlankTokens({ isOn, also, allow }: BlankTokenRule, nullToken?: string): BlankTokens {
  const named = new Set(isOn ? also.map(trimText) : []);
  const all = new Set(isOn ? [...defaultBlankTokens, ...named] : []);
  for (const text of allow) all.delete(trimText(text));
  if (nullToken !== undefined) all.delete(nullToken);
  const firsts = new Set([...all].map((token) => token.charCodeAt(0)));
  return {
    has: (text) => all.has(text),
    isNamed: (text) => named.has(text) && all.has(text),
    mayBegin: (code) => firsts.has(code),
  };
}
