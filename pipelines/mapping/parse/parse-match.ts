import type { FieldRule } from '../mapping.js';
import { offerNames } from '../nearest-name.js';
import type { Place } from './place.js';

/** Reads the fields to find a customer by; each must get its value from the file. */
export function parseMatch(place: Place, fields: readonly FieldRule[]): readonly string[] {
  const fromFile = fields.flatMap((rule) => (rule.kind === 'columns' ? [rule.field] : []));
  for (const item of place.asList() ?? []) {
    const field = item.asText();
    if (field === undefined || fromFile.includes(field)) continue;
    item.problem('MATCH_NOT_MAPPED', `"${field}" gets no column under "fields"; ${offerNames(field, fromFile)}`);
  }
  return fromFile.filter((field) => Array.isArray(place.value) && place.value.includes(field));
}
