import { blankPolicies, type FieldRule, type KeyRule, type Mapping, modes, unmappedPolicies } from '../mapping.js';
import type { MappingProblem } from '../mapping-problem.js';
import { mappingProperties, namesOf } from '../mapping-properties.js';
import { parseCustomFields } from './parse-custom-fields.js';
import { parseFields } from './parse-fields.js';
import { parseKey } from './parse-key.js';
import { parseMatch } from './parse-match.js';
import { parseSource } from './parse-source.js';
import { Place } from './place.js';

const supportedVersion = 1;

export type ParsedMapping =
  | { readonly ok: true; readonly mapping: Mapping }
  | { readonly ok: false; readonly problems: readonly MappingProblem[] };

/**
 * Checks a mapping file, already read as JSON, as far as that needs no input file; all problems at once.
 *
 * @param json - what `JSON.parse` gave
 */
export function parseMapping(json: unknown): ParsedMapping {
  const problems: MappingProblem[] = [];
  const root = new Place(json === undefined ? null : json, '', problems);
  const mapping = root.isObjectOf(namesOf(mappingProperties)) ? parseRoot(root) : undefined;
  return mapping === undefined || problems.length > 0 ? { ok: false, problems } : { ok: true, mapping };
}

function parseRoot(root: Place): Mapping {
  checkVersion(root.at('version'));
  root.at('$schema').asAnyText();
  const customFields = parseCustomFields(root.at('customFields'));
  const fields = parseFields(root, customFields);
  const key = parseKey(root.at('key'), fields, customFields);
  const match = parseMatch(root.at('match'), fields);
  const mode = root.at('mode').asChoice(modes);
  const nullToken = root.at('nullToken').asText()?.trim();
  if (mode !== undefined) checkMode(root.at('mode'), { mode, key, fields, match });
  return {
    source: parseSource(root.at('source')),
    ...(mode !== undefined && { mode }),
    ...(key !== undefined && { key }),
    match,
    fields,
    customFields,
    ignore: root.at('ignore').asTexts() ?? [],
    unmapped: root.at('unmapped').asChoice(unmappedPolicies) ?? 'warn',
    blank: root.at('blank').asChoice(blankPolicies) ?? 'keep',
    ...(nullToken !== undefined && { nullToken }),
  };
}

function checkVersion(version: Place): void {
  if (version.isAbsent || version.value === supportedVersion) return;
  version.problem(
    'VERSION_UNSUPPORTED',
    `This program reads mappings of version ${supportedVersion}; write "version": ${supportedVersion}, or use a newer program`,
  );
}

interface ModeFacts {
  readonly mode: NonNullable<Mapping['mode']>;
  readonly key: KeyRule | undefined;
  readonly fields: readonly FieldRule[];
  readonly match: Mapping['match'];
}

/** An update has to find its customer; only an add can do without. */
function checkMode(place: Place, { mode, key, fields, match }: ModeFacts): void {
  const isIdentified = fields.some(({ field }) => field === 'customerCode' || field === 'customerId');
  if (mode === 'add' || key !== undefined || isIdentified || match.length > 0 || place.value === undefined) return;
  place.problem(
    'MATCH_MISSING',
    `"${mode}" has to find existing customers; add a "key", map "customerCode", or name fields in "match"`,
  );
}
