import type { FieldRule, Mapping } from './mapping.js';

/** What the cells of a column may say. */
export interface AllowedTexts {
  readonly texts: readonly string[];
  /** Anything else is an error; otherwise these are only the usual ones. */
  readonly isStrict: boolean;
}

/** The columns whose cells can only say certain things: those with a lookup, and those with yes and no. */
export function allowedTexts(mapping: Mapping): ReadonlyMap<string, AllowedTexts> {
  const found = new Map<string, AllowedTexts>();
  for (const rule of mapping.fields) {
    const allowed = allowedBy(rule);
    // Of a joined value, no part alone is what the rule speaks of.
    if (allowed === undefined || !('columns' in rule) || rule.columns.length !== 1) continue;
    const [column] = rule.columns;
    if (column !== undefined) found.set(column, allowed);
  }
  return found;
}

function allowedBy(rule: FieldRule): AllowedTexts | undefined {
  if (rule.kind === 'constant') return undefined;
  const { lookup, type } = rule;
  if (lookup !== undefined)
    return { texts: lookup.entries.map(([from]) => from), isStrict: lookup.otherwise === 'error' };
  if (type.name !== 'boolean') return undefined;
  return { texts: [...type.trueWords, ...type.falseWords], isStrict: true };
}
