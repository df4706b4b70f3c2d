import type { Customer, JsonValue } from '#pipelines/model.js';
import type { Database, SqlValue, Statement } from '#src/sqlite/open-database.js';
import type { FieldError } from './call.js';
import { listRow } from './compose-customer.js';
import { type FieldName, findCanonicalName, findFieldRule } from './customer-fields.js';
import { readFilterDate } from './server-clock.js';

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

export function createCustomerList(database: Database): CustomerList {
  const statements = new Map<string, Statement>();
  const prepare = (sql: string) => {
    const known = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  const readRows = (selection: ListSelection, limit: number, offset: number) => {
    const { where, values } = buildCondition(selection);
    ensureIndex(database, selection.sortField);
    const sql = `SELECT flat FROM customers ${where} ORDER BY ${buildOrder(selection)} LIMIT ? OFFSET ?`;
    return prepare(sql).all(...values, limit, offset);
  };
  return {
    page(selection) {
      const { where, values } = buildCondition(selection);
      const total = Number(prepare(`SELECT count(*) AS n FROM customers ${where}`).get(...values)?.n);
      // Pages beyond any count would leave the range in which numbers are exact.
      const offset = Math.min((selection.page - 1) * selection.pageSize, Number.MAX_SAFE_INTEGER);
      const rows = readRows(selection, selection.pageSize, offset);
      const selectFields = (flat: string) => (selection.fields ? onlyFields(flat, selection.fields) : flat);
      return `[${rows.map((row, index) => listRow(selectFields(String(row.flat)), offset + index + 1, total)).join(',')}]`;
    },
    firstCodes: (selection, count) =>
      readRows(selection, count, 0).map((row) => String((JSON.parse(String(row.flat)) as Customer).customerCode)),
  };
}

function buildCondition(selection: ListSelection): { where: string; values: SqlValue[] } {
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
function buildOrder({ sortField, descending }: ListSelection): string {
  const direction = descending ? 'DESC' : 'ASC';
  if (sortField === 'customerCode') return `number ${direction}`;
  return `${buildSortTerm(sortField)} ${direction}, number ${direction}`;
}

/** Field names come from the table of fields, never from the request. */
function buildSortTerm(field: FieldName): string {
  if (field === 'lastEditDateUTC') return 'editedUtc';
  const collation = findFieldRule(field)?.type === 'string' ? ' COLLATE NOCASE' : '';
  return `json_extract(flat, '$.${field}')${collation}`;
}

/** Created when somebody first sorts by the field: without it, every page of a long list would sort the whole list. */
function ensureIndex(database: Database, field: FieldName): void {
  if (field === 'customerCode' || field === 'lastEditDateUTC') return;
  database.exec(`CREATE INDEX IF NOT EXISTS customersBy_${field} ON customers (${buildSortTerm(field)}, number)`);
}

function onlyFields(flat: string, fields: readonly string[]): string {
  const customer = JSON.parse(flat) as Customer;
  const entries: [string, JsonValue][] = fields.map((field) => [field, customer[field] ?? null]);
  return JSON.stringify(Object.fromEntries(entries));
}

/** The list's arguments, matched without case as the vendor's own samples need it. */
const argumentNames = [
  'liPage',
  'liPageSize',
  'sSortKey',
  'sFieldList',
  'filt_LastEditDateUTC_dt_min',
  'filt_LastEditDateUTC_dt_max',
] as const;

type ArgumentName = (typeof argumentNames)[number];

const defaultPage = 1;
const defaultPageSize = 10;
const maxInt = 2 ** 31 - 1;
/** On every row, so asking for them is not wrong. */
const fieldsOnEveryRow = ['customsortrownumber', 'litotalcount'];

type Arguments = ReadonlyMap<ArgumentName, string>;
type ReportError = (field: string, message: string) => void;

/** Reads a list call's query; `errors` names every argument that is wrong. */
export function readListQuery(query: Readonly<Record<string, unknown>>): {
  readonly selection: ListSelection;
  readonly errors: readonly FieldError[];
} {
  const errors: FieldError[] = [];
  const reportError: ReportError = (field, message) => errors.push({ field, message });
  const args = readArguments(query, reportError);
  const fields = readFields(args, reportError);
  const editedFromUtc = readDate(args, 'filt_LastEditDateUTC_dt_min', reportError);
  const editedUntilUtc = readDate(args, 'filt_LastEditDateUTC_dt_max', reportError);
  const selection = {
    page: readCount(args, 'liPage', defaultPage, reportError),
    pageSize: readCount(args, 'liPageSize', defaultPageSize, reportError),
    ...readSort(args, reportError),
    ...(fields && { fields }),
    ...(editedFromUtc && { editedFromUtc }),
    ...(editedUntilUtc && { editedUntilUtc }),
  };
  return { selection, errors };
}

function readArguments(query: Readonly<Record<string, unknown>>, reportError: ReportError): Arguments {
  const args = new Map<ArgumentName, string>();
  for (const [name, value] of Object.entries(query)) {
    const known = argumentNames.find((argument) => argument.toLowerCase() === name.toLowerCase());
    if (known === undefined) {
      // Ignoring an unknown filter would return customers that nobody asked for.
      if (/^filt_/i.test(name)) reportError(name, `${name} is not a filter of this list.`);
    } else if (typeof value !== 'string' || args.has(known)) reportError(known, `${known} must be given once.`);
    else if (value !== '') args.set(known, value);
  }
  return args;
}

function readCount(
  args: Arguments,
  name: 'liPage' | 'liPageSize',
  defaultCount: number,
  reportError: ReportError,
): number {
  const text = args.get(name);
  if (text === undefined) return defaultCount;
  const count = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > maxInt) reportError(name, `${name} must be an integer from 1, but was '${text}'.`);
  return count;
}

function readSort(args: Arguments, reportError: ReportError): { sortField: FieldName; descending: boolean } {
  const text = args.get('sSortKey') ?? 'customerCodeASC';
  const [, name = text, direction] = /^(.+)(ASC|DESC)$/i.exec(text) ?? [];
  const field = findFlatField(name);
  if (direction === undefined) reportError('sSortKey', `sSortKey must end in ASC or DESC, but was '${text}'.`);
  else if (field === undefined) reportError('sSortKey', `sSortKey names '${name}', which is not a field of this list.`);
  return { sortField: field ?? 'customerCode', descending: direction?.toUpperCase() === 'DESC' };
}

function readFields(args: Arguments, reportError: ReportError): string[] | undefined {
  const names = args
    .get('sFieldList')
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !fieldsOnEveryRow.includes(name.toLowerCase()));
  return names?.map((name) => {
    const field = findFlatField(name);
    if (field === undefined)
      reportError('sFieldList', `sFieldList names '${name}', which is not a field of this list.`);
    return field ?? name;
  });
}

function readDate(args: Arguments, name: ArgumentName, reportError: ReportError): string | undefined {
  const text = args.get(name);
  if (text === undefined) return undefined;
  const date = readFilterDate(text);
  if (date === undefined)
    reportError(name, `${name} must be a UTC date like 2020-oct-06 11:10 (yyyy-MMM-dd HH:mm), but was '${text}'.`);
  return date;
}

function findFlatField(name: string): FieldName | undefined {
  const field = findCanonicalName(name);
  return field !== undefined && findFieldRule(field)?.view === 'flat' ? (field as FieldName) : undefined;
}
