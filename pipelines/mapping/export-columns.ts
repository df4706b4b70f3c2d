import { stringifyExactJson } from '#pipelines/exact-json.js';
import type { Cell, Customer, JsonValue } from '#pipelines/model.js';
import { type CustomFields, type FieldType, findAnyFieldType, moneyFields } from './fields.js';
import { createCellType } from './types/cell-types.js';

/** What the cells of a column hold, as far as a workbook formats them differently. */
export type ColumnContent = 'text' | 'number' | 'integer' | 'money' | 'boolean' | 'date';

/** A column of an exported file. */
export interface ExportColumn {
  readonly name: string;
  /** The customer's field that fills it; none for a key that no field carries. */
  readonly field?: string;
  readonly content: ColumnContent;
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
export function findColumnContent(field: string, customFields: CustomFields = {}): ColumnContent {
  return moneyFields.has(field) ? 'money' : contents[findAnyFieldType(field, customFields) ?? 'string'];
}

/**
 * Columns for fields as the API has them, each under its own name: numbers, yes and no, and dates of known fields are
 * what they are, everything else is text.
 */
export function buildFieldColumns(fields: readonly string[]): readonly ExportColumn[] {
  return fields.map((field) => {
    const content = findColumnContent(field);
    return { name: field, field, content, cell: (customer: Customer) => toCell(customer[field], content) };
  });
}

const number = createCellType({ name: 'number', decimal: '.' });

function toCell(value: JsonValue | undefined, holds: ColumnContent): Cell {
  switch (typeof value) {
    case 'string':
      return holds === 'date' && value !== '' ? { kind: 'date', text: value } : value;
    case 'number':
      return number.toCell(value);
    case 'boolean':
      return { kind: 'boolean', text: String(value), value };
    case 'undefined':
      return '';
    case 'object':
      return value === null ? '' : stringifyExactJson(value);
  }
}
