import type { CellFailure } from '#pipelines/mapping/cells.js';
import type { FieldType, FieldValue } from '#pipelines/mapping/fields.js';
import type { Cell, TypedCell } from '#pipelines/model.js';
import type { JsonNode, ObjectOf, Properties } from '#pipelines/shape.js';

/** Converts text to a value of one type, and a value back to a cell. */
export interface CellType {
  /** `text` is trimmed and not blank. */
  fromText(text: string): FieldValue | CellFailure;
  /** A value that the workbook itself states; `undefined` when the cell's text is to be read instead. */
  fromTyped(cell: TypedCell): FieldValue | CellFailure | undefined;
  toCell(value: string | number | boolean): Cell;
}

/** Everything about a type that a mapping can name. */
export interface CellTypeDefinition<Options extends Properties, Rule extends { readonly name: string }> {
  /** The types of field that can hold its values; a field of the first type is offered this one. */
  readonly fieldTypes: readonly [FieldType, ...FieldType[]];
  /** The properties of a field's rule that belong to the type. */
  readonly options: Options;
  /** Checks the options together. @returns `undefined` when it has reported something */
  readRule(options: ObjectOf<Options>, node: JsonNode): Rule | undefined;
  /** Makes the converters of a rule ready for use. */
  create(rule: Rule): CellType;
}

/** Checks a definition against its own options and rule. */
export function defineCellType<const Options extends Properties, Rule extends { readonly name: string }>(
  definition: CellTypeDefinition<Options, Rule>,
): CellTypeDefinition<Options, Rule> {
  return definition;
}
