import { propertyPath } from './json-path.js';
import type { MappingProblem } from './mapping-problem.js';

/** Texts and what they stand for, or what is wrong with the file that should list them, as a sentence. */
export type LookupFile =
  | { readonly ok: true; readonly pairs: readonly (readonly [from: string, to: string])[] }
  | { readonly ok: false; readonly fault: string };

export interface InlinedLookups {
  /** The mapping with every named file's content in its place; the one given stays as it is. */
  readonly json: unknown;
  readonly problems: readonly MappingProblem[];
}

/**
 * Puts the content of lookup files into a mapping, so that everything after this sees lookups of one kind.
 *
 * @param read - reads a file by the name that the mapping gives
 */
export function inlineLookups(json: unknown, read: (name: string) => LookupFile): InlinedLookups {
  const problems: MappingProblem[] = [];
  const fields = isObject(json) && isObject(json.fields) ? json.fields : undefined;
  if (fields === undefined) return { json, problems };
  const inlined = Object.entries(fields).map(([field, rule]) => [field, inlineIn(field, rule)] as const);
  return { json: { ...(json as object), fields: Object.fromEntries(inlined) }, problems };

  function inlineIn(field: string, rule: unknown): unknown {
    if (!isObject(rule) || typeof rule.lookup !== 'string') return rule;
    const file = read(rule.lookup);
    const fault = file.ok ? faultOf(rule.lookup, file.pairs) : file.fault;
    const path = `${propertyPath('fields', field)}.lookup`;
    if (fault !== undefined) problems.push({ code: 'LOOKUP_FILE_UNUSABLE', path, message: fault });
    if (!file.ok || fault !== undefined) return withoutLookup(rule);
    return { ...rule, lookup: Object.fromEntries(file.pairs) };
  }
}

function faultOf(name: string, pairs: readonly (readonly [string, string])[]): string | undefined {
  if (pairs.length === 0) return `The file ${name} lists nothing below its header; fill it in`;
  const values = new Map<string, string>();
  for (const [from, to] of pairs) {
    const other = values.get(from);
    if (other !== undefined && other !== to)
      return `The file ${name} lists "${from}" as "${other}" and as "${to}"; keep one`;
    values.set(from, to);
  }
  return undefined;
}

/** What is left is still checked; a fixed text stands for the lookup, so that its `otherwise` is not complained of. */
function withoutLookup(rule: Readonly<Record<string, unknown>>): object {
  const { lookup: _unusable, otherwise: _unused, ...rest } = rule;
  return rest;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
