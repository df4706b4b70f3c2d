import { type CustomFields, customerFields, typeOfField } from '#pipelines/mapping/customer-fields.js';
import type { FieldRule, KeyRule } from '#pipelines/mapping/mapping.js';
import { keyProperties, namesOf } from '#pipelines/mapping/mapping-properties.js';
import { offerNames } from '#pipelines/mapping/nearest-name.js';
import { parseColumns } from './parse-columns.js';
import type { Place } from './place.js';

/** Reads the rule for the legacy system's own identifier. */
export function parseKey(place: Place, fields: readonly FieldRule[], customFields: CustomFields): KeyRule | undefined {
  if (!place.isObjectOf(namesOf(keyProperties))) return undefined;
  if (place.has('column') === place.has('columns'))
    return place.problem(
      place.has('column') ? 'SOURCE_CONFLICT' : 'SOURCE_MISSING',
      'A key is one "column", or several "columns" with "join"; give exactly one of the two',
    );
  const source = parseColumns(place);
  const stamp = parseStamp(place.at('stamp'), fields, customFields);
  if (source === undefined) return undefined;
  return { ...source, ...(stamp !== undefined && { stamp }) };
}

function parseStamp(place: Place, fields: readonly FieldRule[], customFields: CustomFields): string | undefined {
  const stamp = place.asText();
  if (stamp === undefined) return undefined;
  if (fields.some(({ field }) => field === stamp))
    return place.problem('STAMP_INVALID', `"${stamp}" is mapped under "fields" too; stamp another field, e.g. cC_001`);
  if (typeOfField(stamp, customFields) === 'string') return stamp;
  const textFields = Object.keys({ ...customerFields, ...customFields }).filter(
    (field) => typeOfField(field, customFields) === 'string',
  );
  return place.problem(
    'STAMP_INVALID',
    `"${stamp}" is no text field of the customer; ${offerNames(stamp, textFields)}`,
  );
}
