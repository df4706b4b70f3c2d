import type { Customer, JsonValue } from '#pipelines/customer.js';
import type { Database, SqlValue, Statement } from '#src/sqlite/open-database.js';
import { type FieldName, ruleOf } from './customer-fields.js';
import { listRow } from './customer-views.js';

/** Which customers a list call asks for, with every argument resolved. */
export interface ListSelection {
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
  readonly sortField: FieldName;
  readonly descending: boolean;
  /** `undefined` for the whole flat view. */
  readonly fields?: readonly string[];
  /** Inclusive, in the API's own notation. */
  readonly editedFromUtc?: string;
  /** Inclusive, in the API's own notation. */
  readonly editedUntilUtc?: string;
}

/** Answers list calls from the store. */
export interface CustomerList {
  /** The page as a JSON array. */
  page(selection: ListSelection): string;
  /** Codes of the first customers of the whole result, whatever its page. */
  firstCodes(selection: ListSelection, count: number): string[];
}

export function customerList(database: Database): CustomerList {
  const statements = new Map<string, Statement>();
  const prepare = (sql: string) => {
    const known = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  const rowsOf = (selection: ListSelection, limit: number, offset: number) => {
    const { where, values } = conditionOf(selection);
    indexFor(database, selection.sortField);
    const sql = `SELECT flat FROM customers ${where} ORDER BY ${orderOf(selection)} LIMIT ? OFFSET ?`;
    return prepare(sql).all(...values, limit, offset);
  };
  return {
    page(selection) {
      const { where, values } = conditionOf(selection);
      const total = Number(prepare(`SELECT count(*) AS n FROM customers ${where}`).get(...values)?.n);
      // Pages beyond any count would leave the range in which numbers are exact.
      const offset = Math.min((selection.page - 1) * selection.pageSize, Number.MAX_SAFE_INTEGER);
      const rows = rowsOf(selection, selection.pageSize, offset);
      const cut = (flat: string) => (selection.fields ? onlyFields(flat, selection.fields) : flat);
      return `[${rows.map((row, index) => listRow(cut(String(row.flat)), offset + index + 1, total)).join(',')}]`;
    },
    firstCodes: (selection, count) =>
      rowsOf(selection, count, 0).map((row) => String((JSON.parse(String(row.flat)) as Customer).customerCode)),
  };
}

function conditionOf(selection: ListSelection): { where: string; values: SqlValue[] } {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  if (selection.editedFromUtc !== undefined) {
    conditions.push('editedUtc >= ?');
    values.push(selection.editedFromUtc);
  }
  if (selection.editedUntilUtc !== undefined) {
    conditions.push('editedUtc <= ?');
    values.push(selection.editedUntilUtc);
  }
  return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, values };
}

/** The code breaks ties, in the same direction, so that one index serves both ways. */
function orderOf({ sortField, descending }: ListSelection): string {
  const direction = descending ? 'DESC' : 'ASC';
  if (sortField === 'customerCode') return `number ${direction}`;
  return `${sortTermOf(sortField)} ${direction}, number ${direction}`;
}

/** Field names come from the table of fields, never from the request. */
function sortTermOf(field: FieldName): string {
  if (field === 'lastEditDateUTC') return 'editedUtc';
  const collation = ruleOf(field)?.type === 'string' ? ' COLLATE NOCASE' : '';
  return `json_extract(flat, '$.${field}')${collation}`;
}

/** Made when somebody first sorts by the field: without it, every page of a long list would sort the whole list. */
function indexFor(database: Database, field: FieldName): void {
  if (field === 'customerCode' || field === 'lastEditDateUTC') return;
  database.exec(`CREATE INDEX IF NOT EXISTS customersBy_${field} ON customers (${sortTermOf(field)}, number)`);
}

function onlyFields(flat: string, fields: readonly string[]): string {
  const customer = JSON.parse(flat) as Customer;
  const entries: [string, JsonValue][] = fields.map((field) => [field, customer[field] ?? null]);
  return JSON.stringify(Object.fromEntries(entries));
}
