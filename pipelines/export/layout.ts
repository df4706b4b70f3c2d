import { buildFieldColumns, type ExportColumn } from '#pipelines/mapping/export-columns.js';
import { customerFields, identityFields, listOnlyFields, readOnlyFields } from '#pipelines/mapping/fields.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import { type ReverseOptions, reverseMapping } from '#pipelines/mapping/reverse.js';
import type { Customer } from '#pipelines/model.js';
import { filterFields } from './select.js';

/** Which columns a file gets. They are chosen by the first customers, since only the API knows its own fields. */
export interface ExportLayout {
  /** A pass begins. */
  begin(): void;
  /** The fields that the list must give, by its first page; all when it names none. */
  fieldsNeeded(firstPage: readonly Customer[]): readonly string[] | undefined;
  chooseColumns(first: readonly Customer[]): readonly ExportColumn[];
  readonly columns: readonly ExportColumn[];
  /** Looks for what the columns do not hold, though everything was asked for. */
  noteNewFields(customers: readonly Customer[]): void;
  /** Whether a customer of this pass had a field that got no column; the next pass has one. */
  hasMissedField(): boolean;
}

/** All fields of all customers, in the order in which the API gives them. */
export function createAllFieldsLayout(): ExportLayout {
  const names = new Set<string>();
  let columns: readonly ExportColumn[] = [];
  let missed = false;
  return {
    begin: () => {
      missed = false;
    },
    fieldsNeeded: () => undefined,
    chooseColumns(first) {
      addFieldNames(first, names);
      columns = buildFieldColumns(names.size === 0 ? knownFields : [...names]);
      return columns;
    },
    get columns() {
      return columns;
    },
    noteNewFields(customers) {
      if (addFieldNames(customers, names)) missed = true;
    },
    hasMissedField: () => missed,
  };
}

/** For an export without a single customer, whose fields could be looked at. */
const knownFields = [...identityFields, ...Object.keys(customerFields), ...readOnlyFields].filter(
  (field) => !listOnlyFields.has(field),
);

function addFieldNames(customers: readonly Customer[], names: Set<string>): boolean {
  const before = names.size;
  for (const customer of customers)
    for (const name in customer) if (!names.has(name) && !listOnlyFields.has(name)) names.add(name);
  return names.size > before;
}

/** How to make columns once the API's own spelling of the fields is known. */
type BuildColumns = (spelling: (field: string) => string) => readonly ExportColumn[];

/**
 * Told of the fields that the customers as they are read do not have, before anything is written.
 *
 * @param available - the fields that they do have
 */
export type OnAbsentFields = (absent: readonly string[], available: readonly string[]) => void;

/**
 * Columns that somebody has chosen.
 *
 * @param fields - the customer's fields that they are made of
 */
function createFixedLayout(
  fields: readonly string[],
  fromDetails: boolean,
  make: BuildColumns,
  onAbsent: OnAbsentFields,
): ExportLayout {
  let columns: readonly ExportColumn[] = [];
  return {
    begin: () => {},
    fieldsNeeded(firstPage) {
      if (!fromDetails) reportAbsentFields(fields, firstPage, onAbsent);
      return findSpellings(firstPage, [...filterFields, ...(fromDetails ? [] : fields)]);
    },
    chooseColumns(first) {
      if (fromDetails && first.length > 0) reportAbsentFields(fields, first, onAbsent);
      const spelling = new Map(collectFieldNames(first).map((name) => [name.toLowerCase(), name]));
      columns = make((field) => spelling.get(field.toLowerCase()) ?? field);
      return columns;
    },
    get columns() {
      return columns;
    },
    noteNewFields: () => {},
    hasMissedField: () => false,
  };
}

function collectFieldNames(customers: readonly Customer[]): readonly string[] {
  const names = new Set<string>();
  for (const customer of customers) for (const name in customer) names.add(name);
  return [...names];
}

/** Of some fields those that the customers have, as they spell them, each once. */
function findSpellings(customers: readonly Customer[], fields: readonly string[]): readonly string[] {
  const wanted = new Set(fields.map((field) => field.toLowerCase()));
  return collectFieldNames(customers).filter((name) => wanted.has(name.toLowerCase()));
}

function reportAbsentFields(fields: readonly string[], customers: readonly Customer[], onAbsent: OnAbsentFields): void {
  const available = collectFieldNames(customers).filter((name) => !listOnlyFields.has(name));
  const there = new Set(available.map((name) => name.toLowerCase()));
  const absent = fields.filter((field) => !there.has(field.toLowerCase()));
  if (absent.length > 0) onAbsent(absent, available);
}

/** Some fields, each under its own name. */
export function createFieldsLayout(
  fields: readonly string[],
  fromDetails: boolean,
  onAbsent: OnAbsentFields,
): ExportLayout {
  return createFixedLayout(fields, fromDetails, (spelling) => buildFieldColumns(fields.map(spelling)), onAbsent);
}

/** A mapping turned round. */
export function createMappingLayout(
  mapping: Mapping,
  wishes: Omit<ReverseOptions, 'spelling'>,
  fromDetails: boolean,
  onAbsent: OnAbsentFields,
): ExportLayout {
  const make: BuildColumns = (spelling) => reverseMapping(mapping, { ...wishes, spelling }).columns;
  const fields = make((field) => field).flatMap(({ field }) => (field === undefined ? [] : [field]));
  return createFixedLayout([...new Set(fields)], fromDetails, make, onAbsent);
}
