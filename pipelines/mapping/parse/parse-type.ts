import { typeNames } from '#pipelines/mapping/cell-types/cell-types.js';
import type { FieldType } from '#pipelines/mapping/customer-fields.js';
import type { Lookup, TypeName, TypeRule } from '#pipelines/mapping/mapping.js';
import type { Place } from './place.js';
import { parseTypeOptions } from './type-options.js';

/** Which types give values that a field of each type can hold; the first is the one to offer. */
const fittingTypes = {
  string: ['string', 'date'],
  number: ['number', 'integer'],
  integer: ['integer'],
  boolean: ['boolean'],
  date: ['date'],
} as const satisfies Record<FieldType, readonly TypeName[]>;

const called = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  date: 'a date',
} as const satisfies Record<FieldType, string>;

/**
 * Reads `type` and the options that belong to it.
 *
 * A cell is text until a type is named: a field that is not text therefore needs one, unless its lookup gives
 * nothing but finished values.
 */
export function parseType(
  rule: Place,
  field: string,
  fieldType: FieldType,
  lookup: Lookup | undefined,
): TypeRule | undefined {
  const place = rule.at('type');
  const [offered] = fittingTypes[fieldType];
  if (place.isAbsent) {
    if (fieldType === 'string' || givesFinishedValues(lookup)) return parseTypeOptions(rule, 'string');
    return rule.problem('TYPE_NEEDED', `${field} is ${called[fieldType]}: add "type": "${offered}"`);
  }
  const name = place.asChoice(typeNames);
  if (name === undefined) return undefined;
  if (!fittingTypes[fieldType].some((fitting) => fitting === name))
    return place.problem('TYPE_MISMATCH', mismatch(field, fieldType, offered));
  return parseTypeOptions(rule, name);
}

function mismatch(field: string, fieldType: FieldType, offered: TypeName): string {
  if (fieldType === 'string') return `${field} is text: leave "type" out, so that leading zeros and the like stay`;
  return `${field} is ${called[fieldType]}: write "type": "${offered}"`;
}

function givesFinishedValues(lookup: Lookup | undefined): boolean {
  if (lookup === undefined || lookup.otherwise === 'keep') return false;
  return lookup.entries.every(([, value]) => typeof value !== 'string');
}
