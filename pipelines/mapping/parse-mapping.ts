import { type GuardName, type Guards, guardNames, validateGuard } from '#pipelines/guards.js';
import { JsonNode, propertyPath } from '#pipelines/shape.js';
import {
  type CustomFields,
  customerFields,
  type FieldType,
  fieldTypes,
  findFieldType,
  identityFields,
  readOnlyFields,
} from './fields.js';
import {
  blankPolicies,
  type FieldRule,
  type KeyRule,
  type Mapping,
  type Mode,
  modes,
  type SourceHints,
  unmappedPolicies,
} from './mapping.js';
import type { MappingError } from './mapping-issue.js';
import { suggestNames } from './nearest-name.js';
import { parseColumns, parseField } from './parse-field.js';
import { commandProperties, keyProperties, listNames, mappingProperties, sourceProperties } from './schema.js';

/**
 * A mapping without the parts that problems are about, so that the others can be tried all the same; for looking at a file
 * only, never for sending.
 *
 * @returns `undefined` when nothing is left to try
 */
export function findValidSubset(
  mapping: Mapping,
  problems: readonly Pick<MappingError, 'path'>[],
): Mapping | undefined {
  const isSound = (path: string) => !problems.some((problem) => isWithin(problem.path, path));
  const fields = mapping.fields.filter(({ field }) => isSound(propertyPath('fields', field)));
  if (fields.length === 0) return undefined;
  const { key, command, ...rest } = mapping;
  return {
    ...rest,
    ...(key !== undefined && isSound('key') && { key }),
    ...(command !== undefined && isSound('command') && { command }),
    fields,
    ignore: mapping.ignore.filter((_, index) => isSound(`ignore[${index}]`)),
    // What the parts left out mention would count as forgotten.
    unmapped: 'ignore',
  };
}

