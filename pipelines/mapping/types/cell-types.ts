import type { FieldType } from '#pipelines/mapping/fields.js';
import type { JsonNode, Properties } from '#pipelines/shape.js';
import { booleanType } from './boolean.js';
import type { CellType, CellTypeDefinition } from './cell-type.js';
import { dateType } from './date.js';
import { integerType, numberType } from './number.js';
import { stringType } from './string.js';

/** Every type by the name that a mapping uses. A new type is a file like `boolean.ts` and a line here. */
const cellTypes = {
  string: stringType,
  number: numberType,
  integer: integerType,
  boolean: booleanType,
  date: dateType,
} as const;

export type TypeName = keyof typeof cellTypes;

/** How the text of a cell becomes a value: a type with its options. */
export type TypeRule = Parameters<(typeof cellTypes)[TypeName]['create']>[0];

type AnyDefinition = CellTypeDefinition<Properties, TypeRule>;

/** The table without the types of the options: each definition only ever gets what its own `readRule` made. */
const definitions = cellTypes as unknown as Readonly<Record<TypeName, AnyDefinition>>;

export const typeNames = Object.keys(cellTypes) as readonly TypeName[];

/** The options of all types; in a field's rule they are properties next to each other. */
export const typeOptions: Properties = Object.assign({}, ...Object.values(definitions).map(({ options }) => options));

/** Makes a type's converters ready for use. */
export function createCellType(rule: TypeRule): CellType {
  return definitions[rule.name].create(rule);
}

/** Whether a field of this type can hold the values of a cell type. */
export function fitsFieldType(name: TypeName, fieldType: FieldType): boolean {
  return definitions[name].fieldTypes.includes(fieldType);
}

/** The cell type to offer for a field. */
export function suggestType(fieldType: FieldType): TypeName {
  return typeNames.find((name) => definitions[name].fieldTypes[0] === fieldType) ?? 'string';
}

/**
 * Reads the options of a type, and reports those that belong to another one.
 *
 * @param options - the field's rule as it was read
 * @param node - the field's rule in its file
 */
export function readTypeRule(name: TypeName, options: object, node: JsonNode): TypeRule | undefined {
  const { options: known } = definitions[name];
  for (const option of Object.keys(typeOptions))
    if (node.has(option) && !Object.hasOwn(known, option)) {
      const owner = typeNames.find((other) => Object.hasOwn(definitions[other].options, option));
      node
        .at(option)
        .report('OPTION_UNUSED', `"${option}" only works with "type": "${owner}"; add that type, or leave it out`);
    }
  return definitions[name].readRule(options as never, node);
}
