import type { ReadOptions } from '#pipelines/reading-options.js';
import type { DocumentIssue } from '#pipelines/shape.js';
import { JsonNode, propertyPath } from '#pipelines/shape.js';
import { defaultBlankTokenRule } from './blank-tokens.js';
import {
  type CustomFields,
  customerFields,
  type FieldType,
  findFieldType,
  identityFields,
  readOnlyFields,
} from './fields.js';
import { defaultPlaceholders } from './key.js';
import type { FieldRule, KeyRule, Mapping, MatchRule } from './mapping.js';
import { suggestNames } from './nearest-name.js';
import { checkColumns, checkField, readWriteRule } from './parse-field.js';
import { type MappingDocument, mappingShape } from './schema.js';

type ParsedMapping =
  | { readonly ok: true; readonly mapping: Mapping }
  | {
      readonly ok: false;
      readonly problems: readonly DocumentIssue[];
      /** The part that is valid, for trying it on a file. */
      readonly validSubset?: Mapping;
    };

/**
 * Checks a mapping file as far as that needs no input file; reports everything at once.
 *
 * @param json - the content of the file, parsed as JSON
 */
export function parseMapping(json: unknown): ParsedMapping {
  const problems: DocumentIssue[] = [];
  const root = new JsonNode(json === undefined ? null : json, '', problems);
  const document = mappingShape.read(root);
  if (document === undefined) return { ok: false, problems };
  const mapping = checkMapping(document, root);
  if (problems.length === 0) return { ok: true, mapping };
  const validSubset = findValidSubset(mapping, problems);
  return { ok: false, problems, ...(validSubset !== undefined && { validSubset }) };
}

/**
 * A mapping without the parts that issues are about, so that the others can be tried; for checking only, never for
 * sending.
 *
 * @returns `undefined` when nothing is left to try
 */
export function findValidSubset(
  mapping: Mapping,
  problems: readonly Pick<DocumentIssue, 'path'>[],
): Mapping | undefined {
  const isValid = (path: string) => !problems.some((problem) => isWithin(problem.path, path));
  const fields = mapping.fields.filter(({ field }) => isValid(propertyPath('fields', field)));
  if (fields.length === 0) return undefined;
  const { key, command, ...rest } = mapping;
  return {
    ...rest,
    ...(key !== undefined && isValid('key') && { key }),
    ...(command !== undefined && isValid('command') && { command }),
    fields,
    ignore: mapping.ignore.filter((_, index) => isValid(`ignore[${index}]`)),
    // Columns that only the removed parts mention would count as forgotten.
    unmapped: 'ignore',
  };
}

