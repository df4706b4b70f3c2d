import type { Customer, JsonValue } from '#pipelines/customer.js';
import type { Cell } from '#pipelines/row.js';
import { cellTypeFor } from './cell-types/cell-types.js';
import { type ColumnContent, contentOfField, type ExportColumn } from './export-column.js';

/**
 * Columns for fields as the API has them, each under its own name: numbers, yes and no, and dates of known fields are
 * what they are, everything else is text.
 */
export function columnsForFields(fields: readonly string[]): readonly ExportColumn[] {
  return fields.map((field) => {
    const holds = contentOfField(field);
    return { name: field, field, holds, cell: (customer: Customer) => cellOf(customer[field], holds) };
  });
}

const number = cellTypeFor({ name: 'number', decimal: '.' });

function cellOf(value: JsonValue | undefined, holds: ColumnContent): Cell {
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
      return value === null ? '' : JSON.stringify(value);
  }
}
