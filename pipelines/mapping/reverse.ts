import { stringifyExactJson } from '#pipelines/exact-json.js';
import { type Cell, type Customer, cellToText, type JsonValue, type TypedCell } from '#pipelines/model.js';
import { isFailure } from './cells.js';
import { type ExportColumn, findColumnContent } from './export-columns.js';
import { type FieldType, type FieldValue, isClearable } from './fields.js';
import { readStampedKey } from './key.js';
import type { ColumnRule, ColumnSource, KeyRule, Lookup, Mapping } from './mapping.js';
import { trimText } from './normalise-name.js';
import { type TransformStep, transforms } from './transforms/transforms.js';
import type { CellType } from './types/cell-type.js';
import { createCellType } from './types/cell-types.js';
import { type DateTokenName, parseDateFormat } from './types/date.js';

/**
 * Splits a joined text over its columns again; all of it goes into the first one when the parts would not give the same
 * text when joined. The last part takes the rest, since a part may contain the joining text itself.
 */
function splitOverColumns(text: string, { columns, join, takesFirst }: ColumnSource): readonly string[] {
  if (takesFirst) return columns.map((_, position) => (position === 0 ? text : ''));
  const parts = splitText(text, columns.length, join);
  const rejoined = parts.map(trimText).filter((part) => part !== '');
  const kept = rejoined.join(join) === text ? parts : [text];
  return columns.map((_, position) => kept[position] ?? '');
}

function splitText(text: string, maxParts: number, join: string): readonly string[] {
  if (join === '' || maxParts === 1) return [text];
  const parts = text.split(join);
  if (parts.length <= maxParts) return parts;
  return [...parts.slice(0, maxParts - 1), parts.slice(maxParts - 1).join(join)];
}

/** Converts a civil date to a workbook's date; `undefined` where a workbook cannot hold it or the text is not complete. */
type ToDateCell = (value: JsonValue) => TypedCell | undefined;

const civilDateTime = /^(\d{4})-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?)?$/;

/** Programs number the days before this one differently, because some of them count a 29 February 1900. */
const firstSafeDay = '1900-03-01';

/** Whether all spreadsheet programs store this civil date as the same number. */
function isWorkbookDate(text: string): boolean {
  const parts = civilDateTime.exec(text);
  return parts !== null && text >= firstSafeDay && Number(parts[1]) <= 9999;
}

/** Dates in the first of the declared formats, with a time where there is one. */
function createDateCell(formats: readonly string[]): ToDateCell {
  const declared = toWorkbookFormat(formats[0] ?? 'YYYY-MM-DD');
  const withTime = /h/.test(declared) ? declared : `${declared} hh:mm:ss`;
  return (value) => {
    if (typeof value !== 'string' || !isWorkbookDate(value)) return undefined;
    return { kind: 'date', text: value, format: value.includes('T') ? withTime : declared };
  };
}

const workbookTokens = {
  YYYY: 'yyyy',
  YY: 'yy',
  MMM: 'mmm',
  MM: 'mm',
  M: 'm',
  DD: 'dd',
  D: 'd',
  HH: 'hh',
  H: 'h',
  hh: 'hh',
  h: 'h',
  mm: 'mm',
  ss: 'ss',
  A: 'AM/PM',
} as const satisfies Record<DateTokenName, string>;

/** A date format in the tokens of workbooks; characters with a meaning there are escaped. */
export function toWorkbookFormat(format: string): string {
  const pieces = parseDateFormat(format) ?? [];
  return pieces
    .map((piece) => {
      if ('token' in piece) return workbookTokens[piece.token];
      return /^[-/.,: ]$/.test(piece.literal) ? piece.literal : `\\${piece.literal}`;
    })
    .join('');
}

/** A field's value as cells, one for each of the field's columns. */
type WriteField = (value: JsonValue | undefined) => readonly Cell[];

/** The JavaScript type of each field type's values; the API may hold others, which are written as text. */
const primitives = {
  string: 'string',
  date: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
} as const satisfies Record<FieldType, string>;

interface ReverseFieldOptions {
  /** Write dates as a workbook's own, where it can hold them. */
  readonly typedDates: boolean;
  /** The text of the first cell when there is no value. */
  readonly blank: string;
}

/** Whether a field is a single column that holds its value unchanged. */
function isPlainColumn(rule: ColumnRule): boolean {
  return rule.lookup === undefined && rule.transforms.length === 0 && rule.columns.length === 1;
}

/** Makes the inverse of a field's rule: type, lookup, transforms and columns, each inverted as far as possible. */
function reverseField(rule: ColumnRule, { typedDates, blank }: ReverseFieldOptions): WriteField {
  const type = createCellType(rule.type);
  const listed = rule.lookup === undefined ? undefined : reverseLookup(rule.lookup, type);
  const undo = reverseTransforms(rule.transforms);
  const isPlain = isPlainColumn(rule);
  const dated = typedDates && isPlain && rule.type.name === 'date' ? createDateCell(rule.type.formats) : undefined;
  const blanks = rule.columns.map((_, position) => (position === 0 ? blank : ''));
  const primitive = primitives[rule.fieldType];

  return (value) => {
    if (value === undefined || value === null || value === '') return blanks;
    if (typeof value === 'object') return splitOverColumns(stringifyExactJson(value), rule);
    const cell = dated?.(value) ?? (typeof value === primitive ? type.toCell(value) : String(value));
    if (isPlain) return [cell];
    return splitOverColumns(undo(listed?.get(value) ?? cellToText(cell)), rule);
  };
}

