import { commandProperties, namesOf } from '#pipelines/mapping/mapping-properties.js';
import type { Place } from './place.js';

/** Reads which column says what to do with a row: its name, or `{ "column": … }`. */
export function parseCommand(place: Place): string | undefined {
  if (place.isAbsent || typeof place.value === 'string') return place.asText();
  if (!place.isObjectOf(namesOf(commandProperties))) return undefined;
  if (!place.has('column')) return place.problem('PROPERTY_MISSING', 'Name the column: { "column": "Command" }');
  return place.at('column').asText();
}
