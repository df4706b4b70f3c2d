import { guardRules } from '#pipelines/guards.js';
import { typeNames } from './cell-types/cell-types.js';
import { type CustomFields, customerFields, type FieldType, fieldTypes, identityFields } from './customer-fields.js';
import { blankPolicies, decimalSigns, groupSigns, lookupFallbacks, modes, unmappedPolicies } from './mapping.js';
import {
  type columnProperties,
  commandProperties,
  fallbackProperties,
  fieldProperties,
  keyProperties,
  mappingProperties,
  sourceProperties,
} from './mapping-properties.js';
import type { OptionKind, Transform, TransformOption } from './transforms/transform.js';
import { transforms } from './transforms/transforms.js';

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
export function mappingSchema(customFields: CustomFields = {}): JsonSchema {
  const root = {
    $schema: { type: 'string' },
    version: { const: 1 },
    source: objectOf(sourceProperties, {
      sheet: text,
      headerRow: { type: 'integer', minimum: 1 },
      encoding: text,
      delimiter: { type: 'string', pattern: '^(?:.|\\t|auto)$' },
      lenientQuotes: { type: 'boolean' },
      skipHidden: { type: 'boolean' },
    }),
    mode: { enum: modes },
    key: { ...objectOf(keyProperties, { ...columnSchemas, stamp: text }), oneOf: exactlyOneOf('column', 'columns') },
    match: texts,
    command: { anyOf: [text, { ...objectOf(commandProperties, { column: text }), required: ['column'] }] },
    guards: objectOf(guardRules, {
      ...{ fewerRowsPercent: percent, newPercent: percent, changedPercent: percent },
      ...{ deactivatedPercent: percent, invalidPercent: percent },
      header: { enum: ['same'] },
    }),
    fields: fieldsSchema(customFields),
    customFields: { type: 'object', additionalProperties: { enum: fieldTypes } },
    ignore: texts,
    unmapped: { enum: unmappedPolicies },
    blank: { enum: blankPolicies },
    nullToken: text,
  } satisfies Record<keyof typeof mappingProperties, JsonSchema>;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: mappingSchemaTitle,
    ...objectOf(mappingProperties, root),
    required: ['fields'],
    definitions: { field: fieldSchema(), transform: { anyOf: Object.entries(transforms).map(transformSchema) } },
  };
}

const columnSchemas = {
  column: text,
  columns: { ...texts, minItems: 1 },
  join: { type: 'string' },
} satisfies Record<keyof typeof columnProperties, JsonSchema>;

/** Names of the customer's fields complete in an editor; others are the client's own. */
function fieldsSchema(customFields: CustomFields): JsonSchema {
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

function fieldSchema(): JsonSchema {
  const properties = {
    ...columnSchemas,
    value: anyValue,
    expression: text,
    transform: { type: 'array', items: { $ref: '#/definitions/transform' } },
    lookup: { anyOf: [{ type: 'object', minProperties: 1, additionalProperties: anyValue }, text] },
    otherwise: {
      anyOf: [{ enum: lookupFallbacks }, { ...objectOf(fallbackProperties, { value: anyValue }), required: ['value'] }],
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
      { ...objectOf(fieldProperties, properties), oneOf: exactlyOneOf('column', 'columns', 'value', 'expression') },
    ],
  };
}

function transformSchema([name, { about, options }]: readonly [string, Transform]): JsonSchema {
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
        properties: Object.fromEntries(Object.entries(options).map(([option, rule]) => [option, optionSchema(rule)])),
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

function optionSchema(option: TransformOption): JsonSchema {
  const fallback = option.default === undefined ? {} : { default: option.default };
  return { ...optionSchemas[option.kind](option), description: option.about, ...fallback };
}

function objectOf<Table extends Readonly<Record<string, string>>>(
  about: Table,
  schemas: { readonly [Name in keyof Table]: JsonSchema },
): JsonSchema {
  const described = Object.entries(about).map(([name, description]) => [name, { ...schemas[name], description }]);
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(described) };
}

function exactlyOneOf(...names: readonly string[]): readonly JsonSchema[] {
  return names.map((name) => ({ required: [name] }));
}
