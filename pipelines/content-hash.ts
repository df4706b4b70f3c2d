import { createHash } from 'node:crypto';
import type { Draft, JsonValue } from './customer.js';

/**
 * A fingerprint of what a draft says, whatever the order of its fields: two drafts have the same one only when they
 * would write the same customer.
 */
export function contentHash(draft: Draft): string {
  return createHash('sha256').update(canonical(draft)).digest('base64url').slice(0, 22);
}

function canonical(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one: JsonValue) => canonical(one)).join(',')}]`;
  const entries = Object.entries(value as Draft).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`;
}
