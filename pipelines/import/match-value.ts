import { readField } from '#pipelines/compare-customers.js';
import { isFillerEmail } from '#pipelines/mapping/filler-address.js';
import type { MatchRule } from '#pipelines/mapping/mapping.js';
import type { Customer, Draft } from '#pipelines/model.js';
import { normaliseValue } from '#pipelines/quality/normalise.js';

/** What a row says in the first list of fields that it fills in, normalised and joined. Rows with the same text mean one customer. */
export function readMatchValue(draft: Draft, match: MatchRule, country?: string): string | undefined {
  for (const [place, fields] of match.entries()) {
    const value = readListValue(draft, fields, country);
    if (value !== undefined) return match.length === 1 ? value : `${place} ${value}`;
  }
  return undefined;
}

/** `undefined` when one of the fields is blank, or holds what people type where they have no address. */
export function readListValue(
  customer: Customer,
  fields: readonly string[],
  defaultCountry: string | undefined,
): string | undefined {
  const own = readField(customer, 'country');
  const country = typeof own === 'string' && own !== '' ? own : defaultCountry;
  const values: string[] = [];
  for (const field of fields) {
    const value = normaliseValue(field, readField(customer, field), country);
    if (value === undefined || (field === 'emailAddress' && isFillerEmail(value))) return undefined;
    values.push(value);
  }
  return values.join('\u001f');
}
