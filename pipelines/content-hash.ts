import type { Draft, JsonValue } from './customer.js';

/** Of 128 bits, read as four words and as bytes. */
const sums = new Uint32Array(4);
const sumBytes = Buffer.from(sums.buffer);

const kinds = { text: 1, json: 2 } as const;

/**
 * A fingerprint of what a draft says, whatever the order of its fields: two drafts have the same one only when they
 * would write the same customer.
 *
 * It tells contents apart that differ by accident, and is no defence against somebody who looks for two that do not:
 * whoever makes the file may write what they like anyway. A cryptographic hash of the draft as JSON costs four times as
 * much, which for a million rows is the largest single part of a check.
 */
export function contentHash(draft: Draft): string {
  sums.fill(0);
  const names = Object.keys(draft);
  const values = Object.values(draft);
  for (let at = 0; at < names.length; at += 1) {
    const value = values[at];
    if (typeof value === 'string') addField(names[at] ?? '', value, kinds.text);
    else if (value !== undefined) addField(names[at] ?? '', jsonOf(value), kinds.json);
  }
  return sumBytes.toString('base64url');
}

/** Adds up the hashes of the fields, each begun with its name: so their order does not count, and no field is another. */
function addField(name: string, text: string, kind: number): void {
  let [a, b, c, d] = [kind, kind + 0x3c6ef372, kind + 0x1f83d9ab, kind + 0x5be0cd19];
  for (let at = -name.length; at < text.length; at += 1) {
    // The first sign of the text is told from the last of the name by the number of signs, which comes at the end.
    const sign = at < 0 ? name.charCodeAt(at + name.length) : text.charCodeAt(at);
    a = Math.imul(a ^ sign, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ sign, 0xc2b2ae35);
    b ^= b >>> 13;
    c = Math.imul(c ^ sign, 0x9e3779b1);
    c ^= c >>> 16;
    d = Math.imul(d ^ sign, 0x27d4eb2f);
    d ^= d >>> 14;
  }
  const length = text.length;
  sums[0] = (sums[0] ?? 0) + stirred(a ^ length);
  sums[1] = (sums[1] ?? 0) + stirred(b ^ length);
  sums[2] = (sums[2] ?? 0) + stirred(c ^ length);
  sums[3] = (sums[3] ?? 0) + stirred(d ^ length);
}

/** Lets every bit count for every other one, after the last step of MurmurHash3. */
function stirred(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function jsonOf(value: JsonValue): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(inOrder(value)) : String(value);
}

function inOrder(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one: JsonValue) => inOrder(one));
  const entries = Object.entries(value as Draft).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, inOrder(one)]));
}
