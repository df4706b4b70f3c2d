import type { JsonNode } from '#pipelines/shape.js';
import { compileExpression } from './expressions.js';
import { type FieldType, type FieldValue, identityFields, isClearable } from './fields.js';
import {
  type ColumnRule,
  type ColumnSource,
  decimalSigns,
  type ExpressionRule,
  type FieldRule,
  groupSigns,
  type Lookup,
  type LookupFallback,
  lookupFallbacks,
  type TransformStep,
  type TypeName,
  type TypeRule,
  type ValueRule,
} from './mapping.js';
import { suggestNames } from './nearest-name.js';
import { normaliseName } from './normalise-name.js';
import { fallbackProperties, fieldProperties, listNames } from './schema.js';
import type { Transform, TransformOption } from './transforms/transform.js';
import { optionReaders } from './transforms/transform-options.js';
import { isTransformName, transformNames, transforms } from './transforms/transforms.js';
import { defaultBooleanWords } from './types/boolean.js';
import { typeNames } from './types/cell-types.js';
import { doDateFormatsConflict, findDateFormatFault } from './types/date.js';

const defaultJoin = ' ';

/** Reads `column`, or `columns` with `join`, of a field or the key; the caller has seen that one of them is there. */
export function parseColumns(place: JsonNode): ColumnSource | undefined {
  if (place.has('join') && !place.has('columns'))
    place.at('join').report('OPTION_UNUSED', '"join" works on several columns; use "columns", or leave it out');
  if (place.has('columns')) return parseList(place);
  const column = place.at('column').asText();
  return column === undefined ? undefined : { columns: [column], join: defaultJoin };
}

function parseList(place: JsonNode): ColumnSource | undefined {
  const list = place.at('columns');
  const columns = list.asTexts();
  const join = place.at('join').asAnyText() ?? defaultJoin;
  if (columns === undefined) return undefined;
  if (columns.length > 0) return { columns, join };
  return list.report('SOURCE_MISSING', 'The list of columns is empty; name at least one');
}

const civilDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?$/;

/** What a literal for a field of each type is called, and which ones fit. */
const literals = {
  string: { called: 'text in quotes', fits: (value) => typeof value === 'string' },
  number: { called: 'a number without quotes', fits: Number.isFinite },
  integer: { called: 'a whole number without quotes', fits: Number.isSafeInteger },
  boolean: { called: 'true or false without quotes', fits: (value) => typeof value === 'boolean' },
  date: { called: 'a date such as "2024-03-31"', fits: (value) => typeof value === 'string' && civilDate.test(value) },
} as const satisfies Record<FieldType, { called: string; fits: (value: unknown) => boolean }>;

/** Reads a value that goes to the customer as it stands. */
function parseValue(place: JsonNode, field: string, fieldType: FieldType): FieldValue | undefined {
  if (place.isAbsent || fitsField(place.value, fieldType)) return place.value as FieldValue | undefined;
  const { called } = literals[fieldType];
  return place.report('VALUE_MISMATCH', `${field} holds ${called}; ${JSON.stringify(place.value)} does not fit`);
}

function fitsField(value: unknown, fieldType: FieldType): value is FieldValue {
  return value === null ? isClearable[fieldType] : literals[fieldType].fits(value);
}

/** Reads `lookup` and `otherwise` of a field. */
function parseLookup(rule: JsonNode, field: string, fieldType: FieldType): Lookup | undefined {
  const place = rule.at('lookup');
  if (place.isAbsent && rule.has('otherwise'))
    rule.at('otherwise').report('OPTION_UNUSED', '"otherwise" belongs to a "lookup"; add one, or leave it out');
  if (!place.isObject()) return undefined;
  const entries = place.entries();
  if (entries.length === 0) place.report('LOOKUP_INVALID', 'The lookup is empty; list at least one text and its value');
  return {
    entries: entries.flatMap(([from, to]) => {
      const value = parseResult(to, field, fieldType, rule.has('type'));
      return isListable(from, to) && value !== undefined ? [[from, value] as const] : [];
    }),
    otherwise: parseFallback(rule.at('otherwise'), field, fieldType),
  };
}