function isWithin(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}.`) || path.startsWith(`${part}[`);
}

const possibleName = /^\p{L}[\p{L}\p{N}_. -]*$/u;
const apiFieldNames = [...Object.keys(customerFields), ...identityFields, ...readOnlyFields];

/** Reads the declaration of the client's own fields: `{ "loyaltyTier": "string" }`. */
function parseCustomFields(place: JsonNode): CustomFields {
  if (!place.isObject()) return {};
  const declared: { [field: string]: FieldType } = {};
  for (const [name, typePlace] of place.entries()) {
    const type = typePlace.asChoice(fieldTypes);
    if (!isNameAllowed(name, typePlace)) continue;
    // A wrong type is reported already; the field counts as declared, so that it is not reported twice.
    declared[name] = type ?? 'string';
  }
  return declared;
}

function isNameAllowed(name: string, place: JsonNode): boolean {
  if (!possibleName.test(name)) {
    place.report(
      'CUSTOM_FIELD_INVALID',
      `"${name}" cannot be a field; use a letter, then letters, digits and _ . - only`,
    );
    return false;
  }
  const own = apiFieldNames.find((known) => known.toLowerCase() === name.toLowerCase());
  if (own === undefined) return true;
  place.report('CUSTOM_FIELD_INVALID', `"${own}" is a field of the API itself; leave it out of "customFields"`);
  return false;
}

/** Reads how the file is to be read; `auto` counts as saying nothing. */
function parseSource(place: JsonNode): SourceHints {
  if (!place.isObjectOf(listNames(sourceProperties))) return {};
  const sheet = place.at('sheet').asText();
  const headerRow = place.at('headerRow').asWholeNumber(1);
  const encoding = place.at('encoding').asText();
  const delimiter = parseDelimiter(place.at('delimiter'));
  const lenientQuotes = place.at('lenientQuotes').asFlag();
  const skipHidden = place.at('skipHidden').asFlag();
  return {
    ...(sheet !== undefined && { sheet }),
    ...(headerRow !== undefined && { headerRow }),
    ...(encoding !== undefined && encoding !== 'auto' && { encoding }),
    ...(delimiter !== undefined && delimiter !== 'auto' && { delimiter }),
    ...(lenientQuotes !== undefined && { lenientQuotes }),
    ...(skipHidden !== undefined && { skipHidden }),
  };
}

function parseDelimiter(place: JsonNode): string | undefined {
  const delimiter = place.asAnyText();
  if (delimiter === undefined || delimiter === 'auto' || delimiter.length === 1) return delimiter;
  return place.report('CHOICE_UNKNOWN', 'A delimiter is one sign, such as ";" or "\\t" for a tab, or "auto"');
}

/** Reads which column says what to do with a row: its name, or `{ "column": … }`. */
function parseCommand(place: JsonNode): string | undefined {
  if (place.isAbsent || typeof place.value === 'string') return place.asText();
  if (!place.isObjectOf(listNames(commandProperties))) return undefined;
  if (!place.has('column')) return place.report('PROPERTY_MISSING', 'Name the column: { "column": "Command" }');
  return place.at('column').asText();
}

/** Reads what may make an import refuse to begin. */
function parseGuards(place: JsonNode): Guards {
  if (!place.isObjectOf(guardNames)) return {};
  for (const name of guardNames) {
    const at = place.at(name);
    const problem = at.isAbsent ? undefined : validateGuard(name as GuardName, at.value);
    if (problem !== undefined) at.report('GUARD_INVALID', problem);
  }
  return place.value as Guards;
}

/** Reads the fields to find a customer by; each must get its value from the file. */
function parseMatch(place: JsonNode, fieldsPlace: JsonNode, fields: readonly FieldRule[]): readonly string[] {
  const fromFile = fields.flatMap((rule) => (rule.kind === 'constant' ? [] : [rule.field]));
  return (place.asList() ?? []).flatMap((item) => {
    const field = item.asText();
    if (field === undefined || fromFile.includes(field)) return field ?? [];
    // A rule that is wrong itself is reported where it stands.
    const isReported = fieldsPlace.has(field) && !fields.some((rule) => rule.field === field);
    if (!isReported)
      item.report('MATCH_NOT_MAPPED', `"${field}" gets no column under "fields"; ${suggestNames(field, fromFile)}`);
    return [];
  });
}

/** Reads the rule for the legacy system's own identifier. */
function parseKey(place: JsonNode, fields: readonly FieldRule[], customFields: CustomFields): KeyRule | undefined {
  if (!place.isObjectOf(listNames(keyProperties))) return undefined;
  if (place.has('column') === place.has('columns'))
    return place.report(
      place.has('column') ? 'SOURCE_CONFLICT' : 'SOURCE_MISSING',
      'A key is one "column", or several "columns" with "join"; give exactly one of the two',
    );
  const source = parseColumns(place);
  const stamp = parseStamp(place.at('stamp'), fields, customFields);
  if (source === undefined) return undefined;
  return { ...source, ...(stamp !== undefined && { stamp }) };
}

function parseStamp(place: JsonNode, fields: readonly FieldRule[], customFields: CustomFields): string | undefined {
  const stamp = place.asText();
  if (stamp === undefined) return undefined;
  if (fields.some(({ field }) => field === stamp))
    return place.report('STAMP_INVALID', `"${stamp}" is mapped under "fields" too; stamp another field, e.g. cC_001`);
  if (findFieldType(stamp, customFields) === 'string') return stamp;
  const textFields = Object.keys({ ...customerFields, ...customFields }).filter(
    (field) => findFieldType(field, customFields) === 'string',
  );
  return place.report(
    'STAMP_INVALID',
    `"${stamp}" is no text field of the customer; ${suggestNames(stamp, textFields)}`,
  );
}

/** Reads all field rules, in the order of the file. */
function parseFields(root: JsonNode, customFields: CustomFields): readonly FieldRule[] {
  const place = root.at('fields');
  if (place.isAbsent) {
    root.report(
      'PROPERTY_MISSING',
      'The mapping has no "fields"; say which column each field of the customer comes from',
    );
    return [];
  }
  if (!place.isObject()) return [];
  if (place.entries().length === 0) place.report('PROPERTY_MISSING', 'No field is mapped; map at least one');
  return place.entries().flatMap(([field, rulePlace]) => {
    const fieldType = findTargetType(field, rulePlace, customFields);
    return fieldType === undefined ? [] : (parseField(rulePlace, field, fieldType) ?? []);
  });
}

function findTargetType(field: string, place: JsonNode, customFields: CustomFields): FieldType | undefined {
  if (identityFields.some((name) => name === field)) return 'string';
  const type = findFieldType(field, customFields);
  if (type !== undefined) return type;
  if (readOnlyFields.some((name) => name === field))
    return place.report('FIELD_SERVER_KEPT', `The server keeps "${field}" itself; take it out of the mapping`);
  const known = [...Object.keys(customerFields), ...identityFields, ...Object.keys(customFields)];
  return place.report(
    'FIELD_UNKNOWN',
    `The customer has no field "${field}" (fields of your own go into "customFields"); ${suggestNames(field, known)}`,
  );
}

const supportedVersion = 1;

type ParsedMapping =
  | { readonly ok: true; readonly mapping: Mapping }
  | {
      readonly ok: false;
      readonly problems: readonly MappingError[];
      /** What of it is right, for looking at a file. */
      readonly validSubset?: Mapping;
    };

/**
 * Checks a mapping file, already read as JSON, as far as that needs no input file; all problems at once.
 *
 * @param json - what `JSON.parse` gave
 */
export function parseMapping(json: unknown): ParsedMapping {
  const problems: MappingError[] = [];
  const root = new JsonNode(json === undefined ? null : json, '', problems);
  const mapping = root.isObjectOf(listNames(mappingProperties)) ? parseRoot(root) : undefined;
  if (mapping === undefined) return { ok: false, problems };
  if (problems.length === 0) return { ok: true, mapping };
  const sound = findValidSubset(mapping, problems);
  return { ok: false, problems, ...(sound !== undefined && { validSubset: sound }) };
}

function parseRoot(root: JsonNode): Mapping {
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

function checkVersion(version: JsonNode): void {
  if (version.isAbsent || version.value === supportedVersion) return;
  version.report(
    'VERSION_UNSUPPORTED',
    `This program reads mappings of version ${supportedVersion}; write "version": ${supportedVersion}, or use a newer program`,
  );
}

/** An update has to find its customer; only an add can do without. A rule that is wrong itself counts as one. */
function checkMode(root: JsonNode, mode: Mode | undefined): void {
  const isIdentified = identityFields.some((field) => root.at('fields').has(field));
  const { value: match } = root.at('match');
  if (root.has('command') && mode !== undefined && mode !== 'upsert')
    root.at('mode').report('MODE_AND_COMMAND', `The command column decides row by row; leave out "mode": "${mode}"`);
  const isMatched = match !== undefined && !(Array.isArray(match) && match.length === 0);
  const needsIdentity = root.has('command') || (mode !== undefined && mode !== 'add');
  if (!needsIdentity || isIdentified || root.has('key') || isMatched) return;
  root
    .at('mode')
    .report(
      'MATCH_MISSING',
      `"${mode ?? 'upsert'}" has to find existing customers; add a "key", map "customerCode", or name fields in "match"`,
    );
}
