import type { TypeName, TypeRule } from '#pipelines/mapping/mapping.js';
import { createBooleanType } from './boolean.js';
import type { CellType } from './cell-type.js';
import { createDateType } from './date.js';
import { createNumberType } from './number.js';
import { stringType } from './string.js';

const cellTypes = {
  string: () => stringType,
  number: createNumberType,
  integer: createNumberType,
  boolean: createBooleanType,
  date: createDateType,
} as const satisfies { [Name in TypeName]: (rule: Extract<TypeRule, { name: Name }>) => CellType };

export const typeNames = Object.keys(cellTypes) as readonly TypeName[];

/** Makes a type's converters ready for use. */
export function createCellType(rule: TypeRule): CellType {
  const make = cellTypes[rule.name] as (rule: TypeRule) => CellType;
  return make(rule);
}
