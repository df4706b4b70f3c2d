import type { FieldValue } from './customer-fields.js';
import type { Lookup } from './mapping.js';
import { offerNames } from './nearest-name.js';
import { normaliseName } from './normalise-name.js';
import type { Failure } from './row-reason.js';

/** Beyond this, comparing a wrong text with every entry costs more than the hint is worth. */
const mostEntriesCompared = 500;

/** The value for a text; `undefined` for a blank; `whole` is the text with its outer spaces, for `keep`. */
export type FindInLookup = (text: string, whole: string) => FieldValue | Failure | undefined;

/** Exact texts go first; then texts that differ in case and spaces only, unless two entries do. */
export function compileLookup({ entries, otherwise }: Lookup): FindInLookup {
  const exact = new Map(entries);
  const normalised = new Map<string, FieldValue | undefined>();
  for (const [from, to] of entries) {
    const name = normaliseName(from);
    normalised.set(name, normalised.has(name) && normalised.get(name) !== to ? undefined : to);
  }
  const fallback = whenUnlisted(
    entries.map(([from]) => from),
    otherwise,
  );
  return (text, whole) => {
    const value = exact.get(text) ?? normalised.get(normaliseName(text));
    if (value !== undefined) return value;
    return exact.has(text) ? null : fallback(text, whole);
  };
}

function whenUnlisted(listed: readonly string[], otherwise: Lookup['otherwise']): FindInLookup {
  if (otherwise === 'keep') return (_text, whole) => whole;
  if (otherwise === 'blank') return () => undefined;
  if (otherwise !== 'error') return () => otherwise.value;
  return (text) => {
    const hint = listed.length > mostEntriesCompared ? 'add it to the lookup' : offerNames(text, listed);
    return { code: 'NOT_IN_LOOKUP', says: `is not in the lookup; ${hint}` };
  };
}
