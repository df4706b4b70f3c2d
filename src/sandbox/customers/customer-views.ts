import type { Customer, JsonValue } from '../../../pipelines/customer.js';
import { ruleOf } from './customer-fields.js';

/** A customer as two JSON texts, so that a list needs no parsing and the detail no second copy. */
export interface CustomerViews {
  readonly flat: string;
  readonly deep: string;
}

export function splitViews(customer: Customer): CustomerViews {
  const flat: [string, JsonValue][] = [];
  const deep: [string, JsonValue][] = [];
  for (const entry of Object.entries(customer)) (ruleOf(entry[0])?.view === 'flat' ? flat : deep).push(entry);
  return { flat: JSON.stringify(Object.fromEntries(flat)), deep: JSON.stringify(Object.fromEntries(deep)) };
}

/** The whole customer as JSON. Neither view is ever empty: both hold fields that every customer has. */
export function joinViews({ flat, deep }: CustomerViews): string {
  return `${flat.slice(0, -1)},${deep.slice(1)}`;
}

/** A list's row: the flat view and the two fields that ride on every row. */
export function listRow(flat: string, rowNumber: number, total: number): string {
  return `${flat.slice(0, -1)},"customSortRowNumber":${rowNumber},"liTotalCount":${total}}`;
}
