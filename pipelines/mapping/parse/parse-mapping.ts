import { identityFields } from '#pipelines/mapping/customer-fields.js';
import { soundPart } from '#pipelines/mapping/lint/sound-part.js';
import { blankPolicies, type Mapping, type Mode, modes, unmappedPolicies } from '#pipelines/mapping/mapping.js';
import type { MappingProblem } from '#pipelines/mapping/mapping-problem.js';
import { mappingProperties, namesOf } from '#pipelines/mapping/mapping-properties.js';
import { parseCommand } from './parse-command.js';
import { parseCustomFields } from './parse-custom-fields.js';
import { parseFields } from './parse-fields.js';
import { parseGuards } from './parse-guards.js';
import { parseKey } from './parse-key.js';
import { parseMatch } from './parse-match.js';
import { parseSource } from './parse-source.js';
import { Place } from './place.js';

const supportedVersion = 1;

export type ParsedMapping =
  | { readonly ok: true; readonly mapping: Mapping }
  | {
      readonly ok: false;
      readonly problems: readonly MappingProblem[];
      /** What of it is right, for looking at a file. */
      readonly sound?: Mapping;
    };

/**
 * Checks a mapping file, already read as JSON, as far as that needs no input file; all problems at once.
 *
 * @param json - what `JSON.parse` gave
 */
export function parseMapping(json: unknown): ParsedMapping {
  const problems: MappingProblem[] = [];
  const root = new Place(json === undefined ? null : json, '', problems);
  const mapping = root.isObjectOf(namesOf(mappingProperties)) ? parseRoot(root) : undefined;
  if (mapping === undefined) return { ok: false, problems };
  if (problems.length === 0) return { ok: true, mapping };
  const sound = soundPart(mapping, problems);
  return { ok: false, problems, ...(sound !== undefined && { sound }) };
}

function parseRoot(root: Place): Mapping {
  checkVersion(root.at('version'));
  root.at('$schema').asAnyText();
  const customFields = parseCustomFields(root.at('customFields'));
  const fields = parseFields(root, customFields);
  const key = parseKey(root.at('key'), fields, customFields);
  const match = parseMatch(root.at('match'), root.at('fields'), fields);
  const mode = root.at('mode').asChoice(modes);
  const nullToken = root.at('nullToken').asText()?.trim();
  const command = parseCommand(root.at('command'));
  checkMode(root, mode);
  return {
    source: parseSource(root.at('source')),
    ...(mode !== undefined && { mode }),
    ...(key !== undefined && { key }),
    match,
    ...(command !== undefined && { command }),
    guards: parseGuards(root.at('guards')),
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

/** An update has to find its customer; only an add can do without. A rule that is wrong itself counts as one. */
function checkMode(root: Place, mode: Mode | undefined): void {
  const isIdentified = identityFields.some((field) => root.at('fields').has(field));
  const { value: match } = root.at('match');
  if (root.has('command') && mode !== undefined && mode !== 'upsert')
    root.at('mode').problem('MODE_AND_COMMAND', `The command column decides row by row; leave out "mode": "${mode}"`);
  const isMatched = match !== undefined && !(Array.isArray(match) && match.length === 0);
  const needsIdentity = root.has('command') || (mode !== undefined && mode !== 'add');
  if (!needsIdentity || isIdentified || root.has('key') || isMatched) return;
  root
    .at('mode')
    .problem(
      'MATCH_MISSING',
      `"${mode ?? 'upsert'}" has to find existing customers; add a "key", map "customerCode", or name fields in "match"`,
    );
}
