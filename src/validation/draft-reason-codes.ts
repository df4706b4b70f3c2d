/** Every code of a reason why a draft may not be sent, and what it means. */
export const draftReasonCodes = {
  WRONG_TYPE: 'The value is not of the kind that the field holds.',
  NOT_CLEARABLE: 'The field always has a value and cannot be cleared.',
  OUT_OF_RANGE: 'The number is too small or too large.',
  TEXT_TOO_LONG: 'The text is longer than any cell can hold.',
  TEXT_DAMAGED: 'The text has the mark of letters that were lost in an earlier conversion.',
  EMAIL_INVALID: 'The text is not an e-mail address.',
  FIELD_UNKNOWN: 'The customer has no such field.',
  FIELD_SERVER_KEPT: 'The server keeps or gives this field.',
} as const;

export type DraftReasonCode = keyof typeof draftReasonCodes;
