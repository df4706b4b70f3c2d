import { readField } from '#pipelines/compare-customers.js';
import type { Customer, Draft, JsonValue } from '#pipelines/model.js';

const separators = /[\s().\-/]/g;

/**
 * A program that wrote numbers with a fraction has lost their leading zeros: the customer's value stays where it differs in
 * nothing else.
 */
export function keepZeros(draft: Draft, current: Customer, fields: ReadonlySet<string> | undefined): Draft {
  if (fields === undefined || fields.size === 0) return draft;
  const kept: Record<string, JsonValue> = {};
  for (const [field, file] of Object.entries(draft)) {
    const account = fields.has(field) ? readField(current, field) : undefined;
    const digits = typeof account === 'string' ? account.replaceAll(separators, '') : '';
    if (typeof account === 'string' && digits.startsWith('0') && digits.replace(/^0+/, '') === file)
      kept[field] = account;
  }
  return Object.keys(kept).length === 0 ? draft : { ...draft, ...kept };
}
