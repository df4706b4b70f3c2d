import {
  type CustomFields,
  customerFields,
  type FieldType,
  fieldTypes,
  identityFields,
  serverKeptFields,
} from '#pipelines/mapping/customer-fields.js';
import type { Place } from './place.js';

const possibleName = /^\p{L}[\p{L}\p{N}_. -]*$/u;
const ownNames = [...Object.keys(customerFields), ...identityFields, ...serverKeptFields];

/** Reads the declaration of the client's own fields: `{ "loyaltyTier": "string" }`. */
export function parseCustomFields(place: Place): CustomFields {
  if (!place.isObject()) return {};
  const declared: { [field: string]: FieldType } = {};
  for (const [name, typePlace] of place.entries()) {
    const type = typePlace.asChoice(fieldTypes);
    if (!isNameAllowed(name, typePlace)) continue;
    // A wrong type is reported already; the field counts as declared, so that it is not reported twice.
    declared[name] = type ?? 'string';
  }
  return declared;
}

function isNameAllowed(name: string, place: Place): boolean {
  if (!possibleName.test(name)) {
    place.problem(
      'CUSTOM_FIELD_INVALID',
      `"${name}" cannot be a field; use a letter, then letters, digits and _ . - only`,
    );
    return false;
  }
  const own = ownNames.find((known) => known.toLowerCase() === name.toLowerCase());
  if (own === undefined) return true;
  place.problem('CUSTOM_FIELD_INVALID', `"${own}" is a field of the API itself; leave it out of "customFields"`);
  return false;
}
