import type { Issue } from '#pipelines/issue.js';
import { formatStamp, normaliseKey, parseStamp } from '#pipelines/mapping/key.js';

/** Stands between the source and the key in a stored key. Normalisation takes it off keys, so the two cannot be mistaken. */
const separator = '\u001f';

/** A stored key in its parts. */
export interface SourcedKey {
  /** The system that the key is of, where several have keys of their own. */
  readonly source?: string;
  readonly key: string;
}

/** The one text by which ledger and rows know a key: the key itself, or source and key. */
export function joinKey(source: string | undefined, key: string): string {
  return source === undefined ? key : `${source}${separator}${key}`;
}

export function splitKey(stored: string): SourcedKey {
  const at = stored.indexOf(separator);
  return at < 0 ? { key: stored } : { source: stored.slice(0, at), key: stored.slice(at + 1) };
}

/** The key as messages name it: `1001`, or `shop-a: 1001`. */
export function displayKey(stored: string): string {
  const { source, key } = splitKey(stored);
  return formatStamp(source, key);
}

/** Whether two stored keys are of the same source. A customer has at most one key of a source. */
export function isSameSource(a: string, b: string): boolean {
  return splitKey(a).source === splitKey(b).source;
}

/** The stored key that a customer's stamp stands for; `undefined` when it is blank or of another source. */
export function readStamp(stamp: unknown, source: string | undefined): string | undefined {
  const key = parseStamp(stamp, source);
  return key === undefined ? undefined : joinKey(source, key);
}

/** The stored key for what a person typed or a file says. */
export function storeKey(source: string | undefined, text: string): string {
  const name = source?.trim().normalize('NFC');
  return joinKey(name === '' ? undefined : name, normaliseKey(text));
}

/** The arguments that name a key on the command line: `"1001" --source "shop-a"`. */
export function quoteKey(stored: string): string {
  const { source, key } = splitKey(stored);
  return source === undefined ? `"${key}"` : `"${key}" --source "${source}"`;
}

/** The stamps of several customers hold the same key. */
export function describeAmbiguousKey(stored: string, codes: readonly string[], columns: readonly string[]): Issue {
  return {
    severity: 'error',
    code: 'KEY_AMBIGUOUS',
    message: `The key "${displayKey(stored)}" is stored in several customers: ${codes.join(', ')}. Clear it in all but one of them, then import again.`,
    columns,
    value: splitKey(stored).key,
  };
}
