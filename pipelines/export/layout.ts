import { buildFieldColumns, type ExportColumn } from '#pipelines/mapping/export-columns.js';
import { customerFields, identityFields, listOnlyFields, readOnlyFields } from '#pipelines/mapping/fields.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import { type ReverseOptions, reverseMapping } from '#pipelines/mapping/reverse.js';
import type { Customer } from '#pipelines/model.js';
import { filterFields } from './select.js';

/**
 * The columns of an exported file. They are chosen when the first customers are there, because only the API knows which
 * fields it has and how it spells them.
 */
export interface ExportLayout {
  /** Starts a pass. */
  begin(): void;
  /** The fields to ask the list for, given its first page; `undefined` means all. */
  fieldsNeeded(firstPage: readonly Customer[]): readonly string[] | undefined;
  chooseColumns(first: readonly Customer[]): readonly ExportColumn[];
  readonly columns: readonly ExportColumn[];
  /** Notes fields that have no column although all fields were asked for. */
  noteNewFields(customers: readonly Customer[]): void;
  /** Whether this pass met a field without a column; the next pass has a column for it. */
  hasMissedField(): boolean;
}

/** All fields of all customers, in the order in which the API lists them. */
export function createAllFieldsLayout(): ExportLayout {
  const names = new Set<string>();
  let columns: readonly ExportColumn[] = [];
  let isFieldMissed = false;
  return {
    begin: () => {
      isFieldMissed = false;
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
      if (addFieldNames(customers, names)) isFieldMissed = true;
    },
    hasMissedField: () => isFieldMissed,
  };
}

/** The columns of an export that has no customer to read the fields from. */
const knownFields = [...identityFields, ...Object.keys(customerFields), ...readOnlyFields].filter(
  (field) => !listOnlyFields.has(field),
);

/** @returns whether there was a new one */
function addFieldNames(customers: readonly Customer[], names: Set<string>): boolean {
  const sizeBefore = names.size;
  for (const customer of customers) for (const name in customer) if (!listOnlyFields.has(name)) names.add(name);
  return names.size > sizeBefore;
}

/** Builds columns once the API's own spelling of the fields is known. */
type BuildColumns = (spelling: (field: string) => string) => readonly ExportColumn[];

/**
 * Called before anything is written, with the fields that no customer has.
 *
 * @param available - the fields that the customers do have
 */
export type OnAbsentFields = (absent: readonly string[], available: readonly string[]) => void;

/** The named fields, each in a column of its name. */
export function createFieldsLayout(
  fields: readonly string[],
  fromDetails: boolean,
  onAbsent: OnAbsentFields,
): ExportLayout {
  return createFixedLayout(fields, fromDetails, (spelling) => buildFieldColumns(fields.map(spelling)), onAbsent);
}

/** The columns of a mapping, in reverse: from the customer's fields back to the file's columns. */
export function createMappingLayout(
  mapping: Mapping,
  options: Omit<ReverseOptions, 'spelling'>,
  fromDetails: boolean,
  onAbsent: OnAbsentFields,
): ExportLayout {
  const build: BuildColumns = (spelling) => reverseMapping(mapping, { ...options, spelling }).columns;
  const fields = build((field) => field).flatMap(({ field }) => (field === undefined ? [] : [field]));
  return createFixedLayout([...new Set(fields)], fromDetails, build, onAbsent);
}

/**
 * Columns that the user chose.
 *
 * @param fields - the customer fields that the columns are built from
 * @param fromDetails - whether each customer's details are read, which have more fields than the list
 */
function createFixedLayout(
  fields: readonly string[],
  fromDetails: boolean,
  build: BuildColumns,
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
      const spellings = new Map(collectFieldNames(first).map((name) => [name.toLowerCase(), name]));
      columns = build((field) => spellings.get(field.toLowerCase()) ?? field);
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

/** Those of the fields that the customers have, in the customers' spelling, each once. */
function findSpellings(customers: readonly Customer[], fields: readonly string[]): readonly string[] {
  const wanted = new Set(fields.map((field) => field.toLowerCase()));
  return collectFieldNames(customers).filter((name) => wanted.has(name.toLowerCase()));
}

function reportAbsentFields(fields: readonly string[], customers: readonly Customer[], onAbsent: OnAbsentFields): void {
  const available = collectFieldNames(customers).filter((name) => !listOnlyFields.has(name));
  const availableNames = new Set(available.map((name) => name.toLowerCase()));
  const absent = fields.filter((field) => !availableNames.has(field.toLowerCase()));
  if (absent.length > 0) onAbsent(absent, available);
}
