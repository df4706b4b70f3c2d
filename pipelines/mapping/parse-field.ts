import type { JsonNode } from '#pipelines/shape.js';
import { compileExpression } from './expressions.js';
import { type FieldType, type FieldValue, identityFields, isClearable, percentFields } from './fields.js';
import type { ColumnSource, FieldRule, Lookup, LookupFallback, ValueRule, WritePolicy, WriteRule } from './mapping.js';
import { type FieldRuleDocument, fieldProperties, ruleSources } from './schema.js';
import { fitsFieldType, readTypeRule, suggestType, type TypeRule, typeOptions } from './types/cell-types.js';

type LongRule = Exclude<FieldRuleDocument, string>;

/** The field that a rule is for, and the rule's place in its file. */
interface Target {
  readonly field: string;
  readonly fieldType: FieldType;
  readonly node: JsonNode;
  /** What the mapping says for all fields. */
  readonly write: WritePolicy | undefined;
}

const defaultJoin = ' ';

/** When a value is written, wherever it comes from. */
const writeOptions = ['write', 'conflict'] as const;

/** What a fixed value has no use for. */
const optionsOfText = [...Object.keys(fieldProperties), ...Object.keys(typeOptions)].filter(
  (name) => ![...ruleSources, ...writeOptions].some((useful) => useful === name),
);

/** Checks the rule of one field as a whole. @returns `undefined` when it has reported something that leaves no rule */
export function checkField(document: FieldRuleDocument, target: Target): FieldRule | undefined {
  const { field, node } = target;
  if (typeof document === 'string') return checkColumnRule({ column: document }, target);
  checkWrite(document, target);
  const sources = ruleSources.filter((name) => node.has(name));
  if (sources.length > 1)
    return node.report(
      'SOURCE_CONFLICT',
      `${sources.map((name) => `"${name}"`).join(' and ')} exclude each other; keep one`,
    );
  switch (sources[0]) {
    case undefined:
      return node.report('SOURCE_MISSING', `${field} has no source; add a "column" or a fixed "value"`);
    case 'value':
      return checkConstantRule(document, target);
    case 'expression':
      return checkExpressionRule(document, target);
    case 'column':
    case 'columns':
      return checkColumnRule(document, target);
  }
}

function checkWrite({ write, conflict }: LongRule, { field, node, write: writeAll }: Target): void {
  if (identityFields.some((name) => name === field)) {
    for (const name of writeOptions.filter((option) => node.has(option)))
      node
        .at(name)
        .report('OPTION_UNUSED', `${field} says who the customer is and is never written; leave out "${name}"`);
  } else if (conflict !== undefined && (write ?? writeAll) !== 'whenChanged')
    node.at('conflict').report('OPTION_UNUSED', '"conflict" only works with "write": "whenChanged"');
}

/** When a field, or all fields of a mapping, are written. */
export function readWriteRule({
  write,
  conflict,
}: { readonly [Name in keyof WriteRule]: WriteRule[Name] | undefined }) {
  return { ...(write !== undefined && { write }), ...(conflict !== undefined && { conflict }) };
}

function checkConstantRule(document: LongRule, { field, fieldType, node }: Target): FieldRule | undefined {
  for (const name of optionsOfText.filter((option) => node.has(option)))
    node.at(name).report('OPTION_UNUSED', `"${name}" has no effect on a fixed value; leave it out`);
  if (identityFields.some((name) => name === field))
    return node
      .at('value')
      .report('VALUE_MISMATCH', `${field} identifies the customer of each row; map it to a column`);
  const fitting = checkValue(document.value, node.at('value'), field, fieldType);
  if (fitting === undefined) return undefined;
  return { kind: 'constant', field, value: fitting, ...readWriteRule(document) };
}

function checkColumnRule(document: LongRule, target: Target): FieldRule | undefined {
  const source = checkColumns(document, target.node);
  const rule = checkValueRule(document, target);
  return source === undefined || rule === undefined ? undefined : { kind: 'columns', ...source, ...rule };
}

function checkExpressionRule(document: LongRule, target: Target): FieldRule | undefined {
  const { node } = target;
  const { expression } = document;
  const compilation = expression === undefined ? undefined : compileExpression(expression);
  if (compilation?.ok === false)
    for (const fault of compilation.faults) node.at('expression').report('EXPRESSION_INVALID', fault);
  for (const name of ['join', 'take'] as const)
    if (node.has(name))
      node.at(name).report('OPTION_UNUSED', `"${name}" is for several columns; an expression joins with &`);
  const rule = checkValueRule(document, target);
  if (expression === undefined || compilation?.ok !== true || rule === undefined) return undefined;
  return { kind: 'expression', expression, columns: compilation.expression.columns, ...rule };
}

/** Checks `column`, or `columns` with `join` or `take`, of a field or the key. */
export function checkColumns(
  { column, columns, join = defaultJoin, take }: Pick<LongRule, 'column' | 'columns' | 'join' | 'take'>,
  node: JsonNode,
): ColumnSource | undefined {
  for (const name of ['join', 'take'])
    if (node.has(name) && !node.has('columns'))
      node.at(name).report('OPTION_UNUSED', `"${name}" is for several columns; use "columns", or leave it out`);
  if (take === 'first' && node.has('join'))
    node.at('join').report('OPTION_UNUSED', 'Nothing is joined with "take": "first"; leave out "join"');
  if (columns !== undefined) return { columns, join, ...(take === 'first' && { takesFirst: true as const }) };
  return column === undefined ? undefined : { columns: [column], join: defaultJoin };
}

