import { guardRules } from '#pipelines/guards.js';
import { type CustomFields, customerFields, type FieldType, fieldTypes, identityFields } from './fields.js';
import { blankPolicies, decimalSigns, groupSigns, lookupFallbacks, modes, unmappedPolicies } from './mapping.js';
import type { OptionKind, Transform, TransformOption } from './transforms/transform.js';
import { transforms } from './transforms/transforms.js';
import { typeNames } from './types/cell-types.js';

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

const columnProperties = {
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
export function listNames<Table extends object>(table: Table): readonly (keyof Table & string)[] {
  return Object.keys(table) as (keyof Table & string)[];
}

type JsonSchema = { readonly [keyword: string]: unknown };

const text: JsonSchema = { type: 'string', minLength: 1 };
const texts: JsonSchema = { type: 'array', items: text };
const percent: JsonSchema = { type: 'number', minimum: 0, maximum: 100 };
const anyValue: JsonSchema = { type: ['string', 'number', 'boolean', 'null'] };

/** By this, a schema file is known as ours. */
export const mappingSchemaTitle = 'A mapping of mypos-customers';

/**
 * The published JSON Schema of a mapping file, made from the tables that the parser itself reads.
 *
 * @param customFields - the client's own fields, which editors shall complete, too
 */
export function buildMappingSchema(customFields: CustomFields = {}): JsonSchema {
  const root = {
    $schema: { type: 'string' },
    version: { const: 1 },
    source: buildObjectSchema(sourceProperties, {
      sheet: text,
      headerRow: { type: 'integer', minimum: 1 },
      encoding: text,
      delimiter: { type: 'string', pattern: '^(?:.|\\t|auto)$' },
      lenientQuotes: { type: 'boolean' },
      skipHidden: { type: 'boolean' },
    }),
    mode: { enum: modes },
    key: {
      ...buildObjectSchema(keyProperties, { ...columnSchemas, stamp: text }),
      oneOf: requireExactlyOne('column', 'columns'),
    },
    match: texts,
    command: { anyOf: [text, { ...buildObjectSchema(commandProperties, { column: text }), required: ['column'] }] },
    guards: buildObjectSchema(guardRules, {
      ...{ fewerRowsPercent: percent, newPercent: percent, changedPercent: percent },
      ...{ deactivatedPercent: percent, invalidPercent: percent },
      header: { enum: ['same'] },
    }),
    fields: buildFieldsSchema(customFields),
    customFields: { type: 'object', additionalProperties: { enum: fieldTypes } },
    ignore: texts,
    unmapped: { enum: unmappedPolicies },
    blank: { enum: blankPolicies },
    nullToken: text,
  } satisfies Record<keyof typeof mappingProperties, JsonSchema>;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: mappingSchemaTitle,
    ...buildObjectSchema(mappingProperties, root),
    required: ['fields'],
    definitions: {
      field: buildFieldSchema(),
      transform: { anyOf: Object.entries(transforms).map(buildTransformSchema) },
    },
  };
}

const columnSchemas = {
  column: text,
  columns: { ...texts, minItems: 1 },
  join: { type: 'string' },
} satisfies Record<keyof typeof columnProperties, JsonSchema>;

/** Names of the customer's fields complete in an editor; others are the client's own. */
function buildFieldsSchema(customFields: CustomFields): JsonSchema {
  const known = [
    ...Object.entries<FieldType>(customerFields),
    ...identityFields.map((name) => [name, 'string'] as const),
    ...Object.entries(customFields),
  ];
  return {
    type: 'object',
    minProperties: 1,
    properties: Object.fromEntries(
      known.map(([name, type]) => [
        name,
        { description: `${name} (${type})`, allOf: [{ $ref: '#/definitions/field' }] },
      ]),
    ),
    additionalProperties: { $ref: '#/definitions/field' },
  };
}

function buildFieldSchema(): JsonSchema {
  const properties = {
    ...columnSchemas,
    value: anyValue,
    expression: text,
    transform: { type: 'array', items: { $ref: '#/definitions/transform' } },
    lookup: { anyOf: [{ type: 'object', minProperties: 1, additionalProperties: anyValue }, text] },
    otherwise: {
      anyOf: [
        { enum: lookupFallbacks },
        { ...buildObjectSchema(fallbackProperties, { value: anyValue }), required: ['value'] },
      ],
    },
    type: { enum: typeNames },
    decimal: { enum: decimalSigns },
    group: { enum: groupSigns },
    true: texts,
    false: texts,
    format: text,
    formats: { ...texts, minItems: 1 },
    default: anyValue,
  } satisfies Record<keyof typeof fieldProperties, JsonSchema>;
  return {
    anyOf: [
      text,
      {
        ...buildObjectSchema(fieldProperties, properties),
        oneOf: requireExactlyOne('column', 'columns', 'value', 'expression'),
      },
    ],
  };
}

function buildTransformSchema([name, { description: about, options }]: readonly [string, Transform]): JsonSchema {
  const required = Object.keys(options).filter((option) => options[option]?.default === undefined);
  const withOptions = {
    type: 'object',
    additionalProperties: false,
    required: [name],
    properties: {
      [name]: {
        type: 'object',
        description: about,
        additionalProperties: false,
        required,
        properties: Object.fromEntries(
          Object.entries(options).map(([option, rule]) => [option, buildOptionSchema(rule)]),
        ),
      },
    },
  };
  return required.length > 0 ? withOptions : { anyOf: [{ const: name, description: about }, withOptions] };
}

const optionSchemas = {
  count: () => ({ type: 'integer', minimum: 1 }),
  index: () => ({ type: 'integer' }),
  text: (option) => (option.default === '' ? { type: 'string' } : text),
  character: () => ({ type: 'string', minLength: 1, maxLength: 1 }),
  pattern: () => ({ type: 'string', minLength: 1, maxLength: 200, format: 'regex' }),
  choice: (option) => ({ enum: option.choices }),
  country: () => ({ type: 'string', pattern: '^[A-Z]{2}$' }),
  dateFormat: () => text,
} as const satisfies Record<OptionKind, (option: TransformOption) => JsonSchema>;

function buildOptionSchema(option: TransformOption): JsonSchema {
  const fallback = option.default === undefined ? {} : { default: option.default };
  return { ...optionSchemas[option.kind](option), description: option.description, ...fallback };
}

function buildObjectSchema<Table extends Readonly<Record<string, string>>>(
  about: Table,
  schemas: { readonly [Name in keyof Table]: JsonSchema },
): JsonSchema {
  const described = Object.entries(about).map(([name, description]) => [name, { ...schemas[name], description }]);
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(described) };
}

function requireExactlyOne(...names: readonly string[]): readonly JsonSchema[] {
  return names.map((name) => ({ required: [name] }));
}
