import type { Customer } from './customer.js';
import { columnsForExport, type ExportWishes } from './mapping/columns-for-export.js';
import { columnsForFields } from './mapping/columns-for-fields.js';
import { customerFields, identityFields, listOnlyFields, serverKeptFields } from './mapping/customer-fields.js';
import type { ExportColumn } from './mapping/export-column.js';
import type { Mapping } from './mapping/mapping.js';
import { fieldsOfChoice } from './stages/choose-customers.js';

/** Which columns a file gets. They are chosen by the first customers, since only the API knows its own fields. */
export interface ExportLayout {
  /** A pass begins. */
  begin(): void;
  /** The fields that the list must give, by its first page; all when it names none. */
  fieldsNeeded(firstPage: readonly Customer[]): readonly string[] | undefined;
  columnsFor(first: readonly Customer[]): readonly ExportColumn[];
  readonly columns: readonly ExportColumn[];
  /** Looks for what the columns do not hold, though everything was asked for. */
  note(customers: readonly Customer[]): void;
  /** Whether a customer of this pass had a field that got no column; the next pass has one. */
  hasMissed(): boolean;
}

/** All fields of all customers, in the order in which the API gives them. */
export function allFieldsLayout(): ExportLayout {
  const names = new Set<string>();
  let columns: readonly ExportColumn[] = [];
  let missed = false;
  return {
    begin: () => {
      missed = false;
    },
    fieldsNeeded: () => undefined,
    columnsFor(first) {
      learn(first, names);
      columns = columnsForFields(names.size === 0 ? knownFields : [...names]);
      return columns;
    },
    get columns() {
      return columns;
    },
    note(customers) {
      if (learn(customers, names)) missed = true;
    },
    hasMissed: () => missed,
  };
}

/** For an export without a single customer, whose fields could be looked at. */
const knownFields = [...identityFields, ...Object.keys(customerFields), ...serverKeptFields].filter(
  (field) => !listOnlyFields.has(field),
);

function learn(customers: readonly Customer[], names: Set<string>): boolean {
  const before = names.size;
  for (const customer of customers)
    for (const name in customer) if (!names.has(name) && !listOnlyFields.has(name)) names.add(name);
  return names.size > before;
}

/** How to make columns once the API's own spelling of the fields is known. */
type MakeColumns = (spelling: (field: string) => string) => readonly ExportColumn[];

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
function chosenLayout(
  fields: readonly string[],
  fromDetails: boolean,
  make: MakeColumns,
  onAbsent: OnAbsentFields,
): ExportLayout {
  let columns: readonly ExportColumn[] = [];
  return {
    begin: () => {},
    fieldsNeeded(firstPage) {
      if (!fromDetails) tellAbsent(fields, firstPage, onAbsent);
      return spelledIn(firstPage, [...fieldsOfChoice, ...(fromDetails ? [] : fields)]);
    },
    columnsFor(first) {
      if (fromDetails && first.length > 0) tellAbsent(fields, first, onAbsent);
      const spelling = new Map(namesIn(first).map((name) => [name.toLowerCase(), name]));
      columns = make((field) => spelling.get(field.toLowerCase()) ?? field);
      return columns;
    },
    get columns() {
      return columns;
    },
    note: () => {},
    hasMissed: () => false,
  };
}

function namesIn(customers: readonly Customer[]): readonly string[] {
  const names = new Set<string>();
  for (const customer of customers) for (const name in customer) names.add(name);
  return [...names];
}

/** Of some fields those that the customers have, as they spell them, each once. */
function spelledIn(customers: readonly Customer[], fields: readonly string[]): readonly string[] {
  const wanted = new Set(fields.map((field) => field.toLowerCase()));
  return namesIn(customers).filter((name) => wanted.has(name.toLowerCase()));
}

function tellAbsent(fields: readonly string[], customers: readonly Customer[], onAbsent: OnAbsentFields): void {
  const available = namesIn(customers).filter((name) => !listOnlyFields.has(name));
  const there = new Set(available.map((name) => name.toLowerCase()));
  const absent = fields.filter((field) => !there.has(field.toLowerCase()));
  if (absent.length > 0) onAbsent(absent, available);
}

/** Some fields, each under its own name. */
export function fieldsLayout(fields: readonly string[], fromDetails: boolean, onAbsent: OnAbsentFields): ExportLayout {
  return chosenLayout(fields, fromDetails, (spelling) => columnsForFields(fields.map(spelling)), onAbsent);
}

/** A mapping turned round. */
export function mappingLayout(
  mapping: Mapping,
  wishes: Omit<ExportWishes, 'spelling'>,
  fromDetails: boolean,
  onAbsent: OnAbsentFields,
): ExportLayout {
  const make: MakeColumns = (spelling) => columnsForExport(mapping, { ...wishes, spelling }).columns;
  const fields = make((field) => field).flatMap(({ field }) => (field === undefined ? [] : [field]));
  return chosenLayout([...new Set(fields)], fromDetails, make, onAbsent);
}
