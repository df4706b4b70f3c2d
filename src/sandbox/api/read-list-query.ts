import { readFilterDate } from '#src/sandbox/api-dates.js';
import { canonicalName, type FieldName, ruleOf } from '#src/sandbox/customers/customer-fields.js';
import type { ListSelection } from '#src/sandbox/customers/customer-list.js';
import type { FieldError } from './answer.js';

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
const largestInt = 2 ** 31 - 1;
/** On every row, so asking for them is not wrong. */
const fieldsOnEveryRow = ['customsortrownumber', 'litotalcount'];

type Arguments = ReadonlyMap<ArgumentName, string>;
type Complain = (field: string, message: string) => void;

/** Reads a list call's query; `errors` names every argument that is wrong. */
export function readListQuery(query: Readonly<Record<string, unknown>>): {
  readonly selection: ListSelection;
  readonly errors: readonly FieldError[];
} {
  const errors: FieldError[] = [];
  const complain: Complain = (field, message) => errors.push({ field, message });
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

function readArguments(query: Readonly<Record<string, unknown>>, complain: Complain): Arguments {
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

function readCount(given: Arguments, name: 'liPage' | 'liPageSize', absent: number, complain: Complain): number {
  const text = given.get(name);
  if (text === undefined) return absent;
  const count = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > largestInt) complain(name, `${name} must be an integer from 1, but was '${text}'.`);
  return count;
}

function readSort(given: Arguments, complain: Complain): { sortField: FieldName; descending: boolean } {
  const text = given.get('sSortKey') ?? 'customerCodeASC';
  const [, name = text, direction] = /^(.+)(ASC|DESC)$/i.exec(text) ?? [];
  const field = canonicalFlatName(name);
  if (direction === undefined) complain('sSortKey', `sSortKey must end in ASC or DESC, but was '${text}'.`);
  else if (field === undefined) complain('sSortKey', `sSortKey names '${name}', which is not a field of this list.`);
  return { sortField: field ?? 'customerCode', descending: direction?.toUpperCase() === 'DESC' };
}

function readFields(given: Arguments, complain: Complain): string[] | undefined {
  const names = given
    .get('sFieldList')
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !fieldsOnEveryRow.includes(name.toLowerCase()));
  return names?.map((name) => {
    const field = canonicalFlatName(name);
    if (field === undefined) complain('sFieldList', `sFieldList names '${name}', which is not a field of this list.`);
    return field ?? name;
  });
}

function readDate(given: Arguments, name: ArgumentName, complain: Complain): string | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  const date = readFilterDate(text);
  if (date === undefined)
    complain(name, `${name} must be a UTC date like 2020-oct-06 11:10 (yyyy-MMM-dd HH:mm), but was '${text}'.`);
  return date;
}

function canonicalFlatName(name: string): FieldName | undefined {
  const field = canonicalName(name);
  return field !== undefined && ruleOf(field)?.view === 'flat' ? (field as FieldName) : undefined;
}