/** A text that the type is going to read may stand for a value of any kind. */
function parseResult(place: JsonNode, field: string, fieldType: FieldType, hasType: boolean): FieldValue | undefined {
  const isReadByType = hasType && typeof place.value === 'string' && !fitsField(place.value, fieldType);
  return isReadByType ? (place.value as string) : parseValue(place, field, fieldType);
}

function isListable(from: string, place: JsonNode): boolean {
  if (from.trim() !== '') return true;
  place.report('LOOKUP_INVALID', 'A blank cell is never looked up; use "default" for it');
  return false;
}

function parseFallback(place: JsonNode, field: string, fieldType: FieldType): LookupFallback {
  if (place.isAbsent) return 'error';
  if (typeof place.value === 'string') return place.asChoice(lookupFallbacks) ?? 'error';
  if (!place.isObjectOf(listNames(fallbackProperties))) return 'error';
  const value = parseValue(place.at('value'), field, fieldType);
  if (value !== undefined) return { value };
  if (!place.has('value')) place.report('PROPERTY_MISSING', 'Say which value stands in: { "value": … }');
  return 'error';
}

interface TypeOptions {
  readonly options: readonly string[];
  readonly read: (rule: JsonNode) => TypeRule | undefined;
}

const numberOptions = ['decimal', 'group'] as const;

/** The options that each type has, and how they are read. */
const readers = {
  string: { options: [], read: () => ({ name: 'string' }) },
  number: { options: numberOptions, read: (rule) => readNumber(rule, 'number') },
  integer: { options: numberOptions, read: (rule) => readNumber(rule, 'integer') },
  boolean: { options: ['true', 'false'], read: readBoolean },
  date: { options: ['format', 'formats'], read: readDate },
} as const satisfies Record<TypeName, TypeOptions>;

/** Reads the options of a type, and reports those that belong to another one. */
function parseTypeOptions(rule: JsonNode, name: TypeName): TypeRule | undefined {
  for (const [other, { options }] of Object.entries(readers)) {
    const foreign = options.filter((option) => !(readers[name].options as readonly string[]).includes(option));
    for (const option of foreign.filter((candidate) => rule.has(candidate) && other !== 'integer'))
      rule
        .at(option)
        .report('OPTION_UNUSED', `"${option}" belongs to "type": "${other}"; add that type, or leave it out`);
  }
  return readers[name].read(rule);
}

function readNumber(rule: JsonNode, name: 'number' | 'integer'): TypeRule {
  const decimal = rule.at('decimal').asChoice(decimalSigns) ?? '.';
  const group = rule.at('group').asChoice(groupSigns);
  if (group === decimal)
    rule.at('group').report('SIGN_INVALID', `"${decimal}" is the decimal sign already; declare "decimal" as well`);
  return { name, decimal, ...(group !== undefined && { group }) };
}

/** Once one list is given, only declared words count. */
function readBoolean(rule: JsonNode): TypeRule {
  if (!rule.has('true') && !rule.has('false')) return { name: 'boolean', ...defaultBooleanWords };
  const trueWords = rule.at('true').asTexts() ?? [];
  const falseWords = rule.at('false').asTexts() ?? [];
  if (trueWords.length + falseWords.length === 0)
    rule.report('WORDS_INVALID', 'No word means yes or no; list at least one under "true" or "false"');
  const yes = new Set(trueWords.map(normaliseName));
  for (const word of falseWords.filter((candidate) => yes.has(normaliseName(candidate))))
    rule.at('false').report('WORDS_INVALID', `"${word}" cannot mean yes and no; take it out of one list`);
  return { name: 'boolean', trueWords, falseWords };
}

