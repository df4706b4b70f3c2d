import { guards } from '#pipelines/guards.js';
import { readingOptions } from '#pipelines/reading-options.js';
import {
  anyText,
  choice,
  isObject,
  type JsonSchema,
  list,
  type ObjectOf,
  object,
  optional,
  record,
  required,
  type Shape,
  shape,
  type TypeOf,
  text,
  textOr,
} from '#pipelines/shape.js';
import { type BlankTokenRule, defaultBlankTokenRule } from './blank-tokens.js';
import { type CustomFields, customerFields, type FieldType, fieldTypes, identityFields } from './fields.js';
import { defaultPlaceholders, type PlaceholderRule } from './key.js';
import {
  absentPolicies,
  blankPolicies,
  cellTextPolicies,
  conflictPolicies,
  lookupFallbacks,
  type MatchRule,
  modes,
  namelessPolicies,
  takePolicies,
  unmappedPolicies,
  writePolicies,
} from './mapping.js';
import { buildTransformSchema, transformStep } from './transforms/transforms.js';
import { typeNames, typeOptions } from './types/cell-types.js';

/** The one version of the format that there is. */
const supportedVersion = 1;

/** Any single value; whether it fits its field is checked where the field is known. */
const anyValue: Shape<unknown> = shape({ type: ['string', 'number', 'boolean', 'null'] }, ({ value }) => value);

const columnProperties = {
  column: optional(text(), 'The column of the file.'),
  columns: optional(
    list(text(), { code: 'SOURCE_MISSING', message: 'The list of columns is empty; name at least one' }),
    'Several columns, which are joined; blank ones are left out.',
  ),
  join: optional(anyText(), 'The text between joined columns. Default: a space.'),
};

/** The key is never one of several columns: what identifies a customer must not depend on what else is blank. */
const takeProperty = {
  take: optional(
    choice(takePolicies),
    'What becomes of several columns: all are joined, or the first that is not blank is used. Default: all.',
  ),
};

/** When a field is written; for a field, and once for all fields of a mapping. */
const writeProperties = {
  write: optional(
    choice(writePolicies),
    'When an existing customer gets the value: always, never (create: new customers only), when it has none, or when the value in the file has changed. Default: always; whenEmpty for "default" and "value".',
  ),
  conflict: optional(
    choice(conflictPolicies),
    'With whenChanged, whose value is kept if the file and the account have both changed it: file, account, or ask. Default: file.',
  ),
};
const textList = list(text());

/** Changes to a table of texts that this program has: further ones, some that are values here, or none of them. */
function textTable(
  lists: Shape<{ readonly also?: readonly string[] | undefined; readonly allow?: readonly string[] | undefined }>,
) {
  return shape<PlaceholderRule>({ anyOf: [{ const: false }, textList.schema, lists.schema] }, (node) => {
    if (node.value === false) return { ...defaultPlaceholders, isOn: false };
    if (Array.isArray(node.value)) return { ...defaultPlaceholders, also: textList.read(node) ?? [] };
    if (!isObject(node.value)) return node.reportKind('false, a list in [ ] or an object in { }');
    const { also = [], allow = [] } = lists.read(node) ?? {};
    return { isOn: true, also, allow };
  });
}

const placeholders = textTable(
  object({
    also: optional(textList, 'Further texts that are no keys.'),
    allow: optional(textList, 'Texts that are keys here, although they are usually written where there is none.'),
  }),
);

const blankTokenTable = textTable(
  object({
    also: optional(textList, 'Further texts that are read as blank.'),
    allow: optional(textList, 'Texts that are values here, although they usually stand for nothing.'),
  }),
);

/** An empty list says that no text is blank. */
const blankTokens = shape<BlankTokenRule>(blankTokenTable.schema, (node) => {
  const rule = blankTokenTable.read(node);
  return Array.isArray(node.value) && node.value.length === 0 ? { ...defaultBlankTokenRule, isOn: false } : rule;
});

export const keyProperties = {
  ...columnProperties,
  source: optional(
    text(),
    'The name of the system or branch that the keys are of: the same key of another source is another customer.',
  ),
  placeholders: optional(
    placeholders,
    'Texts that are no keys, such as NULL: a list of further ones, { "also": [ ], "allow": [ ] }, or false to take every text as a key.',
  ),
  stamp: optional(
    text(),
    'A customer field that also stores the key, so that customers can be found by it in the API.',
  ),
};

/** Texts and their values. The content of a lookup file has been put in place of its name before a mapping is read. */
const lookup = shape({ anyOf: [record(anyValue).schema, text().schema] }, (node) =>
  record(anyValue, {
    code: 'LOOKUP_INVALID',
    message: 'The lookup is empty; list at least one text and its value',
  }).read(node),
);

/** Where a value can come from; a rule has exactly one of them. */
export const ruleSources = ['column', 'columns', 'value', 'expression'] as const;

export const fieldProperties = {
  ...columnProperties,
  ...takeProperty,
  value: optional(anyValue, 'A fixed value for every customer, instead of a column.'),
  expression: optional(
    text(),
    "A JSONata expression over the row, instead of a column, e.g. 'Since ' & $row.`Customer Since`.",
  ),
  transform: optional(list(transformStep), 'Changes to the text, applied in this order.'),
  lookup: optional(lookup, 'Values in the file and what each becomes, or the name of a CSV file that lists them.'),
  otherwise: optional(
    textOr(
      choice(lookupFallbacks),
      object({ value: required(anyValue, 'The value to use instead.') }),
      'one of the choices',
    ),
    'The result for a value that the lookup does not contain; without a lookup, for a value that does not fit the field: error, or blank, which leaves it out and imports the row.',
  ),
  type: optional(choice(typeNames), 'The type to read the text as. Default: string.'),
  default: optional(anyValue, 'The value for a blank cell.'),
  ...writeProperties,
};

