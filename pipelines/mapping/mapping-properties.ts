/** Every property of a mapping file and what it is for: the one source of the parser and of the published schema. */
export const mappingProperties = {
  $schema: 'Where editors find the schema of this file.',
  version: 'The version of the format: 1.',
  source: 'How the file is to be read. Options of the command go first.',
  mode: 'What an import does: add new customers, update known ones, or upsert: whichever fits.',
  key: "The legacy system's own identifier of a customer; it makes upsert, resume and re-run safe.",
  match: 'Fields by which an upsert finds its customer when there is neither a key nor a customerCode.',
  command:
    'The column that says what to do with each row: NEW, MERGE (also when blank), UPDATE, REPLACE, DELETE or IGNORE.',
  guards: 'What makes an import refuse to begin, before anything is sent.',
  fields: "The customer's fields, each with where its value comes from.",
  customFields: "The client's own fields that the API does not list, with what they hold.",
  ignore: 'Columns that are left out on purpose.',
  unmapped: 'What happens to columns that the mapping does not mention.',
  blank: "What a blank cell does on an update: keep the customer's value, or clear it.",
  nullToken: 'A cell with exactly this text clears the field.',
} as const;

export const sourceProperties = {
  sheet: 'The name of the sheet in a workbook.',
  headerRow: 'The row that has the column names, from 1.',
  encoding: 'The encoding of a text file, or "auto".',
  delimiter: 'The sign between two cells of a text file, or "auto".',
  lenientQuotes: 'Whether a quotation mark inside a cell without quotation marks is text. Default: false.',
  skipHidden: 'Whether hidden rows and columns of a workbook are left out. Default: false.',
} as const;

export const columnProperties = {
  column: 'The column of the file.',
  columns: 'Several columns that are joined; blank ones are left out.',
  join: 'What stands between the joined columns. Default: a space.',
} as const;

export const commandProperties = { column: 'The column of the file.' } as const;

export const keyProperties = {
  ...columnProperties,
  stamp: "A field of the customer that also carries the key, so that it can be found again from the API's data.",
} as const;

export const fieldProperties = {
  ...columnProperties,
  value: 'A fixed value for every customer, in place of a column.',
  expression: "A JSONata formula over the row, in place of a column, e.g. 'Since ' & $row.`Customer Since`.",
  transform: 'Named changes to the text, in this order.',
  lookup: 'Texts of the file and the values that they stand for, or the name of a CSV file that lists them.',
  otherwise: 'What becomes of a text that the lookup does not list.',
  type: 'What the text is to be read as. Default: string.',
  decimal: 'The decimal sign of numbers. Default: a point.',
  group: 'The sign between groups of three digits. Default: none.',
  true: 'Words that mean yes.',
  false: 'Words that mean no.',
  format: 'The form of dates, in tokens such as DD/MM/YYYY.',
  formats: 'Several forms of dates; the first that fits counts.',
  default: 'Stands in for a blank cell.',
} as const;

export const fallbackProperties = { value: 'The value that stands in.' } as const;

/** The names of a property table, typed. */
export function namesOf<Table extends object>(table: Table): readonly (keyof Table & string)[] {
  return Object.keys(table) as (keyof Table & string)[];
}
