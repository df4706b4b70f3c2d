import { hash } from 'node:crypto';
import type { Draft, JsonValue } from './customer.js';

/**
 * A fingerprint of what a draft says, whatever the order of its fields: two drafts have the same one only when they
 * would write the same customer.
 */
export function contentHash(draft: Draft): string {
  return hash('sha256', JSON.stringify(inOrder(draft)), 'base64url').slice(0, 22);
}

/** The drafts of one run have their fields in the same few orders: sorting them for every row would take longer than the hash. */
let fields: readonly string[] = [];
let sortedFields: readonly string[] = [];

function inOrder(draft: Draft): Draft {
  const names = Object.keys(draft);
  if (!isSame(names, fields)) [fields, sortedFields] = [names, names.toSorted()];
  const ordered: { [field: string]: JsonValue } = {};
  for (const name of sortedFields) {
    const value = draft[name];
    if (value !== undefined) ordered[name] = typeof value === 'object' && value !== null ? deepInOrder(value) : value;
  }
  return ordered;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

function deepInOrder(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one: JsonValue) => deepInOrder(one));
  const entries = Object.entries(value as Draft).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, deepInOrder(one)]));
}
