import type { Customer } from '../customer.js';
import type { Cell } from '../row.js';
import type { ColumnRule, KeyRule, Mapping } from './mapping.js';
import { lostBy, reverseField } from './reverse-field.js';
import { spreadOver } from './spread-over.js';

/** A column of an exported file. */
export interface ExportColumn {
  readonly name: string;
  /** The customer's field that fills it; none for a key that no field carries. */
  readonly field?: string;
  /** A number comes with the declared decimal sign as text and as a value; a blank is an empty text. */
  cell(customer: Customer): Cell;
}

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

/**
 * Turns a mapping round: which columns an export has, and how a customer fills them.
 *
 * @param keyOf - the key of a customer from elsewhere (the crosswalk), for a key that no field carries
 */
export function columnsForExport(
  mapping: Mapping,
  keyOf?: (customer: Customer) => string | undefined,
): ReversedMapping {
  const columns = new Map<string, ExportColumn>();
  const lost: LostOnExport[] = [];
  addKey(mapping, keyOf, columns);
  for (const rule of mapping.fields) {
    if (rule.kind === 'columns') addField(rule, columns, lost);
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

function addKey(
  { key }: Mapping,
  keyOf: ((customer: Customer) => string | undefined) | undefined,
  columns: Columns,
): void {
  const read = key === undefined ? undefined : keyReader(key, keyOf);
  if (key === undefined || read === undefined) return;
  key.columns.forEach((name, position) => {
    columns.set(name, {
      name,
      ...(key.stamp !== undefined && { field: key.stamp }),
      cell: (customer) => spreadOver(read(customer), key)[position] ?? '',
    });
  });
}

function keyReader({ stamp }: KeyRule, keyOf: ((customer: Customer) => string | undefined) | undefined) {
  if (stamp === undefined && keyOf === undefined) return undefined;
  return (customer: Customer): string => {
    const stamped = stamp === undefined ? undefined : customer[stamp];
    return typeof stamped === 'string' ? stamped : (keyOf?.(customer) ?? '');
  };
}

/** The first field that names a column fills it. */
function addField(rule: ColumnRule, columns: Columns, lost: LostOnExport[]): void {
  const { field } = rule;
  const write = reverseField(rule);
  const why = lostBy(rule.transforms);
  rule.columns.forEach((name, position) => {
    const holder = columns.get(name);
    if (why !== undefined) lost.push({ field, column: name, why: `${field}: ${why}` });
    if (holder === undefined)
      columns.set(name, { name, field, cell: (customer) => write(customer[field])[position] ?? '' });
    else if (holder.field !== field)
      lost.push({
        field,
        column: name,
        why: `${field}: the column "${name}" is filled from ${holder.field ?? 'the key'}`,
      });
  });
}
