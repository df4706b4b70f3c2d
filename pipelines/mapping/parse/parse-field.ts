import { type FieldType, type FieldValue, identityFields } from '#pipelines/mapping/customer-fields.js';
import { compileExpression } from '#pipelines/mapping/expressions/compile-expression.js';
import type { ColumnRule, ExpressionRule, FieldRule, ValueRule } from '#pipelines/mapping/mapping.js';
import { fieldProperties, namesOf } from '#pipelines/mapping/mapping-properties.js';
import { parseColumns } from './parse-columns.js';
import { parseLookup } from './parse-lookup.js';
import { parseTransforms } from './parse-transforms.js';
import { parseType } from './parse-type.js';
import { parseValue } from './parse-value.js';
import type { Place } from './place.js';

const origins = ['column', 'columns', 'value', 'expression'] as const;

/** What may stand next to `value`: nothing, since a constant is what it is. */
const onlyWithColumns = namesOf(fieldProperties).filter((name) => !origins.some((origin) => origin === name));

/** Reads the rule for one field: the short form with a column's name, or an object. */
export function parseField(place: Place, field: string, fieldType: FieldType): FieldRule | undefined {
  if (typeof place.value === 'string') return shortRule(place, field, fieldType);
  if (!place.isObjectOf(namesOf(fieldProperties))) return undefined;
  const given = origins.filter((origin) => place.has(origin));
  const [origin] = given;
  if (origin === undefined)
    return place.problem('SOURCE_MISSING', `Nothing says where ${field} comes from; add a "column" or a fixed "value"`);
  if (given.length > 1)
    return place.problem(
      'SOURCE_CONFLICT',
      `${given.map((name) => `"${name}"`).join(' and ')} exclude each other; keep one`,
    );
  if (origin === 'expression') return expressionRule(place, field, fieldType);
  return origin === 'value' ? constantRule(place, field, fieldType) : columnRule(place, field, fieldType);
}

function shortRule(place: Place, field: string, fieldType: FieldType): FieldRule | undefined {
  const column = place.asText();
  const type = parseType(place, field, fieldType, undefined);
  if (column === undefined || type === undefined) return undefined;
  return { kind: 'columns', field, fieldType, columns: [column], join: ' ', transforms: [], type };
}

function constantRule(place: Place, field: string, fieldType: FieldType): FieldRule | undefined {
  for (const name of onlyWithColumns.filter((option) => place.has(option)))
    place.at(name).problem('OPTION_UNUSED', `"${name}" has no effect on a fixed value; leave it out`);
  if (identityFields.some((name) => name === field))
    return place.at('value').problem('VALUE_MISMATCH', `${field} says which customer a row means; map it to a column`);
  const value = parseValue(place.at('value'), field, fieldType);
  return value === undefined ? undefined : { kind: 'constant', field, value };
}

function columnRule(place: Place, field: string, fieldType: FieldType): ColumnRule | undefined {
  const source = parseColumns(place);
  const rule = valueRule(place, field, fieldType);
  return source === undefined || rule === undefined ? undefined : { kind: 'columns', ...source, ...rule };
}

function expressionRule(place: Place, field: string, fieldType: FieldType): ExpressionRule | undefined {
  const text = place.at('expression').asText();
  const compilation = text === undefined ? undefined : compileExpression(text);
  if (compilation?.ok === false)
    for (const fault of compilation.faults) place.at('expression').problem('EXPRESSION_INVALID', fault);
  if (place.has('join'))
    place.at('join').problem('OPTION_UNUSED', '"join" works on several columns; an expression joins with &');
  const rule = valueRule(place, field, fieldType);
  if (text === undefined || compilation?.ok !== true || rule === undefined) return undefined;
  return { kind: 'expression', expression: text, columns: compilation.expression.columns, ...rule };
}

/** What becomes of the text, whether cells or an expression give it. */
function valueRule(place: Place, field: string, fieldType: FieldType): ValueRule | undefined {
  const transforms = parseTransforms(place.at('transform'));
  const lookup = parseLookup(place, field, fieldType);
  const type = parseType(place, field, fieldType, lookup);
  const fallback: FieldValue | undefined = parseValue(place.at('default'), field, fieldType);
  if (type === undefined) return undefined;
  return {
    field,
    fieldType,
    transforms,
    ...(lookup !== undefined && { lookup }),
    type,
    ...(fallback !== undefined && { default: fallback }),
  };
}