/** Checks what happens to the text, whether cells or an expression give it. */
function checkValueRule(document: LongRule, target: Target): ValueRule | undefined {
  const { field, fieldType, node } = target;
  const lookup = checkLookup(document, target);
  const type = checkType(document, target, lookup);
  const whenBlank = checkValue(document.default, node.at('default'), field, fieldType);
  if (type === undefined) return undefined;
  return {
    field,
    fieldType,
    transforms: document.transform ?? [],
    ...(lookup !== undefined && { lookup }),
    type,
    ...(whenBlank !== undefined && { default: whenBlank }),
    ...(document.otherwise === 'blank' && { otherwise: 'blank' as const }),
    ...readWriteRule(document),
  };
}

function checkLookup({ lookup, otherwise }: LongRule, { field, fieldType, node }: Target): Lookup | undefined {
  if (node.has('otherwise') && !node.has('lookup')) checkOtherwise(otherwise, field, node.at('otherwise'));
  if (lookup === undefined) return undefined;
  const entries = Object.entries(lookup).flatMap(([from, to]) => {
    const at = node.at('lookup').at(from);
    if (from.trim() === '')
      return at.report('LOOKUP_INVALID', 'A blank cell is never looked up; use "default" for it') ?? [];
    // The type is going to read the text, so any text is allowed.
    const isReadByType = node.has('type') && typeof to === 'string' && !fitsField(to, fieldType);
    const value = isReadByType ? to : checkValue(to, at, field, fieldType);
    return value === undefined ? [] : [[from, value] as const];
  });
  return { entries, otherwise: checkFallback(otherwise, node.at('otherwise').at('value'), field, fieldType) };
}

/** Without a lookup, it says what happens to a value that does not fit its field. */
function checkOtherwise(otherwise: LongRule['otherwise'], field: string, node: JsonNode): void {
  if (identityFields.some((name) => name === field))
    node.report('OPTION_UNUSED', `${field} says who the customer is and cannot be left out; leave out "otherwise"`);
  else if (otherwise !== undefined && otherwise !== 'blank' && otherwise !== 'error')
    node.report(
      'OPTION_UNUSED',
      'Without a "lookup", "otherwise" is "blank" or "error"; use one of them, or add a lookup',
    );
}

function checkFallback(
  otherwise: LongRule['otherwise'],
  node: JsonNode,
  field: string,
  fieldType: FieldType,
): LookupFallback {
  if (otherwise === undefined || typeof otherwise === 'string') return otherwise ?? 'error';
  const value = checkValue(otherwise.value, node, field, fieldType);
  return value === undefined ? 'error' : { value };
}

const typeDescriptions = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  date: 'a date',
} as const satisfies Record<FieldType, string>;

/**
 * Checks `type` and the options that belong to it.
 *
 * A cell is text until a type is named: a field that is not text therefore needs one, unless all values of its lookup
 * are final.
 */
function checkType(
  document: LongRule,
  { field, fieldType, node }: Target,
  lookup: Lookup | undefined,
): TypeRule | undefined {
  const offered = suggestType(fieldType);
  if (!node.has('type')) {
    if (fieldType === 'string' || givesFinalValues(lookup)) return readTypeRule('string', document, node);
    return node.report('TYPE_NEEDED', `${field} is ${typeDescriptions[fieldType]}: add "type": "${offered}"`);
  }
  if (document.type === undefined) return undefined;
  if (fitsFieldType(document.type, fieldType))
    return readTypeRule(document.type, percentFields.has(field) ? { percent: 'shown', ...document } : document, node);
  return node
    .at('type')
    .report(
      'TYPE_MISMATCH',
      fieldType === 'string'
        ? `${field} is text: leave out "type", so that leading zeros are kept`
        : `${field} is ${typeDescriptions[fieldType]}: use "type": "${offered}"`,
    );
}

function givesFinalValues(lookup: Lookup | undefined): boolean {
  if (lookup === undefined || lookup.otherwise === 'keep') return false;
  return lookup.entries.every(([, value]) => typeof value !== 'string');
}

const civilDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?$/;

/** Which values of a mapping fit a field of each type, and what to write. */
const literals = {
  string: { expected: 'text in quotes', fits: (value) => typeof value === 'string' },
  number: { expected: 'a number without quotes', fits: Number.isFinite },
  integer: { expected: 'a whole number without quotes', fits: Number.isSafeInteger },
  boolean: { expected: 'true or false without quotes', fits: (value) => typeof value === 'boolean' },
  date: {
    expected: 'a date such as "2024-03-31"',
    fits: (value) => typeof value === 'string' && civilDate.test(value),
  },
} as const satisfies Record<FieldType, { expected: string; fits: (value: unknown) => boolean }>;

/** Checks a value that goes to the customer as it is; `undefined` when it is absent or reported. */
function checkValue(value: unknown, node: JsonNode, field: string, fieldType: FieldType): FieldValue | undefined {
  if (value === undefined || fitsField(value, fieldType)) return value;
  const { expected } = literals[fieldType];
  return node.report('VALUE_MISMATCH', `${field} must be ${expected}, but is ${JSON.stringify(value)}`);
}

function fitsField(value: unknown, fieldType: FieldType): value is FieldValue {
  return value === null ? isClearable[fieldType] : literals[fieldType].fits(value);
}
