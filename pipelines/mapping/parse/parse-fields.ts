import {
  type CustomFields,
  customerFields,
  type FieldType,
  identityFields,
  serverKeptFields,
  typeOfField,
} from '#pipelines/mapping/customer-fields.js';
import type { FieldRule } from '#pipelines/mapping/mapping.js';
import { offerNames } from '#pipelines/mapping/nearest-name.js';
import { parseField } from './parse-field.js';
import type { Place } from './place.js';

/** Reads all field rules, in the order of the file. */
export function parseFields(root: Place, customFields: CustomFields): readonly FieldRule[] {
  const place = root.at('fields');
  if (place.isAbsent) {
    root.problem(
      'PROPERTY_MISSING',
      'The mapping has no "fields"; say which column each field of the customer comes from',
    );
    return [];
  }
  if (!place.isObject()) return [];
  if (place.entries().length === 0) place.problem('PROPERTY_MISSING', 'No field is mapped; map at least one');
  return place.entries().flatMap(([field, rulePlace]) => {
    const fieldType = targetType(field, rulePlace, customFields);
    return fieldType === undefined ? [] : (parseField(rulePlace, field, fieldType) ?? []);
  });
}

function targetType(field: string, place: Place, customFields: CustomFields): FieldType | undefined {
  if (identityFields.some((name) => name === field)) return 'string';
  const type = typeOfField(field, customFields);
  if (type !== undefined) return type;
  if (serverKeptFields.some((name) => name === field))
    return place.problem('FIELD_SERVER_KEPT', `The server keeps "${field}" itself; take it out of the mapping`);
  const known = [...Object.keys(customerFields), ...identityFields, ...Object.keys(customFields)];
  return place.problem(
    'FIELD_UNKNOWN',
    `The customer has no field "${field}" (fields of your own go into "customFields"); ${offerNames(field, known)}`,
  );
}
