import type { FieldType, FieldValue } from '#pipelines/mapping/customer-fields.js';
import { type Lookup, type LookupFallback, lookupFallbacks } from '#pipelines/mapping/mapping.js';
import { fallbackProperties, namesOf } from '#pipelines/mapping/mapping-properties.js';
import { fitsField, parseValue } from './parse-value.js';
import type { Place } from './place.js';

/** Reads `lookup` and `otherwise` of a field. */
export function parseLookup(rule: Place, field: string, fieldType: FieldType): Lookup | undefined {
  const place = rule.at('lookup');
  if (place.isAbsent && rule.has('otherwise'))
    rule.at('otherwise').problem('OPTION_UNUSED', '"otherwise" belongs to a "lookup"; add one, or leave it out');
  if (!place.isObject()) return undefined;
  const entries = place.entries();
  if (entries.length === 0)
    place.problem('LOOKUP_INVALID', 'The lookup is empty; list at least one text and its value');
  return {
    entries: entries.flatMap(([from, to]) => {
      const value = parseResult(to, field, fieldType, rule.has('type'));
      return isListable(from, to) && value !== undefined ? [[from, value] as const] : [];
    }),
    otherwise: parseFallback(rule.at('otherwise'), field, fieldType),
  };
}

/** A text that the type is going to read may stand for a value of any kind. */
function parseResult(place: Place, field: string, fieldType: FieldType, hasType: boolean): FieldValue | undefined {
  const isReadByType = hasType && typeof place.value === 'string' && !fitsField(place.value, fieldType);
  return isReadByType ? (place.value as string) : parseValue(place, field, fieldType);
}

function isListable(from: string, place: Place): boolean {
  if (from.trim() !== '') return true;
  place.problem('LOOKUP_INVALID', 'A blank cell is never looked up; use "default" for it');
  return false;
}

function parseFallback(place: Place, field: string, fieldType: FieldType): LookupFallback {
  if (place.isAbsent) return 'error';
  if (typeof place.value === 'string') return place.asChoice(lookupFallbacks) ?? 'error';
  if (!place.isObjectOf(namesOf(fallbackProperties))) return 'error';
  const value = parseValue(place.at('value'), field, fieldType);
  if (value !== undefined) return { value };
  if (!place.has('value')) place.problem('PROPERTY_MISSING', 'Say which value stands in: { "value": … }');
  return 'error';
}
