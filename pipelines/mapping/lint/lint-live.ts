import type { Customer, JsonValue } from '#pipelines/customer.js';
import {
  type CustomFields,
  customerFields,
  type FieldType,
  identityFields,
  serverKeptFields,
} from '#pipelines/mapping/customer-fields.js';
import { propertyPath } from '#pipelines/mapping/json-path.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import { offerNames } from '#pipelines/mapping/nearest-name.js';
import type { MappingRemark } from './mapping-remark.js';

const ownFields: ReadonlySet<string> = new Set([
  ...Object.keys(customerFields),
  ...identityFields,
  ...serverKeptFields,
]);

/** The client's own fields as real customers show them; one that is null in all of them may hold text. */
export function discoverCustomFields(customers: readonly Customer[]): CustomFields {
  const found: { [field: string]: FieldType } = {};
  for (const customer of customers)
    for (const [field, value] of Object.entries(customer)) {
      if (ownFields.has(field) || (typeof value === 'object' && value !== null)) continue;
      found[field] = typeOfValue(value) ?? found[field] ?? 'string';
    }
  return found;
}

/** Compares a mapping with customers that the API really has. */
export function lintLive(mapping: Mapping, customers: readonly Customer[]): readonly MappingRemark[] {
  if (customers.length === 0) return [noCustomers];
  const discovered = discoverCustomFields(customers);
  const shown = new Set(customers.flatMap((customer) => Object.keys(customer)));
  const asked = [
    ...mapping.fields.map(({ field }) => field),
    ...(mapping.key?.stamp === undefined ? [] : [mapping.key.stamp]),
  ];
  return [
    ...asked.filter((field) => !shown.has(field)).map((field) => notFound(field, [...shown])),
    ...Object.entries(mapping.customFields).flatMap(([field, type]) => typeDiffers(field, type, customers)),
    ...Object.entries(discovered)
      .filter(([field]) => !Object.hasOwn(mapping.customFields, field))
      .map(([field, type]) => foundField(field, type)),
  ];
}

const noCustomers: MappingRemark = {
  code: 'NO_CUSTOMERS',
  severity: 'warning',
  path: '',
  message: 'The API has no customer to compare with, or this login may not see them; add one there, then check again',
};

function notFound(field: string, shown: readonly string[]): MappingRemark {
  return {
    code: 'FIELD_NOT_FOUND',
    severity: 'warning',
    path: propertyPath('fields', field),
    message: `The customers of the API show no field "${field}"; ${offerNames(field, shown)}`,
  };
}

function foundField(field: string, type: FieldType): MappingRemark {
  return {
    code: 'FIELD_FOUND',
    severity: 'note',
    path: 'customFields',
    message: `The customers of the API have a field "${field}"; to map it, add ${JSON.stringify({ [field]: type })} to "customFields"`,
  };
}

function typeDiffers(field: string, declared: FieldType, customers: readonly Customer[]): readonly MappingRemark[] {
  const value = customers.map((customer) => customer[field]).find((one) => one !== undefined && one !== null);
  const shown = typeOfValue(value ?? null);
  if (shown === undefined || agree(declared, shown)) return [];
  return [
    {
      code: 'FIELD_TYPE_DIFFERS',
      severity: 'warning',
      path: propertyPath('customFields', field),
      message: `"${field}" is declared as ${declared}, and the customers of the API hold a ${shown}`,
    },
  ];
}

function agree(declared: FieldType, shown: FieldType): boolean {
  if (declared === 'date') return shown === 'string';
  return declared === shown || (declared === 'number' && shown === 'integer');
}

function typeOfValue(value: JsonValue): FieldType | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'string' ? 'string' : undefined;
}
