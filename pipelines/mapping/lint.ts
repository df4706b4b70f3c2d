import type { Issue } from '#pipelines/issue.js';
import type { Customer, JsonValue, Row } from '#pipelines/model.js';
import type { ValidateDraft } from '#pipelines/ports.js';
import type { DocumentIssue } from '#pipelines/shape.js';
import { propertyPath } from '#pipelines/shape.js';
import { type CompiledMapping, describeUnmappedColumns } from './compile.js';
import { type CustomFields, customerFields, type FieldType, identityFields, readOnlyFields } from './fields.js';
import type { Mapping } from './mapping.js';
import { suggestNames } from './nearest-name.js';
import { type ExportLoss, reverseMapping } from './reverse.js';

const nameFields = ['customerName', 'firstName', 'lastName'];

/** Checks a mapping by itself, without a file. */
export function lintMapping(mapping: Mapping): readonly DocumentIssue[] {
  const has = (names: readonly string[]) => mapping.fields.some(({ field }) => names.includes(field));
  const isIdentified = mapping.key !== undefined || mapping.match.length > 0 || has(identityFields);
  const { losses } = reverseMapping(mapping);
  return [
    ...(mapping.mode === 'update' || has(nameFields) ? [] : [nameUnmapped]),
    ...(mapping.mode === 'add' || isIdentified ? [] : [nothingIdentifies]),
    ...(mapping.key === undefined || mapping.key.stamp !== undefined || mapping.match.length > 0 ? [] : [keyAlone]),
    ...(mapping.mode === 'update' ? listNeverWritten(mapping) : []),
    ...losses.map((loss) => describeLoss(loss, mapping)),
  ];
}

/** An update adds nobody. */
function listNeverWritten({ fields, write }: Mapping): readonly DocumentIssue[] {
  return fields
    .filter((rule) => (rule.write ?? write) === 'create')
    .map(({ field }) => ({
      code: 'NEVER_WRITTEN',
      severity: 'warning',
      path: propertyPath('fields', field),
      message: `${field} is only written to new customers ("write": "create"), and "mode": "update" adds none; change one of the two`,
    }));
}

const nameUnmapped: DocumentIssue = {
  code: 'NAME_UNMAPPED',
  severity: 'warning',
  path: 'fields',
  message: 'No name is mapped, and a new customer needs one; map customerName, firstName or lastName',
};

const nothingIdentifies: DocumentIssue = {
  code: 'NOTHING_IDENTIFIES',
  severity: 'warning',
  path: '',
  message: 'Nothing identifies existing customers, so a second import adds all of them again; add a "key" or a "match"',
};

const keyAlone: DocumentIssue = {
  code: 'KEY_ALONE',
  severity: 'info',
  path: 'key',
  message:
    'Only the state folder of this machine knows which customer a key belongs to; add a "match" beside the key, e.g. [["emailAddress"], ["phoneNumber", "customerName"]], or a "stamp", so that customers are found again without it',
};

function describeLoss({ field, column, why }: ExportLoss, mapping: Mapping): DocumentIssue {
  return { code: 'NO_WAY_BACK', severity: 'info', path: findPath(field, column, mapping), message: why };
}

function findPath(field: string | undefined, column: string | undefined, { ignore, key }: Mapping): string {
  if (field !== undefined) return propertyPath('fields', field);
  const ignored = column === undefined ? -1 : ignore.indexOf(column);
  if (ignored >= 0) return `ignore[${ignored}]`;
  return key?.columns.includes(column ?? '') ? 'key' : '';
}

/** The result of trying a mapping on a sample of a file. */
export interface SampleResult {
  readonly rows: number;
  readonly invalidRows: number;
  readonly warnings: readonly DocumentIssue[];
}

/**
 * Tries a mapping on rows of a file.
 *
 * @param validate - what is wrong with a draft that could be mapped
 */
export async function lintSample(
  mapper: CompiledMapping,
  rows: readonly Row[],
  validate: ValidateDraft,
): Promise<SampleResult> {
  const groups = new Map<string, { readonly first: Issue; readonly row: number; count: number }>();
  let invalidRows = 0;
  const mapped = await mapper.mapAll(rows);
  mapped.forEach(({ draft, reasons }, position) => {
    const failed = new Set(reasons.map(({ field }) => field));
    const found = [...reasons, ...validate(draft).filter(({ field }) => !failed.has(field))];
    if (found.length > 0) invalidRows += 1;
    for (const reason of found) {
      const name = `${reason.code} ${reason.field ?? reason.columns?.join()}`;
      const group = groups.get(name) ?? { first: reason, row: rows[position]?.number ?? 0, count: 0 };
      group.count += 1;
      groups.set(name, group);
    }
  });
  return {
    rows: rows.length,
    invalidRows,
    warnings: [...listUnusedColumns(mapper), ...listInvalidValues(groups, rows.length, mapper)],
  };
}

