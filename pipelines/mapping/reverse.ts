import { type Cell, type Customer, cellToText, type JsonValue, type TypedCell } from '#pipelines/model.js';
import { isFailure } from './cells.js';
import { type ExportColumn, findColumnContent } from './export-columns.js';
import { type FieldType, type FieldValue, isClearable } from './fields.js';
import type { ColumnRule, ColumnSource, KeyRule, Lookup, Mapping } from './mapping.js';
import { trimText } from './normalise-name.js';
import { type TransformStep, transforms } from './transforms/transforms.js';
import type { CellType } from './types/cell-type.js';
import { createCellType } from './types/cell-types.js';
import { type DateTokenName, parseDateFormat } from './types/date.js';

/**
 * Spreads a joined text over its columns again: all in the first one when cutting it would not give the same text
 * when joined. What stands beyond the last cut stays together, since a part may hold the joining text itself.
 */
function splitOverColumns(text: string, { columns, join }: ColumnSource): readonly string[] {
  const parts = splitText(text, columns.length, join);
  const rejoined = parts.map(trimText).filter((part) => part !== '');
  const kept = rejoined.join(join) === text ? parts : [text];
  return columns.map((_, position) => kept[position] ?? '');
}

function splitText(text: string, most: number, join: string): readonly string[] {
  if (join === '' || most === 1) return [text];
  const pieces = text.split(join);
  if (pieces.length <= most) return pieces;
  return [...pieces.slice(0, most - 1), pieces.slice(most - 1).join(join)];
}

/** Makes a workbook's date of a civil one; nothing of what a workbook cannot count or the text does not say whole. */
type ToDateCell = (value: JsonValue) => TypedCell | undefined;

const civilDateTime = /^(\d{4})-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?)?$/;

/** Programs count the days before differently, because one of them believes in a 29 February 1900. */
const firstSafeDay = '1900-03-01';

/** Whether all spreadsheet programs know this civil date by the same number. */
function isWorkbookDate(text: string): boolean {
  const parts = civilDateTime.exec(text);
  return parts !== null && text >= firstSafeDay && Number(parts[1]) <= 9999;
}

/** Dates in the first of the declared formats, with a time where there is one. */
function createDateCell(formats: readonly string[]): ToDateCell {
  const declared = workbookFormat(formats[0] ?? 'YYYY-MM-DD');
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
  mm: 'mm',
  ss: 'ss',
} as const satisfies Record<DateTokenName, string>;

/** A format of ours as workbooks write it; signs that mean something there are marked as text. */
function workbookFormat(format: string): string {
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

/** What JavaScript calls a value that a field of each type holds; the API may hold others, which are written as text. */
const primitives = {
  string: 'string',
  date: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
} as const satisfies Record<FieldType, string>;

interface ReverseFieldOptions {
  /** Dates as a workbook's own, where it can hold them. */
  readonly typedDates: boolean;
  /** What stands for nothing. */
  readonly blank: string;
}

/** Whether a field is one column, and the cell its value as it is. */
function isPlainColumn(rule: ColumnRule): boolean {
  return rule.lookup === undefined && rule.transforms.length === 0 && rule.columns.length === 1;
}

/** Makes the way back of a field: type, lookup, transforms, columns, each inverted as far as it can be. */
function reverseField(rule: ColumnRule, { typedDates, blank }: ReverseFieldOptions): WriteField {
  const type = createCellType(rule.type);
  const listed = rule.lookup === undefined ? undefined : reverseLookup(rule.lookup, type);
  const undo = reverseTransforms(rule.transforms);
  const isPlain = isPlainColumn(rule);
  const dated = typedDates && isPlain && rule.type.name === 'date' ? createDateCell(rule.type.formats) : undefined;
  const blanks = rule.columns.map((_, position) => (position === 0 ? blank : ''));
  const own = primitives[rule.fieldType];

  return (value) => {
    if (value === undefined || value === null || value === '') return blanks;
    if (typeof value === 'object') return splitOverColumns(JSON.stringify(value), rule);
    const cell = dated?.(value) ?? (typeof value === own ? type.toCell(value) : String(value));
    if (isPlain) return [cell];
    return splitOverColumns(undo(listed?.get(value) ?? cellToText(cell)), rule);
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
    const definition = transforms[name];
    return 'inverse' in definition ? [definition.inverse(options)] : [];
  });
  return (text) => inverses.reduce((current, inverse) => inverse(current), text);
}

