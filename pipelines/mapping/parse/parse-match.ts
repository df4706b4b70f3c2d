import type { FieldRule } from '#pipelines/mapping/mapping.js';
import { offerNames } from '#pipelines/mapping/nearest-name.js';
import type { Place } from './place.js';

/** Reads the fields to find a customer by; each must get its value from the file. */
export function parseMatch(place: Place, fieldsPlace: Place, fields: readonly FieldRule[]): readonly string[] {
  const fromFile = fields.flatMap((rule) => (rule.kind === 'constant' ? [] : [rule.field]));
  return (place.asList() ?? []).flatMap((item) => {
    const field = item.asText();
    if (field === undefined || fromFile.includes(field)) return field ?? [];
    // A rule that is wrong itself is reported where it stands.
    const isReported = fieldsPlace.has(field) && !fields.some((rule) => rule.field === field);
    if (!isReported)
      item.problem('MATCH_NOT_MAPPED', `"${field}" gets no column under "fields"; ${offerNames(field, fromFile)}`);
    return [];
  });
}