/** Where several texts have the same value, the one that the mapping lists first is written. */
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
    const definition = transforms[name];
    return 'inverse' in definition ? [definition.inverse(options)] : [];
  });
  return (text) => inverses.reduce((current, inverse) => inverse(current), text);
}

/** Why a field's text cannot be written as it was; `undefined` when it can. */
function findTransformLoss(steps: readonly TransformStep[]): string | undefined {
  for (const { name } of steps) {
    const definition = transforms[name];
    if ('noInverse' in definition) return `"${name}" has no inverse: ${definition.noInverse}`;
  }
  return undefined;
}

/** A part of the mapping that an export cannot reverse. */
export interface ExportLoss {
  readonly field?: string;
  readonly column?: string;
  /** A whole sentence. */
  readonly why: string;
}

interface ReversedMapping {
  /** The key's columns first, then those of the fields in the order of the mapping. */
  readonly columns: readonly ExportColumn[];
  readonly losses: readonly ExportLoss[];
}

export interface ReverseOptions {
  /** Finds the key of a customer in the crosswalk, for a key that no field stores. */
  readonly findKey?: (customer: Customer) => string | undefined;
  /** Write dates as a workbook's own, where it can hold them, instead of in the declared format. @default false */
  readonly typedDates?: boolean;
  /** How the API spells a field: it ignores case, and this program does not. @default as in the mapping */
  readonly spelling?: (field: string) => string;
}

/** Reverses a mapping: the columns of an export, and how a customer fills them. */
export function reverseMapping(mapping: Mapping, options: ReverseOptions = {}): ReversedMapping {
  const columns = new Map<string, ExportColumn>();
  const losses: ExportLoss[] = [];
  addKey(mapping, options, columns);
  for (const rule of mapping.fields) {
    if (rule.kind === 'columns') addField(rule, mapping, options, columns, losses);
    else losses.push({ field: rule.field, why: `${rule.field} ${reasonsForNoColumn[rule.kind]}` });
  }
  for (const column of mapping.key?.columns ?? [])
    if (!columns.has(column)) losses.push({ column, why: `The key is not on the customer; add a "stamp" to the key` });
  for (const column of mapping.ignore)
    losses.push({ column, why: `"${column}" is ignored and is not sent to the API` });
  return { columns: [...columns.values()], losses };
}

const reasonsForNoColumn = {
  constant: 'has a fixed value in the mapping and no column',
  expression: 'comes from an expression, which cannot be reversed',
} as const;

type Columns = Map<string, ExportColumn>;

const keepName = (field: string) => field;

function addKey({ key }: Mapping, options: ReverseOptions, columns: Columns): void {
  const read = key === undefined ? undefined : createKeyReader(key, options);
  if (key === undefined || read === undefined) return;
  key.columns.forEach((name, position) => {
    columns.set(name, {
      name,
      ...(key.stamp !== undefined && { field: key.stamp }),
      content: 'text',
      cell: (customer) => splitOverColumns(read(customer), key)[position] ?? '',
    });
  });
}

function createKeyReader({ stamp, source }: KeyRule, { findKey, spelling = keepName }: ReverseOptions) {
  if (stamp === undefined && findKey === undefined) return undefined;
  const field = stamp === undefined ? undefined : spelling(stamp);
  return (customer: Customer): string => {
    const stamped = field === undefined ? undefined : readStampedKey(customer[field], source);
    return stamped ?? findKey?.(customer) ?? '';
  };
}

/** The first field that names a column fills it. */
function addField(
  rule: ColumnRule,
  mapping: Mapping,
  options: ReverseOptions,
  columns: Columns,
  losses: ExportLoss[],
): void {
  const { field } = rule;
  const { spelling = keepName, typedDates = false } = options;
  const name = spelling(field);
  const fieldOptions: ReverseFieldOptions = { typedDates, blank: chooseBlankCell(rule, mapping) };
  const write = reverseField(rule, fieldOptions);
  const why = findTransformLoss(rule.transforms) ?? findBlankLoss(rule, fieldOptions);
  const content = isPlainColumn(rule) ? findColumnContent(field, mapping.customFields) : 'text';
  rule.columns.forEach((column, position) => {
    const existing = columns.get(column);
    if (why !== undefined) losses.push({ field, column, why: `${field}: ${why}` });
    if (existing === undefined)
      columns.set(column, {
        name: column,
        field,
        content,
        cell: (customer) => write(customer[name])[position] ?? '',
      });
    else if (existing.field !== field)
      losses.push({
        field,
        column,
        why: `${field}: the column "${column}" is filled from ${existing.field ?? 'the key'}`,
      });
  });
}

/** Where a blank cell would be read as the default, only the null token can say that there is no value. */
function chooseBlankCell(rule: ColumnRule, { nullToken }: Mapping): string {
  return rule.default !== undefined && nullToken !== undefined && isClearable[rule.fieldType] ? nullToken : '';
}

function findBlankLoss(rule: ColumnRule, { blank }: ReverseFieldOptions): string | undefined {
  if (rule.default === undefined || rule.default === null || blank !== '') return undefined;
  return `an import would set the default ${JSON.stringify(rule.default)} for a customer without a value`;
}