/** Why a field's text cannot come back as it was; `undefined` when it can. */
function findTransformLoss(steps: readonly TransformStep[]): string | undefined {
  for (const { name } of steps) {
    const definition = transforms[name];
    if ('noInverse' in definition) return `"${name}" has no inverse: ${definition.noInverse}`;
  }
  return undefined;
}

/** A part of the mapping that an export cannot turn round. */
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
  /** The key of a customer from elsewhere (the crosswalk), for a key that no field carries. */
  readonly findKey?: (customer: Customer) => string | undefined;
  /** Dates as a workbook's own, where it can hold them, instead of in the declared format. @default false */
  readonly typedDates?: boolean;
  /** How the API spells a field; it does not care about case, and this program does. @default as the mapping does */
  readonly spelling?: (field: string) => string;
}

/** Turns a mapping round: which columns an export has, and how a customer fills them. */
export function reverseMapping(mapping: Mapping, wishes: ReverseOptions = {}): ReversedMapping {
  const columns = new Map<string, ExportColumn>();
  const lost: ExportLoss[] = [];
  addKey(mapping, wishes, columns);
  for (const rule of mapping.fields) {
    if (rule.kind === 'columns') addField(rule, mapping, wishes, columns, lost);
    else lost.push({ field: rule.field, why: `${rule.field} ${reasonsForNoColumn[rule.kind]}` });
  }
  for (const column of mapping.key?.columns ?? [])
    if (!columns.has(column)) lost.push({ column, why: `The key is not on the customer; add a "stamp" to the key` });
  for (const column of mapping.ignore) lost.push({ column, why: `"${column}" is ignored and never reaches the API` });
  return { columns: [...columns.values()], losses: lost };
}

const reasonsForNoColumn = {
  constant: 'has a fixed value in the mapping and no column',
  expression: 'is made by an expression, which cannot be turned round',
} as const;

type Columns = Map<string, ExportColumn>;

const keepName = (field: string) => field;

function addKey({ key }: Mapping, wishes: ReverseOptions, columns: Columns): void {
  const read = key === undefined ? undefined : createKeyReader(key, wishes);
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

function createKeyReader({ stamp }: KeyRule, { findKey: keyOf, spelling = keepName }: ReverseOptions) {
  if (stamp === undefined && keyOf === undefined) return undefined;
  const field = stamp === undefined ? undefined : spelling(stamp);
  return (customer: Customer): string => {
    const stamped = field === undefined ? undefined : customer[field];
    return typeof stamped === 'string' && stamped !== '' ? stamped : (keyOf?.(customer) ?? '');
  };
}

/** The first field that names a column fills it. */
function addField(
  rule: ColumnRule,
  mapping: Mapping,
  wishes: ReverseOptions,
  columns: Columns,
  lost: ExportLoss[],
): void {
  const { field } = rule;
  const { spelling = keepName, typedDates = false } = wishes;
  const name = spelling(field);
  const wayBack: ReverseFieldOptions = { typedDates, blank: chooseBlankCell(rule, mapping) };
  const write = reverseField(rule, wayBack);
  const why = findTransformLoss(rule.transforms) ?? findBlankLoss(rule, wayBack);
  const holds = isPlainColumn(rule) ? findColumnContent(field, mapping.customFields) : 'text';
  rule.columns.forEach((column, position) => {
    const holder = columns.get(column);
    if (why !== undefined) lost.push({ field, column, why: `${field}: ${why}` });
    if (holder === undefined)
      columns.set(column, {
        name: column,
        field,
        content: holds,
        cell: (customer) => write(customer[name])[position] ?? '',
      });
    else if (holder.field !== field)
      lost.push({
        field,
        column,
        why: `${field}: the column "${column}" is filled from ${holder.field ?? 'the key'}`,
      });
  });
}

/** Where a blank cell would be read as the default, only the token that clears says that there is nothing. */
function chooseBlankCell(rule: ColumnRule, { nullToken }: Mapping): string {
  return rule.default !== undefined && nullToken !== undefined && isClearable[rule.fieldType] ? nullToken : '';
}

function findBlankLoss(rule: ColumnRule, { blank }: ReverseFieldOptions): string | undefined {
  if (rule.default === undefined || rule.default === null || blank !== '') return undefined;
  return `a customer without one would come back with the default ${JSON.stringify(rule.default)}`;
}