function isWithin(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}.`) || path.startsWith(`${part}[`);
}

/** Checks the parts of a mapping against each other, and fills in the defaults. */
function checkMapping(document: MappingDocument, root: JsonNode): Mapping {
  const customFields = checkCustomFields(document, root.at('customFields'));
  const fields = checkFields(document, root.at('fields'), customFields);
  const key = checkKey(document, root.at('key'), fields, customFields);
  const match = checkMatch(root, fields);
  const command = typeof document.command === 'object' ? document.command.column : document.command;
  const { mode, nullToken } = document;
  checkConflict(document, root);
  checkAbsent(document, root);
  checkMode(document, root);
  return {
    source: readSource(document),
    ...(mode !== undefined && { mode }),
    ...(key !== undefined && { key }),
    match,
    ...(command !== undefined && { command }),
    guards: document.guards ?? {},
    ...(document.absent !== undefined && { absent: document.absent }),
    fields,
    customFields,
    ignore: document.ignore ?? [],
    unmapped: document.unmapped ?? 'warn',
    blank: document.blank ?? 'keep',
    ...(nullToken !== undefined && { nullToken: nullToken.trim() }),
    blankTokens: document.blankTokens ?? defaultBlankTokenRule,
    cellTexts: document.cellTexts ?? 'clean',
    nameless: document.nameless ?? 'error',
    ...readWriteRule(document),
  };
}

/** A conflict can only arise where the last value sent is known. */
function checkConflict({ write, conflict, fields }: MappingDocument, root: JsonNode): void {
  if (conflict === undefined) return;
  const rules = Object.values(fields).map((rule) => (typeof rule === 'object' ? rule.write : undefined) ?? write);
  if (!rules.includes('whenChanged'))
    root.at('conflict').report('OPTION_UNUSED', '"conflict" only works with "write": "whenChanged"');
}

/** Only a key tells who is missing from a file, and a mapping that only adds knows nobody. */
function checkAbsent({ absent, mode, guards }: MappingDocument, root: JsonNode): void {
  if (absent === undefined) {
    if (guards?.absentPercent !== undefined)
      root.at('guards').at('absentPercent').report('OPTION_UNUSED', '"absentPercent" only works with "absent"');
    return;
  }
  if (!root.has('key'))
    root
      .at('absent')
      .report('ABSENT_WITHOUT_KEY', '"absent" needs a "key": only a key tells who is missing from a file');
  if (mode === 'add')
    root.at('absent').report('OPTION_UNUSED', '"absent" has no effect with "mode": "add"; use upsert, or leave it out');
}

/** `auto` counts as absent. */
function readSource({ source: { encoding, delimiter, ...rest } = {} }: MappingDocument): ReadOptions {
  return {
    ...rest,
    ...(encoding !== undefined && encoding !== 'auto' && { encoding }),
    ...(delimiter !== undefined && delimiter !== 'auto' && { delimiter }),
  };
}

const customFieldName = /^\p{L}[\p{L}\p{N}_. -]*$/u;
const apiFieldNames = [...Object.keys(customerFields), ...identityFields, ...readOnlyFields];

function checkCustomFields({ customFields = {} }: MappingDocument, node: JsonNode): CustomFields {
  const declared: { [field: string]: FieldType } = {};
  for (const [name, type] of node.entries()) {
    const apiField = apiFieldNames.find((known) => known.toLowerCase() === name.toLowerCase());
    if (!customFieldName.test(name))
      type.report(
        'CUSTOM_FIELD_INVALID',
        `"${name}" cannot be a field; use a letter, then letters, digits and _ . - only`,
      );
    else if (apiField !== undefined)
      type.report('CUSTOM_FIELD_INVALID', `"${apiField}" is a field of the API; remove it from "customFields"`);
    // A field whose type is wrong counts as declared, so that its rule is not reported as well.
    else declared[name] = findFieldType(name, customFields) ?? 'string';
  }
  return declared;
}

/** Checks all field rules, in the order of the file. */
function checkFields(document: MappingDocument, node: JsonNode, customFields: CustomFields): readonly FieldRule[] {
  return Object.entries(document.fields).flatMap(([field, rule]) => {
    const target = node.at(field);
    const fieldType = findTargetType(field, target, customFields);
    const { write } = document;
    return fieldType === undefined ? [] : (checkField(rule, { field, fieldType, node: target, write }) ?? []);
  });
}

function findTargetType(field: string, node: JsonNode, customFields: CustomFields): FieldType | undefined {
  if (identityFields.some((name) => name === field)) return 'string';
  const type = findFieldType(field, customFields);
  if (type !== undefined) return type;
  if (readOnlyFields.some((name) => name === field))
    return node.report('FIELD_SERVER_KEPT', `The server sets "${field}" itself; remove it from the mapping`);
  const known = [...Object.keys(customerFields), ...identityFields, ...Object.keys(customFields)];
  return node.report(
    'FIELD_UNKNOWN',
    `The customer has no field "${field}" (fields of your own go into "customFields"); ${suggestNames(field, known)}`,
  );
}

/** Checks the rule for the old system's own identifier. */
function checkKey(
  { key }: MappingDocument,
  node: JsonNode,
  fields: readonly FieldRule[],
  customFields: CustomFields,
): KeyRule | undefined {
  if (key === undefined) return undefined;
  if (node.has('column') === node.has('columns'))
    return node.report(
      node.has('column') ? 'SOURCE_CONFLICT' : 'SOURCE_MISSING',
      'A key is one "column", or several "columns" with "join"; give exactly one of the two',
    );
  const source = checkColumns(key, node);
  const stamp = checkStamp(key.stamp, node.at('stamp'), fields, customFields);
  const keySource = checkKeySource(key.source, node.at('source'));
  if (source === undefined) return undefined;
  return {
    ...source,
    placeholders: key.placeholders ?? defaultPlaceholders,
    ...(keySource !== undefined && { source: keySource }),
    ...(stamp !== undefined && { stamp }),
  };
}

const keySourceName = /^[^\p{C}:]+$/u;

/** It is written before the key where the key is stored, with a colon between them. */
function checkKeySource(source: string | undefined, node: JsonNode): string | undefined {
  if (source === undefined) return undefined;
  const name = source.trim().normalize('NFC');
  if (keySourceName.test(name)) return name;
  return node.report('KEY_SOURCE_INVALID', 'The name of a source must not have a colon or a line break; e.g. "shop-a"');
}

function checkStamp(
  stamp: string | undefined,
  node: JsonNode,
  fields: readonly FieldRule[],
  customFields: CustomFields,
): string | undefined {
  if (stamp === undefined) return undefined;
  if (fields.some(({ field }) => field === stamp))
    return node.report('STAMP_INVALID', `"${stamp}" is also mapped under "fields"; stamp another field, e.g. cC_001`);
  if (findFieldType(stamp, customFields) === 'string') return stamp;
  const textFields = Object.keys({ ...customerFields, ...customFields }).filter(
    (field) => findFieldType(field, customFields) === 'string',
  );
  return node.report(
    'STAMP_INVALID',
    `"${stamp}" is not a text field of the customer; ${suggestNames(stamp, textFields)}`,
  );
}

/** Checks the fields to find a customer by; each must get its value from the file. */
function checkMatch(root: JsonNode, fields: readonly FieldRule[]): MatchRule {
  const fromFile = fields.flatMap((rule) => (rule.kind === 'constant' ? [] : [rule.field]));
  const checkList = (node: JsonNode): readonly string[] =>
    node.items().flatMap((item) => {
      const field = String(item.value);
      if (fromFile.includes(field)) return [field];
      // A rule that is wrong itself is reported where it is.
      const isReported =
        typeof item.value !== 'string' ||
        field.trim() === '' ||
        (root.at('fields').has(field) && !fields.some((rule) => rule.field === field));
      if (!isReported)
        item.report('MATCH_NOT_MAPPED', `"${field}" has no column under "fields"; ${suggestNames(field, fromFile)}`);
      return [];
    });
  const match = root.at('match');
  const isListOfLists = match.items().some(({ value }) => Array.isArray(value));
  const lists = isListOfLists ? match.items().map(checkList) : [checkList(match)];
  return lists.filter((list) => list.length > 0);
}

/** An update has to find its customer; only an add does not. A rule that is wrong itself counts as one. */
function checkMode({ mode }: MappingDocument, root: JsonNode): void {
  if (root.has('command') && mode !== undefined && mode !== 'upsert')
    root
      .at('mode')
      .report('MODE_AND_COMMAND', `With a command column, each row decides for itself; remove "mode": "${mode}"`);
  const { value: match } = root.at('match');
  const isMatched = match !== undefined && !(Array.isArray(match) && match.length === 0);
  const isIdentified = identityFields.some((field) => root.at('fields').has(field));
  const needsIdentity = root.has('command') || (mode !== undefined && mode !== 'add');
  if (!needsIdentity || isIdentified || root.has('key') || isMatched) return;
  root
    .at('mode')
    .report(
      'MATCH_MISSING',
      `"${mode ?? 'upsert'}" has to find existing customers; add a "key", map "customerCode", or name fields in "match"`,
    );
}
