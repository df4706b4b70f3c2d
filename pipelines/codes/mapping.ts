import type { CodeTable } from './code-table.js';

const fixMapping = 'Correct this in the mapping; `mypos-customers mapping check` shows the line.';
const formatAsText = 'Format the column as text, enter the digits again from the original source, and export again.';
const fixCell =
  'Correct the cell in the rejects file and import that file, or add a transform or type to the mapping that accepts the value.';

/** Codes about a mapping, and about values that it does not accept. */
export const mappingCodes = {
  // The mapping file.
  MAPPING_MISSING: {
    meaning: 'The mapping cannot be read.',
    nextStep:
      'Specify your mapping with --mapping; mappings.example.json shows what one looks like, and mypos-customers mapping suggest <file> proposes one.',
    exit: 2,
  },
  MAPPING_NOT_JSON: {
    meaning: 'The mapping is not valid JSON.',
    nextStep: 'Look for a missing comma, quote or bracket at or just before the position in the message.',
    exit: 2,
  },
  MAPPING_TEST_MISSING: { meaning: 'There is no such file of test cases.', nextStep: 'Check the file name.', exit: 2 },
  MAPPING_TEST_NOT_JSON: {
    meaning: 'The file of test cases is not valid JSON.',
    nextStep: 'Look at or just before the position in the message.',
    exit: 2,
  },
  MAPPING_TEST_WRONG: {
    meaning: 'A test case is not complete or has an unknown property.',
    nextStep: 'A test case needs a "row" and either the expected "customer" or the expected "errors".',
    exit: 2,
  },
  MAPPING_WRONG: {
    meaning: 'The mapping cannot be used.',
    nextStep:
      'Correct the mapping; `mypos-customers mapping check` shows each error with its line, without the network.',
    exit: 2,
  },

  // What is wrong in a mapping.
  ABSENT_WITHOUT_KEY: {
    meaning: 'Customers that are missing from a file can only be found by a key.',
    nextStep: 'Add a "key" (the old system’s own number), or remove "absent".',
    exit: 2,
  },
  CHOICE_UNKNOWN: { meaning: 'A value that is none of the allowed ones.', nextStep: fixMapping, exit: 2 },
  COLUMN_AMBIGUOUS: {
    meaning: 'Several columns of the file have this name but for case and spaces.',
    nextStep: 'Write the name in the mapping exactly as one of the columns has it.',
    exit: 2,
  },
  COLUMN_MISSING: {
    meaning: 'The file has no such column.',
    nextStep: 'Use the column name as it is in the file; the message suggests the closest one.',
    exit: 2,
  },
  COLUMN_UNMAPPED: {
    meaning: 'The file has a column that the mapping does not mention, and `unmapped` is `warn` or `error`.',
    nextStep: 'Map the column, or add it to "ignore".',
    exit: 2,
  },
  CUSTOM_FIELD_INVALID: {
    meaning: 'A declared field has an impossible name or one that the API uses itself.',
    nextStep: fixMapping,
    exit: 2,
  },
  DATE_FORMATS_CONFLICT: {
    meaning: 'Two date formats read the same text as different dates.',
    nextStep: fixMapping,
    exit: 2,
  },
  DATE_FORMAT_INVALID: {
    meaning: 'A date format that cannot be parsed or is incomplete.',
    nextStep: fixMapping,
    exit: 2,
  },
  EXPRESSION_INVALID: {
    meaning: 'An expression that cannot be parsed, or that does something that is not allowed.',
    nextStep: fixMapping,
    exit: 2,
  },
  FIELD_SERVER_KEPT: {
    meaning: 'This field is maintained by the server; an import cannot set it.',
    nextStep: 'Remove the field from the mapping.',
    exit: 2,
  },
  FIELD_UNKNOWN: {
    meaning: 'A customer has no such field, and `customFields` does not declare it.',
    nextStep:
      'In `--fields`: use the suggested name, or add `--full` for fields that are only in the details. In a mapping: correct it, or declare your own field under "customFields".',
    exit: 2,
  },
  GUARD_INVALID: {
    meaning: 'A guard that is neither a percentage nor one of the allowed values.',
    nextStep: fixMapping,
    exit: 2,
  },
  KEY_MISSING: {
    meaning: 'The mapping has no "key"; in a row: the key column is blank.',
    nextStep: 'Use --mapping to specify the mapping that the import used. In a row: fill in the key.',
    exit: 2,
  },
  KEY_ALONE: {
    meaning: 'Without "match" or "stamp", only the state folder tells which customer a key belongs to.',
    nextStep: 'Add a "match" beside the key, or a "stamp"; `mypos-customers mapping suggest` proposes both.',
  },
  KEY_SOURCE_INVALID: {
    meaning: 'The name of the source of a key has a colon or a line break in it.',
    nextStep: fixMapping,
    exit: 2,
  },
  LOOKUP_FILE_UNUSABLE: {
    meaning: 'The file of a lookup is missing, or is not a CSV file with two columns.',
    nextStep: fixMapping,
    exit: 2,
  },
  LOOKUP_INVALID: { meaning: 'A lookup that is empty or lists a blank value.', nextStep: fixMapping, exit: 2 },
  MATCH_MISSING: {
    meaning: 'The mode must find existing customers, but the mapping does not say how.',
    nextStep:
      'Add a "key" (the old system’s own number), map "customerCode", or name fields in "match"; for customers that are all new, use --mode add.',
    exit: 2,
  },
  MATCH_NOT_LISTED: {
    meaning: 'The list of customers does not include the field, so customers cannot be matched by it.',
    nextStep:
      'Remove the field from "match" in the mapping. If it holds your own number, make it the "stamp" of a "key" and read the existing keys with: mypos-customers crosswalk rebuild',
    exit: 2,
  },
  MATCH_NOT_MAPPED: { meaning: 'A field to match by gets no value from the file.', nextStep: fixMapping, exit: 2 },
  MODE_AND_COMMAND: {
    meaning: 'With a command column, each row decides for itself, so only the mode upsert can be used.',
    nextStep: 'Leave out --mode, or remove "command" from the mapping.',
    exit: 2,
  },
  OPTION_INVALID: { meaning: 'Options of a transform that cannot be combined.', nextStep: fixMapping, exit: 2 },
  OPTION_UNUSED: {
    meaning: 'An option that has no effect in combination with the others.',
    nextStep: fixMapping,
    exit: 2,
  },
  PATTERN_INVALID: {
    meaning: 'A regular expression that is wrong, too long, or does what patterns of a mapping cannot.',
    nextStep: fixMapping,
    exit: 2,
  },
  PROPERTY_MISSING: { meaning: 'A required property is missing.', nextStep: fixMapping, exit: 2 },
  PROPERTY_UNKNOWN: { meaning: 'A property that is not part of a mapping.', nextStep: fixMapping, exit: 2 },
  SIGN_INVALID: { meaning: 'A decimal or group sign that cannot work.', nextStep: fixMapping, exit: 2 },
  SOURCE_CONFLICT: {
    meaning: 'A field names more than one source for its value.',
    nextStep: fixMapping,
    exit: 2,
  },
  SOURCE_MISSING: { meaning: 'A field or key names neither a column nor a value.', nextStep: fixMapping, exit: 2 },
  STAMP_INVALID: { meaning: 'The key cannot be written to this field.', nextStep: fixMapping, exit: 2 },
  TRANSFORM_UNKNOWN: { meaning: 'There is no such transform.', nextStep: fixMapping, exit: 2 },
  TYPE_MISMATCH: { meaning: 'The type produces values that the field does not accept.', nextStep: fixMapping, exit: 2 },
  TYPE_NEEDED: {
    meaning: 'The field is not a text field, and a cell is text unless the mapping gives a type.',
    nextStep: fixMapping,
    exit: 2,
  },
  VALUE_MISMATCH: {
    meaning: 'A value, default or lookup result that the field does not accept.',
    nextStep: fixMapping,
    exit: 2,
  },
  VERSION_UNSUPPORTED: {
    meaning: 'The mapping was written for another version of this program.',
    nextStep: fixMapping,
    exit: 2,
  },
  WORDS_INVALID: {
    meaning: 'Words for yes or no that are blank, or that are listed for both.',
    nextStep: fixMapping,
    exit: 2,
  },
  WRONG_KIND: {
    meaning: 'A value has the wrong kind, e.g. a number where text is expected.',
    nextStep: fixMapping,
    exit: 2,
  },

  // Warnings about a mapping that can be used.
  CANNOT_COME_BACK: {
    meaning: 'A column of the export cannot be imported again unchanged.',
    nextStep: 'Nothing, unless you want to import the file again: then check these columns first.',
  },
  COLUMN_UNUSED: {
    meaning: 'The file has a column that the mapping does not mention.',
    nextStep: 'Map the column, or add it to "ignore".',
  },
  ENCODING: {
    meaning: 'Text files are written in UTF-8, but the mapping expects another encoding.',
    nextStep: 'Add --encoding utf-8 when you import this file.',
  },
  FIELDS_NOT_LISTED: {
    meaning: 'The list of customers does not include these fields, so their columns are blank.',
    nextStep: 'Add --full, or leave these columns out.',
  },
  FIELD_FOUND: {
    meaning: 'The customers of the API have a field that the mapping does not know.',
    nextStep: 'Declare it under "customFields" if you want to map it.',
  },
  FIELD_NOT_FOUND: {
    meaning: 'The customers of the API do not have this field.',
    nextStep: 'Correct the name, or ask MYPOS Connect for the field.',
  },
  FIELD_TYPE_DIFFERS: {
    meaning: 'In the customers of the API, this field has a different type.',
    nextStep: 'Declare it under "customFields" with the type that the API uses.',
  },
  HEADER_ROW: {
    meaning: 'The header of the export is in row 1, but the mapping expects it in another row.',
    nextStep: 'Add --header-row 1 when you import this file.',
  },
  NAME_UNMAPPED: {
    meaning: 'No name is mapped, and a new customer needs `customerName`, `firstName` or `lastName`.',
    nextStep: 'Map a column to customerName, firstName or lastName.',
  },
  NEVER_WRITTEN: {
    meaning: 'The field is only written to new customers, and the mapping adds none.',
    nextStep: 'Change "write" of the field, or the "mode" of the mapping.',
  },
  NOTHING_IDENTIFIES: {
    meaning: 'Without a key, a `customerCode` or a `match`, a second import adds every customer again.',
    nextStep: 'Add a "key" (the old system’s own number) or a "match".',
  },
  NOTHING_TO_MAP: {
    meaning: 'No column looks like a field of a customer.',
    nextStep: 'Check sheet and header row (--sheet, --header-row), or write the mapping yourself: see docs/mapping.md.',
    exit: 3,
  },
  NO_CUSTOMERS: {
    meaning: 'The API has no customer to compare with.',
    nextStep:
      'Nothing, if there are none yet; otherwise `mypos-customers doctor` shows whether this user may read them.',
  },
  NO_WAY_BACK: {
    meaning: 'An export cannot reverse this exactly.',
    nextStep: 'Nothing, unless you want to import exported files again: then leave the transform out.',
  },
  VALUES_MISFIT: {
    meaning: 'Values in the file do not fit the mapping.',
    nextStep: 'Correct the type or transform in the mapping, or the cells; `mypos-customers check` lists every row.',
  },

  // Cells that cannot be mapped.
  CELL_CUT: {
    meaning:
      'The text was truncated to the limit of a workbook cell when it was exported; importing it would lose the rest.',
    nextStep: 'Empty the cell to leave the field unchanged, or use the full text from a CSV export.',
  },
  CELL_ERROR: {
    meaning: 'The cell holds a spreadsheet error or a formula that was never calculated.',
    nextStep:
      'Fix the formula in the workbook, or clear the cell; open and save it in Excel if it was never calculated.',
  },
  EXPRESSION_FAILED: {
    meaning: 'The expression does not produce a single value for this row.',
    nextStep:
      'Correct the cell, or the "expression" in the mapping; `mypos-customers mapping test` tries it on rows of your own.',
  },
  IMPOSSIBLE_DATE: {
    meaning: 'The text looks like a date, but there is no such date.',
    nextStep: 'Correct the date. If the day and the month are the wrong way round, change "format" in the mapping.',
  },
  NOT_AN_INTEGER: {
    meaning: 'The number has decimals, but the field only accepts whole numbers.',
    nextStep: 'Enter a whole number.',
  },
  NOT_A_BOOLEAN: {
    meaning: 'The text is not one of the words for yes or no.',
    nextStep: 'Correct the cell, or add its word to "true" or "false" in the mapping.',
  },
  NOT_A_DATE: {
    meaning: 'The text does not match any of the declared date formats.',
    nextStep: 'Correct the cell, or add its format to "format" in the mapping.',
  },
  NOT_A_NUMBER: {
    meaning: 'The text is not a number with the declared decimal and group signs.',
    nextStep: 'Correct the cell, or declare its signs in the mapping with "decimal" and "group".',
  },
  NOT_IN_LOOKUP: {
    meaning: 'The lookup does not contain the text.',
    nextStep: 'Correct the cell, or add its text to the "lookup"; "otherwise" says what to do with other values.',
  },
  NUMBER_DAMAGED: {
    meaning: 'A spreadsheet program shortened a long number, e.g. to 6.14E+10; the digits are lost.',
    nextStep: formatAsText,
  },
  NUMBER_TOO_LONG: {
    meaning: 'The number has more than 15 significant digits and would be rounded.',
    nextStep: 'Map the column to a text field: with so many digits it is not an amount.',
  },
  PATTERN_NOT_FOUND: {
    meaning: 'The text does not match the pattern of `extract`.',
    nextStep: 'Correct the cell, or set "otherwise" in the "extract" transform to keep or blank such values.',
  },
  PHONE_INVALID: {
    meaning: 'The text is not a valid phone number.',
    nextStep:
      'Correct the number. Or, in the "phone" transform, set "country", or set "otherwise" to keep or blank such values.',
  },
  TRUNCATED: {
    meaning: 'For information: `truncate` shortened the text.',
    nextStep: 'Nothing, if that was intended; otherwise increase the length in the mapping.',
  },

  ADDRESS_TAKEN_OUT: {
    meaning: 'For information: the cell has a name beside the e-mail address, or several addresses; one was taken.',
    nextStep: 'Nothing, if it is the right one; otherwise edit the cell.',
  },

  // Values that the field cannot hold.
  EMAIL_INVALID: {
    meaning: 'The text is not an e-mail address.',
    nextStep: `${fixCell} The transform "email" tidies spaces and "mailto:".`,
  },
  NOT_CLEARABLE: {
    meaning: 'The field always has a value and cannot be cleared.',
    nextStep: 'Enter a value, or leave the cell blank with "blank": "keep".',
  },
  OUT_OF_RANGE: {
    meaning: 'The number is too small or too large.',
    nextStep: 'Enter a number within the range in the message.',
  },
  TEXT_DAMAGED: {
    meaning: 'The text contains � in place of characters that were lost in an earlier conversion.',
    nextStep: 'Enter the characters again, or export the file again as UTF-8.',
  },
  TEXT_TOO_LONG: {
    meaning: 'The text is longer than a cell allows.',
    nextStep: 'Shorten the text, or add "truncate" to the mapping.',
  },
  WRONG_TYPE: {
    meaning: 'The value does not have the type of the field.',
    nextStep: 'Add a "type" or a "lookup" to the field in the mapping.',
  },
} as const satisfies CodeTable;