// The options of the types are checked by the type that a rule names.
const longFieldRule: Shape<ObjectOf<typeof fieldProperties>> = object(
  { ...fieldProperties, ...typeOptions },
  ruleSources,
);

const fieldRule = textOr(text(), longFieldRule, 'the name of a column');

/** The rule of one field as a mapping file has it. */
export type FieldRuleDocument = TypeOf<typeof fieldRule>;

/** A list of fields is the short form of a list with one list of fields. */
const match = shape<MatchRule>(
  { anyOf: [textList.schema, { type: 'array', items: { ...textList.schema, minItems: 1 } }] },
  (node) => {
    const items = node.items();
    if (!items.some(({ value }) => Array.isArray(value))) {
      const fields = textList.read(node);
      return fields === undefined ? undefined : fields.length === 0 ? [] : [fields];
    }
    return items.flatMap((item) => {
      if (!Array.isArray(item.value)) {
        item.reportKind('a list in [ ], as the other items are');
        return [];
      }
      const fields = textList.read(item);
      return fields === undefined || fields.length === 0 ? [] : [fields];
    });
  },
);

const version = shape({ const: supportedVersion }, (node) =>
  node.value === supportedVersion
    ? supportedVersion
    : node.report(
        'VERSION_UNSUPPORTED',
        `This program reads mappings of version ${supportedVersion}; set "version": ${supportedVersion}, or use a newer version of the program`,
      ),
);

export const mappingProperties = {
  $schema: optional(anyText(), 'Where editors find the JSON Schema of this file.'),
  version: optional(version, 'The version of the file format: 1.'),
  source: optional(object(readingOptions), 'How to read the file. Options of the command take precedence.'),
  mode: optional(choice(modes), 'What an import does: add new customers, update known ones, or upsert (either).'),
  key: optional(
    object(keyProperties, ['column', 'columns']),
    "The old system's own identifier of a customer; it makes it safe to upsert, resume and repeat an import.",
  ),
  match: optional(
    match,
    'Fields that must all fit, or lists of such fields that are tried in turn: they find the customer of a row that neither customerCode nor a known key tells.',
  ),
  command: optional(
    textOr(text(), object({ column: required(text(), 'The column of the file.') }), 'the name of a column'),
    'The column that says what to do with each row: NEW, MERGE (also when blank), UPDATE, REPLACE, DELETE or IGNORE.',
  ),
  guards: optional(guards, 'Conditions under which an import refuses to start, before anything is sent.'),
  absent: optional(
    choice(absentPolicies),
    'For files that list every customer of this key: report customers that are in no row, or make them inactive.',
  ),
  fields: required(
    record(named('field', fieldRule), { code: 'PROPERTY_MISSING', message: 'No field is mapped; map at least one' }),
    "The customer's fields, each with the source of its value.",
  ),
  customFields: optional(
    record(choice(fieldTypes)),
    "The company's own fields, which the API does not list, with their types.",
  ),
  ignore: optional(list(text()), 'Columns that are deliberately left out.'),
  unmapped: optional(choice(unmappedPolicies), 'What happens to columns that the mapping does not mention.'),
  blank: optional(
    choice(blankPolicies),
    "What a blank cell does on an update: keep the customer's value, or clear it.",
  ),
  nullToken: optional(text(), 'A cell with exactly this text clears the field.'),
  blankTokens: optional(
    blankTokens,
    'Texts that are read as a blank cell, beside those of the built-in table (NULL, N/A, nan and others): a list of further ones, { "also": [ ], "allow": [ ] }, or false or [ ] to take every text as a value.',
  ),
  cellTexts: optional(
    choice(cellTextPolicies),
    'clean: an apostrophe or ="…" that guards a value, control characters, and ".0" behind every number of a column are taken off. asWritten: every text is taken as it is. Default: clean.',
  ),
  nameless: optional(
    choice(namelessPolicies),
    'What a row without any name, key, e-mail address and telephone number is: an error (default), or a customer (allow).',
  ),
  ...writeProperties,
};

/** What a mapping file may say, before its parts are checked against each other. */
export const mappingShape = object(mappingProperties);

export type MappingDocument = TypeOf<typeof mappingShape>;

/** Identifies a schema file as one of ours. */
export const mappingSchemaTitle = 'A mapping of mypos-customers';

/**
 * The published JSON Schema of a mapping file.
 *
 * @param customFields - the company's own fields, which editors are to complete, too
 */
export function buildMappingSchema(customFields: CustomFields = {}): JsonSchema {
  const { type, properties, ...rest } = mappingShape.schema;
  const { fields } = properties as { readonly fields: JsonSchema };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: mappingSchemaTitle,
    type,
    ...rest,
    properties: { ...(properties as object), fields: { ...fields, properties: completeFields(customFields) } },
    definitions: { field: fieldRule.schema, transform: buildTransformSchema() },
  };
}

/** Names of the customer's fields, which an editor completes; others are the company's own. */
function completeFields(customFields: CustomFields): JsonSchema {
  const known = [
    ...Object.entries<FieldType>(customerFields),
    ...identityFields.map((name) => [name, 'string'] as const),
    ...Object.entries(customFields),
  ];
  return Object.fromEntries(
    known.map(([name, type]) => [name, { description: `${name} (${type})`, allOf: [{ $ref: '#/definitions/field' }] }]),
  );
}

/** A shape that the schema defines once and refers to. */
function named<Value>(name: string, { read }: Shape<Value>): Shape<Value> {
  return { schema: { $ref: `#/definitions/${name}` }, read };
}
