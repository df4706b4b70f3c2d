/** Every code of a problem with a mapping, and what it means. */
export const mappingErrorCodes = {
  WRONG_KIND: 'A value has the wrong kind, e.g. a number where text is expected.',
  PROPERTY_UNKNOWN: 'A property that a mapping does not have.',
  PROPERTY_MISSING: 'A property that must be there is not.',
  CHOICE_UNKNOWN: 'A text that is none of the allowed ones.',
  VERSION_UNSUPPORTED: 'The mapping was written for another version of this program.',
  FIELD_UNKNOWN: 'The customer has no such field, and `customFields` does not declare it.',
  FIELD_SERVER_KEPT: 'The server keeps this field; a file cannot set it.',
  CUSTOM_FIELD_INVALID: 'A declared field has an impossible name or one that the API uses itself.',
  SOURCE_MISSING: 'A field or key says neither a column nor a value.',
  SOURCE_CONFLICT: 'A field says more than one place to take its value from.',
  OPTION_UNUSED: 'An option that has no effect next to the others.',
  TYPE_NEEDED: 'The field is not text, and a cell is text until a type is named.',
  TYPE_MISMATCH: 'The type gives values that the field cannot hold.',
  VALUE_MISMATCH: 'A value, default or lookup result that the field cannot hold.',
  SIGN_INVALID: 'A decimal or group sign that cannot work.',
  WORDS_INVALID: 'Boolean words that are blank, or mean both yes and no.',
  DATE_FORMAT_INVALID: 'A date format that cannot be understood or is not complete.',
  DATE_FORMATS_CONFLICT: 'Two date formats read the same text as different dates.',
  TRANSFORM_UNKNOWN: 'There is no such transform.',
  OPTION_INVALID: 'Options of a transform that do not go together.',
  EXPRESSION_INVALID: 'An expression that cannot be understood, or that does what none may do.',
  PATTERN_INVALID: 'A regular expression that is wrong, too long or too slow.',
  LOOKUP_INVALID: 'A lookup that is empty or lists a blank text.',
  LOOKUP_FILE_UNUSABLE: 'The file of a lookup is not there, or is no CSV file of two columns.',
  STAMP_INVALID: 'The key cannot be written to this field.',
  MATCH_NOT_MAPPED: 'A field to match by gets no value from the file.',
  MATCH_MISSING: 'The mode needs to find customers, and nothing says how.',
  MODE_AND_COMMAND: 'A command column decides row by row, so there is no mode but upsert beside it.',
  GUARD_INVALID: 'A guard that is neither a percentage nor one of its choices.',
  COLUMN_MISSING: 'The file has no such column.',
  COLUMN_AMBIGUOUS: 'Several columns of the file have this name.',
  COLUMN_UNMAPPED: 'The file has a column that the mapping does not mention, and `unmapped` is `error`.',
} as const;

export type MappingErrorCode = keyof typeof mappingErrorCodes;

/** One thing wrong with a mapping. */
export interface MappingError {
  readonly code: MappingErrorCode;
  /** Where in the file: `fields.phoneNumber.transform[0]`; empty for the file as a whole. */
  readonly path: string;
  /** A whole sentence: the fact, then the next step. */
  readonly message: string;
}

/** Every code of a remark on a mapping that can be used, and what it means. */
export const mappingWarningCodes = {
  NAME_UNMAPPED: 'No name is mapped, and a new customer needs `customerName`, `firstName` or `lastName`.',
  NOTHING_IDENTIFIES: 'Without a key, a `customerCode` or a `match`, a second import adds every customer again.',
  COLUMN_UNUSED: 'The file has a column that the mapping does not mention.',
  VALUES_MISFIT: 'Values of the file cannot be taken as the mapping says.',
  NO_WAY_BACK: 'An export cannot bring this back as it was.',
  FIELD_NOT_FOUND: 'The customers that the API has do not show this field.',
  FIELD_FOUND: 'The customers that the API has show a field that the mapping does not know.',
  FIELD_TYPE_DIFFERS: 'The customers that the API has show another type in this field.',
  NO_CUSTOMERS: 'The API has no customer to compare with.',
} as const;

export type MappingWarningCode = keyof typeof mappingWarningCodes;

/** Something worth knowing about a mapping that can be used. */
export interface MappingWarning {
  readonly code: MappingWarningCode;
  /** `note`: so it is; `warning`: probably not as meant. */
  readonly severity: 'warning' | 'note';
  /** Where in the mapping. */
  readonly path: string;
  readonly message: string;
}
