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
  const rowsOf = (selection: ListSelection, limit: number, offset: number) => {
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
      const rows = rowsOf(selection, selection.pageSize, offset);
      const cut = (flat: string) => (selection.fields ? onlyFields(flat, selection.fields) : flat);
      return `[${rows.map((row, index) => listRow(cut(String(row.flat)), offset + index + 1, total)).join(',')}]`;
    },
    firstCodes: (selection, count) =>
      rowsOf(selection, count, 0).map((row) => String((JSON.parse(String(row.flat)) as Customer).customerCode)),
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

/** Made when somebody first sorts by the field: without it, every page of a long list would sort the whole list. */
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
  const complain: ReportError = (field, message) => errors.push({ field, message });
  const given = readArguments(query, complain);
  const fields = readFields(given, complain);
  const editedFromUtc = readDate(given, 'filt_LastEditDateUTC_dt_min', complain);
  const editedUntilUtc = readDate(given, 'filt_LastEditDateUTC_dt_max', complain);
  const selection = {
    page: readCount(given, 'liPage', defaultPage, complain),
    pageSize: readCount(given, 'liPageSize', defaultPageSize, complain),
    ...readSort(given, complain),
    ...(fields && { fields }),
    ...(editedFromUtc && { editedFromUtc }),
    ...(editedUntilUtc && { editedUntilUtc }),
  };
  return { selection, errors };
}

function readArguments(query: Readonly<Record<string, unknown>>, complain: ReportError): Arguments {
  const given = new Map<ArgumentName, string>();
  for (const [name, value] of Object.entries(query)) {
    const known = argumentNames.find((argument) => argument.toLowerCase() === name.toLowerCase());
    if (known === undefined) {
      // An unknown filter that is passed over would answer with customers that nobody asked for.
      if (/^filt_/i.test(name)) complain(name, `${name} is not a filter of this list.`);
    } else if (typeof value !== 'string' || given.has(known)) complain(known, `${known} must be given once.`);
    else if (value !== '') given.set(known, value);
  }
  return given;
}

function readCount(given: Arguments, name: 'liPage' | 'liPageSize', absent: number, complain: ReportError): number {
  const text = given.get(name);
  if (text === undefined) return absent;
  const count = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > maxInt) complain(name, `${name} must be an integer from 1, but was '${text}'.`);
  return count;
}

function readSort(given: Arguments, complain: ReportError): { sortField: FieldName; descending: boolean } {
  const text = given.get('sSortKey') ?? 'customerCodeASC';
  const [, name = text, direction] = /^(.+)(ASC|DESC)$/i.exec(text) ?? [];
  const field = findFlatField(name);
  if (direction === undefined) complain('sSortKey', `sSortKey must end in ASC or DESC, but was '${text}'.`);
  else if (field === undefined) complain('sSortKey', `sSortKey names '${name}', which is not a field of this list.`);
  return { sortField: field ?? 'customerCode', descending: direction?.toUpperCase() === 'DESC' };
}

function readFields(given: Arguments, complain: ReportError): string[] | undefined {
  const names = given
    .get('sFieldList')
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !fieldsOnEveryRow.includes(name.toLowerCase()));
  return names?.map((name) => {
    const field = findFlatField(name);
    if (field === undefined) complain('sFieldList', `sFieldList names '${name}', which is not a field of this list.`);
    return field ?? name;
  });
}

function readDate(given: Arguments, name: ArgumentName, complain: ReportError): string | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  const date = readFilterDate(text);
  if (date === undefined)
    complain(name, `${name} must be a UTC date like 2020-oct-06 11:10 (yyyy-MMM-dd HH:mm), but was '${text}'.`);
  return date;
}

function findFlatField(name: string): FieldName | undefined {
  const field = findCanonicalName(name);
  return field !== undefined && findFieldRule(field)?.view === 'flat' ? (field as FieldName) : undefined;
}