function listInvalidValues(
  groups: ReadonlyMap<string, { readonly first: Issue; readonly row: number; readonly count: number }>,
  rows: number,
  { stamp }: CompiledMapping,
): readonly DocumentIssue[] {
  return [...groups.values()]
    .sort((a, b) => b.count - a.count)
    .map(({ first, row, count }) => ({
      code: 'VALUES_MISFIT',
      severity: 'warning',
      path: first.field === undefined || first.field === stamp ? 'key' : propertyPath('fields', first.field),
      message: `${count} of ${rows} rows, first row ${row}: ${first.message} [${first.code}]`,
    }));
}

function listUnusedColumns({ unmappedColumns }: CompiledMapping): readonly DocumentIssue[] {
  if (unmappedColumns.length === 0) return [];
  const message = describeUnmappedColumns(unmappedColumns);
  return [{ code: 'COLUMN_UNUSED', severity: 'warning', path: '', message }];
}

const apiFields: ReadonlySet<string> = new Set([...Object.keys(customerFields), ...identityFields, ...readOnlyFields]);

/** The company's own fields, as found on real customers; one that is null on all of them may hold text. */
export function discoverCustomFields(customers: readonly Customer[]): CustomFields {
  const found: { [field: string]: FieldType } = {};
  for (const customer of customers)
    for (const [field, value] of Object.entries(customer)) {
      if (apiFields.has(field) || (typeof value === 'object' && value !== null)) continue;
      found[field] = findValueType(value) ?? found[field] ?? 'string';
    }
  return found;
}

/** Compares a mapping with customers from the API. */
export function lintAgainstCustomers(mapping: Mapping, customers: readonly Customer[]): readonly DocumentIssue[] {
  if (customers.length === 0) return [noCustomers];
  const discovered = discoverCustomFields(customers);
  const known = new Set(customers.flatMap((customer) => Object.keys(customer)));
  const mapped = [
    ...mapping.fields.map(({ field }) => field),
    ...(mapping.key?.stamp === undefined ? [] : [mapping.key.stamp]),
  ];
  return [
    ...mapped.filter((field) => !known.has(field)).map((field) => describeMissingField(field, [...known])),
    ...Object.entries(mapping.customFields).flatMap(([field, type]) => compareFieldType(field, type, customers)),
    ...Object.entries(discovered)
      .filter(([field]) => !Object.hasOwn(mapping.customFields, field))
      .map(([field, type]) => describeNewField(field, type)),
  ];
}

const noCustomers: DocumentIssue = {
  code: 'NO_CUSTOMERS',
  severity: 'warning',
  path: '',
  message:
    'The API has no customer to compare with, or this login is not allowed to see them; add one there, then check again',
};

function describeMissingField(field: string, known: readonly string[]): DocumentIssue {
  return {
    code: 'FIELD_NOT_FOUND',
    severity: 'warning',
    path: propertyPath('fields', field),
    message: `The customers of the API have no field "${field}"; ${suggestNames(field, known)}`,
  };
}

function describeNewField(field: string, type: FieldType): DocumentIssue {
  return {
    code: 'FIELD_FOUND',
    severity: 'info',
    path: 'customFields',
    message: `The customers of the API have a field "${field}"; to map it, add ${JSON.stringify({ [field]: type })} to "customFields"`,
  };
}

function compareFieldType(
  field: string,
  declared: FieldType,
  customers: readonly Customer[],
): readonly DocumentIssue[] {
  const value = customers
    .map((customer) => customer[field])
    .find((candidate) => candidate !== undefined && candidate !== null);
  const shown = findValueType(value ?? null);
  if (shown === undefined || doTypesAgree(declared, shown)) return [];
  return [
    {
      code: 'FIELD_TYPE_DIFFERS',
      severity: 'warning',
      path: propertyPath('customFields', field),
      message: `"${field}" is declared as ${declared}, but the customers of the API have ${withArticle(shown)}`,
    },
  ];
}

function withArticle(type: FieldType): string {
  return type === 'integer' ? 'an integer' : `a ${type}`;
}

function doTypesAgree(declared: FieldType, shown: FieldType): boolean {
  if (declared === 'date') return shown === 'string';
  return declared === shown || (declared === 'number' && shown === 'integer');
}

function findValueType(value: JsonValue): FieldType | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'string' ? 'string' : undefined;
}
