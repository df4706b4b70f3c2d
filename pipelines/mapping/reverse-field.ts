import type { JsonValue } from '#pipelines/customer.js';
import { type Cell, textOf } from '#pipelines/row.js';
import type { CellType } from './cell-types/cell-type.js';
import { cellTypeFor } from './cell-types/cell-types.js';
import type { FieldType, FieldValue } from './customer-fields.js';
import { isFailure } from './gather-cells.js';
import type { ColumnRule, Lookup, TransformStep } from './mapping.js';
import { spreadOver } from './spread-over.js';
import { isTransformName, transforms } from './transforms/transforms.js';
import { dateCell } from './workbook-date.js';

/** A field's value as cells, one for each of the field's columns. */
export type WriteField = (value: JsonValue | undefined) => readonly Cell[];

/** What JavaScript calls a value that a field of each type holds; the API may hold others, which are written as text. */
const primitives = {
  string: 'string',
  date: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
} as const satisfies Record<FieldType, string>;

export interface WayBack {
  /** Dates as a workbook's own, where it can hold them. */
  readonly typedDates: boolean;
  /** What stands for nothing. */
  readonly blank: string;
}

/** Whether a field is one column, and the cell its value as it is. */
export function isWrittenPlainly(rule: ColumnRule): boolean {
  return rule.lookup === undefined && rule.transforms.length === 0 && rule.columns.length === 1;
}

/** Makes the way back of a field: type, lookup, transforms, columns, each inverted as far as it can be. */
export function reverseField(rule: ColumnRule, { typedDates, blank }: WayBack): WriteField {
  const type = cellTypeFor(rule.type);
  const listed = rule.lookup === undefined ? undefined : reverseLookup(rule.lookup, type);
  const undo = reverseTransforms(rule.transforms);
  const isPlain = isWrittenPlainly(rule);
  const dated = typedDates && isPlain && rule.type.name === 'date' ? dateCell(rule.type.formats) : undefined;
  const blanks = rule.columns.map((_, position) => (position === 0 ? blank : ''));
  const own = primitives[rule.fieldType];

  return (value) => {
    if (value === undefined || value === null || value === '') return blanks;
    if (typeof value === 'object') return spreadOver(JSON.stringify(value), rule);
    const cell = dated?.(value) ?? (typeof value === own ? type.toCell(value) : String(value));
    if (isPlain) return [cell];
    return spreadOver(undo(listed?.get(value) ?? textOf(cell)), rule);
  };
}

/** Several texts may stand for one value: the one that the mapping lists first comes back. */
function reverseLookup({ entries }: Lookup, type: CellType): ReadonlyMap<JsonValue, string> {
  const reversed = new Map<JsonValue, string>();
  for (const [from, to] of entries) {
    const value: FieldValue | ReturnType<CellType['fromText']> = typeof to === 'string' ? type.fromText(to) : to;
    if (!isFailure(value) && !reversed.has(value)) reversed.set(value, from);
  }
  return reversed;
}

function reverseTransforms(steps: readonly TransformStep[]): (text: string) => string {
  const inverses = steps.toReversed().flatMap(({ name, options }) => {
    const definition = isTransformName(name) ? transforms[name] : undefined;
    return definition !== undefined && 'inverse' in definition ? [definition.inverse(options)] : [];
  });
  return (text) => inverses.reduce((current, inverse) => inverse(current), text);
}

/** Why a field's text cannot come back as it was; `undefined` when it can. */
export function lostBy(steps: readonly TransformStep[]): string | undefined {
  for (const { name } of steps) {
    const definition = isTransformName(name) ? transforms[name] : undefined;
    if (definition !== undefined && 'noInverse' in definition)
      return `"${name}" has no inverse: ${definition.noInverse}`;
  }
  return undefined;
}