function readDate(rule: JsonNode): TypeRule | undefined {
  if (rule.has('format') === rule.has('formats'))
    return rule.report(
      'PROPERTY_MISSING',
      'A date needs its form: give either "format": "DD/MM/YYYY" or a list "formats"',
    );
  const places = rule.has('format') ? [rule.at('format')] : (rule.at('formats').asList() ?? []);
  const formats = places.flatMap((place) => place.asText() ?? []);
  const faults = places.flatMap((place) => readFormatFault(place) ?? []);
  if (rule.has('formats') && places.length === 0)
    return rule.at('formats').report('PROPERTY_MISSING', 'The list of formats is empty; name at least one');
  if (faults.length === 0) reportConflicts(rule, formats);
  return formats.length === 0 ? undefined : { name: 'date', formats };
}

function readFormatFault(place: JsonNode): string | undefined {
  const format = typeof place.value === 'string' ? place.value : '';
  const fault = findDateFormatFault(format);
  if (fault !== undefined && format.trim() !== '')
    place.report('DATE_FORMAT_INVALID', `The format "${format}" ${fault}`);
  return fault;
}

function reportConflicts(rule: JsonNode, formats: readonly string[]): void {
  formats.forEach((format, position) => {
    const other = formats.slice(0, position).find((earlier) => doDateFormatsConflict(earlier, format));
    if (other !== undefined)
      rule
        .at('formats')
        .report(
          'DATE_FORMATS_CONFLICT',
          `"${other}" and "${format}" read one text as two dates; keep the one that the file uses`,
        );
  });
}

/** Which types give values that a field of each type can hold; the first is the one to offer. */
const compatibleTypes = {
  string: ['string', 'date'],
  number: ['number', 'integer'],
  integer: ['integer'],
  boolean: ['boolean'],
  date: ['date'],
} as const satisfies Record<FieldType, readonly TypeName[]>;

