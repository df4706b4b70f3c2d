import type { TypeName, TypeRule } from '#pipelines/mapping/mapping.js';
import { booleanType } from './boolean-type.js';
import type { CellType } from './cell-type.js';
import { dateType } from './date-type.js';
import { numberType } from './number-type.js';
import { stringType } from './string-type.js';

const cellTypes = {
  string: () => stringType,
  number: numberType,
  integer: numberType,
  boolean: booleanType,
  date: dateType,
} as const satisfies { [Name in TypeName]: (rule: Extract<TypeRule, { name: Name }>) => CellType };

export const typeNames = Object.keys(cellTypes) as readonly TypeName[];

/** Makes a type's converters ready for use. */
export function cellTypeFor(rule: TypeRule): CellType {
  const make = cellTypes[rule.name] as (rule: TypeRule) => CellType;
  return make(rule);
}
