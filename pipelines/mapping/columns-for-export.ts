import type { Customer } from '#pipelines/customer.js';
import { isClearable } from './customer-fields.js';
import { contentOfField, type ExportColumn } from './export-column.js';
import type { ColumnRule, KeyRule, Mapping } from './mapping.js';
import { isWrittenPlainly, lostBy, reverseField, type WayBack } from './reverse-field.js';
import { spreadOver } from './spread-over.js';

/** A part of the mapping that an export cannot turn round. */
export interface LostOnExport {
  readonly field?: string;
  readonly column?: string;
  /** A whole sentence. */
  readonly why: string;
}

export interface ReversedMapping {
  /** The key's columns first, then those of the fields in the order of the mapping. */
  readonly columns: readonly ExportColumn[];
  readonly cannotComeBack: readonly LostOnExport[];
}

export interface ExportWishes {
  /** The key of a customer from elsewhere (the crosswalk), for a key that no field carries. */
  readonly keyOf?: (customer: Customer) => string | undefined;
  /** Dates as a workbook's own, where it can hold them, instead of in the declared format. @default false */
  readonly typedDates?: boolean;
  /** How the API spells a field; it does not care about case, and this program does. @default as the mapping does */
  readonly spelling?: (field: string) => string;
}

/** Turns a mapping round: which columns an export has, and how a customer fills them. */
export function columnsForExport(mapping: Mapping, wishes: ExportWishes = {}): ReversedMapping {
  const columns = new Map<string, ExportColumn>();
  const lost: LostOnExport[] = [];
  addKey(mapping, wishes, columns);
  for (const rule of mapping.fields) {
    if (rule.kind === 'columns') addField(rule, mapping, wishes, columns, lost);
    else lost.push({ field: rule.field, why: `${rule.field} ${whyNoColumn[rule.kind]}` });
  }
  for (const column of mapping.key?.columns ?? [])
    if (!columns.has(column)) lost.push({ column, why: `The key is not on the customer; add a "stamp" to the key` });
  for (const column of mapping.ignore) lost.push({ column, why: `"${column}" is ignored and never reaches the API` });
  return { columns: [...columns.values()], cannotComeBack: lost };
}

const whyNoColumn = {
  constant: 'has a fixed value in the mapping and no column',
  expression: 'is made by an expression, which cannot be turned round',
} as const;

type Columns = Map<string, ExportColumn>;

const asItIs = (field: string) => field;

function addKey({ key }: Mapping, wishes: ExportWishes, columns: Columns): void {
  const read = key === undefined ? undefined : keyReader(key, wishes);
  if (key === undefined || read === undefined) return;
  key.columns.forEach((name, position) => {
    columns.set(name, {
      name,
      ...(key.stamp !== undefined && { field: key.stamp }),
      holds: 'text',
      cell: (customer) => spreadOver(read(customer), key)[position] ?? '',
    });
  });
}

function keyReader({ stamp }: KeyRule, { keyOf, spelling = asItIs }: ExportWishes) {
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
  wishes: ExportWishes,
  columns: Columns,
  lost: LostOnExport[],
): void {
  const { field } = rule;
  const { spelling = asItIs, typedDates = false } = wishes;
  const name = spelling(field);
  const wayBack: WayBack = { typedDates, blank: blankCell(rule, mapping) };
  const write = reverseField(rule, wayBack);
  const why = lostBy(rule.transforms) ?? lostBlank(rule, wayBack);
  const holds = isWrittenPlainly(rule) ? contentOfField(field, mapping.customFields) : 'text';
  rule.columns.forEach((column, position) => {
    const holder = columns.get(column);
    if (why !== undefined) lost.push({ field, column, why: `${field}: ${why}` });
    if (holder === undefined)
      columns.set(column, { name: column, field, holds, cell: (customer) => write(customer[name])[position] ?? '' });
    else if (holder.field !== field)
      lost.push({
        field,
        column,
        why: `${field}: the column "${column}" is filled from ${holder.field ?? 'the key'}`,
      });
  });
}

/** Where a blank cell would be read as the default, only the token that clears says that there is nothing. */
function blankCell(rule: ColumnRule, { nullToken }: Mapping): string {
  return rule.default !== undefined && nullToken !== undefined && isClearable[rule.fieldType] ? nullToken : '';
}

function lostBlank(rule: ColumnRule, { blank }: WayBack): string | undefined {
  if (rule.default === undefined || rule.default === null || blank !== '') return undefined;
  return `a customer without one would come back with the default ${JSON.stringify(rule.default)}`;
}
