import type { Customer } from '#pipelines/customer.js';
import type { Cell } from '#pipelines/row.js';
import { type CustomFields, type FieldType, moneyFields, typeOfAnyField } from './customer-fields.js';

/** What the cells of a column hold, as far as a workbook formats them differently. */
export type ColumnContent = 'text' | 'number' | 'integer' | 'money' | 'boolean' | 'date';

/** A column of an exported file. */
export interface ExportColumn {
  readonly name: string;
  /** The customer's field that fills it; none for a key that no field carries. */
  readonly field?: string;
  readonly holds: ColumnContent;
  /** A number comes with the declared decimal sign as text and as a value; a blank is an empty text. */
  cell(customer: Customer): Cell;
}

const contents = {
  string: 'text',
  number: 'number',
  integer: 'integer',
  boolean: 'boolean',
  date: 'date',
} as const satisfies Record<FieldType, ColumnContent>;

/** What a field's own values are. */
export function contentOfField(field: string, customFields: CustomFields = {}): ColumnContent {
  return moneyFields.has(field) ? 'money' : contents[typeOfAnyField(field, customFields) ?? 'string'];
}
