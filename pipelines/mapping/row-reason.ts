/** Every code of a reason why a cell could not be mapped, and what it means. */
export const rowReasonCodes = {
  KEY_MISSING: 'The key column is blank.',
  COMMAND_UNKNOWN: 'The command column holds another word than NEW, MERGE, UPDATE, REPLACE, DELETE or IGNORE.',
  CELL_ERROR: 'The cell holds a spreadsheet error or a formula that was never calculated.',
  CELL_CUT: 'The text was cut to what a cell of a workbook holds when it was exported; writing it would lose the rest.',
  NUMBER_DAMAGED: 'A spreadsheet program shortened a long number, e.g. to 6.14E+10; the digits are lost.',
  NOT_A_NUMBER: 'The text is not a number with the declared signs.',
  NUMBER_TOO_LONG: 'The number has more than 15 significant digits and would be rounded.',
  NOT_AN_INTEGER: 'The number has decimals and the field takes whole numbers.',
  NOT_A_BOOLEAN: 'The text is none of the yes and no words.',
  NOT_A_DATE: 'The text does not look like any of the declared date formats.',
  IMPOSSIBLE_DATE: 'The text looks like a date that no calendar has.',
  NOT_IN_LOOKUP: 'The lookup does not list the text.',
  PHONE_INVALID: 'The text is no possible telephone number.',
  EXPRESSION_FAILED: 'The expression gives no single value for this row.',
  PATTERN_NOT_FOUND: 'The pattern of `extract` is not in the text.',
  TRUNCATED: 'A note, not an error: `truncate` cut the text.',
} as const;

export type RowReasonCode = keyof typeof rowReasonCodes;

/** A value that could not be made; the end of the sentence "Credit Limit "12x" …". */
export interface Failure {
  readonly code: RowReasonCode;
  readonly says: string;
}

const longestQuotedText = 80;

/** A value as messages show it: line breaks visible, cut to a readable length. */
export function readable(value: string): string {
  const oneLine = value.replaceAll(/[\r\n]+/g, '⏎');
  if (oneLine.length <= longestQuotedText) return oneLine;
  const halfOfPair = /[\uD800-\uDBFF]$/;
  return `${oneLine.slice(0, longestQuotedText - 1).replace(halfOfPair, '')}…`;
}