const typeDescriptions = {
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
function parseType(
  rule: JsonNode,
  field: string,
  fieldType: FieldType,
  lookup: Lookup | undefined,
): TypeRule | undefined {
  const place = rule.at('type');
  const [offered] = compatibleTypes[fieldType];
  if (place.isAbsent) {
    if (fieldType === 'string' || givesFinalValues(lookup)) return parseTypeOptions(rule, 'string');
    return rule.report('TYPE_NEEDED', `${field} is ${typeDescriptions[fieldType]}: add "type": "${offered}"`);
  }
  const name = place.asChoice(typeNames);
  if (name === undefined) return undefined;
  if (!compatibleTypes[fieldType].some((fitting) => fitting === name))
    return place.report('TYPE_MISMATCH', describeTypeMismatch(field, fieldType, offered));
  return parseTypeOptions(rule, name);
}

function describeTypeMismatch(field: string, fieldType: FieldType, offered: TypeName): string {
  if (fieldType === 'string') return `${field} is text: leave "type" out, so that leading zeros and the like stay`;
  return `${field} is ${typeDescriptions[fieldType]}: write "type": "${offered}"`;
}

function givesFinalValues(lookup: Lookup | undefined): boolean {
  if (lookup === undefined || lookup.otherwise === 'keep') return false;
  return lookup.entries.every(([, value]) => typeof value !== 'string');
}

/** Reads the list of transforms: names, or objects with one name and its options. */
function parseTransforms(place: JsonNode): readonly TransformStep[] {
  return (place.asList() ?? []).flatMap((item) => parseStep(item) ?? []);
}

function parseStep(place: JsonNode): TransformStep | undefined {
  if (typeof place.value === 'string') return parseNamed(place.value, place, undefined);
  if (!place.isObject()) return undefined;
  const [entry, ...others] = place.entries();
  if (entry === undefined || others.length > 0)
    return place.report('WRONG_KIND', 'Expected one transform, such as "trim" or { "pad": { "length": 4 } }');
  return parseNamed(entry[0], place, entry[1]);
}

function parseNamed(name: string, place: JsonNode, options: JsonNode | undefined): TransformStep | undefined {
  if (isTransformName(name)) return parseOptions(name, transforms[name], place, options);
  return place.report('TRANSFORM_UNKNOWN', `There is no transform "${name}"; ${suggestNames(name, transformNames)}`);
}

function parseOptions(name: string, definition: Transform, place: JsonNode, options: JsonNode | undefined) {
  if (options !== undefined && !options.isObjectOf(Object.keys(definition.options))) return undefined;
  const values: { [option: string]: string | number } = {};
  for (const [option, rule] of Object.entries(definition.options)) {
    const value = options === undefined || !options.has(option) ? rule.default : readOption(options.at(option), rule);
    if (value !== undefined) values[option] = value;
    else if (options === undefined || !options.has(option))
      place.report('PROPERTY_MISSING', `"${name}" needs "${option}": write { "${name}": { "${option}": … } }`);
  }
  const isWhole = Object.keys(definition.options).every((option) => option in values);
  const fault = isWhole ? definition.findFault?.(values) : undefined;
  if (fault !== undefined) place.report('OPTION_INVALID', fault);
  return { name, options: values };
}

function readOption(place: JsonNode, rule: TransformOption): string | number | undefined {
  return optionReaders[rule.kind](place, rule);
}

const sourceProperties_ = ['column', 'columns', 'value', 'expression'] as const;

/** What may stand next to `value`: nothing, since a constant is what it is. */
const ruleSources = listNames(fieldProperties).filter((name) => !sourceProperties_.some((origin) => origin === name));

/** Reads the rule for one field: the short form with a column's name, or an object. */
export function parseField(place: JsonNode, field: string, fieldType: FieldType): FieldRule | undefined {
  if (typeof place.value === 'string') return parseShortRule(place, field, fieldType);
  if (!place.isObjectOf(listNames(fieldProperties))) return undefined;
  const given = sourceProperties_.filter((origin) => place.has(origin));
  const [origin] = given;
  if (origin === undefined)
    return place.report('SOURCE_MISSING', `Nothing says where ${field} comes from; add a "column" or a fixed "value"`);
  if (given.length > 1)
    return place.report(
      'SOURCE_CONFLICT',
      `${given.map((name) => `"${name}"`).join(' and ')} exclude each other; keep one`,
    );
  if (origin === 'expression') return parseExpressionRule(place, field, fieldType);
  return origin === 'value' ? parseConstantRule(place, field, fieldType) : parseColumnRule(place, field, fieldType);
}

function parseShortRule(place: JsonNode, field: string, fieldType: FieldType): FieldRule | undefined {
  const column = place.asText();
  const type = parseType(place, field, fieldType, undefined);
  if (column === undefined || type === undefined) return undefined;
  return { kind: 'columns', field, fieldType, columns: [column], join: ' ', transforms: [], type };
}

function parseConstantRule(place: JsonNode, field: string, fieldType: FieldType): FieldRule | undefined {
  for (const name of ruleSources.filter((option) => place.has(option)))
    place.at(name).report('OPTION_UNUSED', `"${name}" has no effect on a fixed value; leave it out`);
  if (identityFields.some((name) => name === field))
    return place.at('value').report('VALUE_MISMATCH', `${field} says which customer a row means; map it to a column`);
  const value = parseValue(place.at('value'), field, fieldType);
  return value === undefined ? undefined : { kind: 'constant', field, value };
}

function parseColumnRule(place: JsonNode, field: string, fieldType: FieldType): ColumnRule | undefined {
  const source = parseColumns(place);
  const rule = parseValueRule(place, field, fieldType);
  return source === undefined || rule === undefined ? undefined : { kind: 'columns', ...source, ...rule };
}

function parseExpressionRule(place: JsonNode, field: string, fieldType: FieldType): ExpressionRule | undefined {
  const text = place.at('expression').asText();
  const compilation = text === undefined ? undefined : compileExpression(text);
  if (compilation?.ok === false)
    for (const fault of compilation.faults) place.at('expression').report('EXPRESSION_INVALID', fault);
  if (place.has('join'))
    place.at('join').report('OPTION_UNUSED', '"join" works on several columns; an expression joins with &');
  const rule = parseValueRule(place, field, fieldType);
  if (text === undefined || compilation?.ok !== true || rule === undefined) return undefined;
  return { kind: 'expression', expression: text, columns: compilation.expression.columns, ...rule };
}

/** What becomes of the text, whether cells or an expression give it. */
function parseValueRule(place: JsonNode, field: string, fieldType: FieldType): ValueRule | undefined {
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
