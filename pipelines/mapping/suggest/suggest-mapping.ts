import { isDeepStrictEqual } from 'node:util';
import { formatCount } from '#pipelines/format-count.js';
import { customerFields, identityFields, readOnlyFields, secretFields } from '#pipelines/mapping/fields.js';
import type { Cell } from '#pipelines/model.js';
import {
  assignColumns,
  type Candidate,
  type CustomColumns,
  isSupplement,
  proposeCustomColumns,
  splitPersonName,
} from './assign-columns.js';
import {
  type ColumnValues,
  collectColumnValues,
  detectContentKind,
  emailShape,
  findBlankTokens,
} from './column-values.js';
import { readHeading } from './headings.js';
import { isIdentifier, type KeyProposal, proposeKey, proposeNumberKey } from './propose-rule.js';
import { findStandIns } from './stand-in-columns.js';
import {
  type Choices,
  type ColumnProposal,
  type FreeFieldChoice,
  type MappingJson,
  minSureConfidence,
  type Question,
  type RuleJson,
  type Suggestion,
} from './suggestion.js';

/** The beginning of a file. */
export interface FileSample {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** How the mapping says the file is to be read. */
  readonly source?: MappingJson['source'];
}

/** The parts of a suggestion. */
interface SuggestionParts {
  readonly all: readonly ColumnValues[];
  readonly assigned: readonly Candidate[];
  readonly key: KeyProposal | undefined;
  readonly sample: FileSample;
}

/** The proposal for every column, in file order, in words. */
function describeColumns(parts: SuggestionParts, custom: CustomColumns): readonly ColumnProposal[] {
  return parts.all.map((values) => {
    const candidate = parts.assigned.find((assigned) => assigned.values === values);
    const isKey = parts.key?.values === values;
    const isSecret = secretFields.has(candidate?.target ?? '');
    const facts = {
      column: values.column,
      samples: isSecret ? [] : values.samples,
      look: detectContentKind(values),
      distinct: values.distinct,
    };
    if (candidate !== undefined) return { ...facts, ...describeAssigned(candidate, parts, isKey) };
    if (isKey && parts.key !== undefined)
      return { ...facts, target: 'key', confidence: parts.key.confidence, why: parts.key.why, remarks: [] };
    return { ...facts, confidence: 0, why: explainIgnored(values, parts, custom), remarks: [] };
  });
}

function describeAssigned(candidate: Candidate, { key }: SuggestionParts, isKey: boolean) {
  const { target, confidence, why, proposal } = candidate;
  return {
    target,
    confidence: Math.min(1, confidence),
    why,
    remarks: [...proposal.remarks, ...(isKey ? [`It is also the key: ${key?.why}`] : [])],
  };
}

function explainIgnored(
  { column, heading, texts, rows }: ColumnValues,
  parts: SuggestionParts,
  custom: CustomColumns,
): string {
  if (column.trim() === '') return 'it has no name';
  if (readOnlyFields.some((field) => field === column)) return 'the server sets it';
  if (texts.length === 0 && rows > 0) return 'it is blank';
  if (custom.undecided.some((values) => values.column === column))
    return 'day and month cannot be distinguished; add --date-order day or month';
  const [meaning] = readHeading(heading);
  if (meaning === undefined) return 'no customer field has this name';
  const holder = meaning.target === 'key' ? parts.key : parts.assigned.find(({ target }) => target === meaning.target);
  if (holder !== undefined) return `${nameTarget(meaning.target)} is filled from "${holder.values.column}"`;
  if (meaning.target === 'key') return 'a key must be filled in and different in every row, and this column is not';
  return `its values do not fit ${nameTarget(meaning.target)}`;
}

function nameTarget(target: string): string {
  return target === 'key' ? 'the key' : target;
}

/** The questions for the user, most important first. */
function listQuestions(parts: SuggestionParts, custom: CustomColumns, choices: Choices): readonly Question[] {
  const unsure = parts.assigned.filter(({ confidence }) => confidence < minSureConfidence);
  const { undecided, ignored } = custom;
  const key = parts.key !== undefined && parts.key.confidence < minSureConfidence ? parts.key : undefined;
  return [
    ...unsure.map(
      ({ values, target }) => ({ kind: 'target', column: values.column, target, samples: values.samples }) as const,
    ),
    ...(key === undefined
      ? []
      : [{ kind: 'key', column: key.values.column, why: key.why, samples: key.values.samples } as const]),
    ...parts.assigned
      .filter(({ proposal }) => proposal.isDecimalOpen)
      .map(({ values }) => ({ kind: 'decimal', column: values.column, samples: values.samples }) as const),
    ...(ignored.length > 0 && choices.customColumns === undefined
      ? [{ kind: 'customColumns', columns: ignored.map(({ column }) => column) } as const]
      : []),
    ...(undecided.length > 0
      ? [
          {
            kind: 'dateOrder',
            columns: undecided.map(({ column }) => column),
            samples: undecided[0]?.samples ?? [],
          } as const,
        ]
      : []),
  ];
}

/** Proposes a mapping for a file. The same file and choices give the same mapping. */
export function suggestMapping(sample: FileSample, choices: Choices = {}): Suggestion {
  const hasHeader = sample.source === undefined || !('noHeader' in sample.source);
  const all = collectColumnValues(sample.columns, sample.rows, hasHeader);
  const usable = all.filter(({ column }) => column.trim() !== '');
  const identities = assignIdentityColumns(usable);
  const key = identities.some(({ target }) => target === 'customerCode') ? undefined : proposeKey(usable, choices);
  const isKeyOnly = (values: ColumnValues) => values === key?.values && detectContentKind(values) !== 'e-mail';
  const rest = usable.filter((values) => !isAssigned(values, identities) && !isKeyOnly(values));
  const named = [...identities, ...assignColumns(rest.filter(isWritableColumn), choices)];
  const unnamed = rest.filter((values) => isWritableColumn(values) && !isAssigned(values, named));
  const withNames = [...named, ...splitPersonName(unnamed, named, choices)];
  const leftOver = unnamed.filter((values) => !isAssigned(values, withNames));
  const mapped = [...withNames, ...findStandIns(leftOver, withNames, usable, choices)];
  const foundKey = key ?? (choices.key === 'none' ? undefined : proposeUnnamedKey(usable, mapped));
  const unmapped = rest.filter(
    (values) => isWritableColumn(values) && !isAssigned(values, mapped) && values !== foundKey?.values,
  );
  const custom = proposeCustomColumns(unmapped, choices);
  const assigned = [...mapped, ...custom.kept];
  const parts = { all, assigned, key: foundKey, sample };
  const stamp = foundKey === undefined ? undefined : chooseStamp(assigned, choices);
  return {
    mapping: buildMappingJson(parts, sample, stamp?.field),
    columns: describeColumns(parts, custom),
    questions: listQuestions(parts, custom, choices),
    remarks: [
      ...listRemarks(assigned, foundKey, sample.rows.length),
      ...describeStamp(stamp),
      ...describeBlankTokens(findBlankTokens(sample.rows)),
    ],
    rows: sample.rows.length,
  };
}

function isAssigned(values: ColumnValues, candidates: readonly Candidate[]): boolean {
  return candidates.some((candidate) => candidate.values === values);
}

/** A file that this program exported has the API's own names. */
function assignIdentityColumns(columns: readonly ColumnValues[]): readonly Candidate[] {
  return columns.flatMap((values) => {
    const target = identityFields.find((name) => name === values.column);
    const proposal = { rule: values.column, fit: 1, remarks: [] };
    return target === undefined
      ? []
      : [{ values, target, confidence: 1, context: 'plain', why: "it is the API's own name", proposal } as const];
  });
}

/** A column with the name of a field that the server sets is not used for another field either. */
function isWritableColumn({ column }: ColumnValues): boolean {
  return !readOnlyFields.some((field) => field === column);
}

/** The file's own number comes before an e-mail address, which people change and share. */
function proposeUnnamedKey(columns: readonly ColumnValues[], assigned: readonly Candidate[]): KeyProposal | undefined {
  if (assigned.some(({ target }) => target === 'customerCode')) return undefined;
  const unassigned = columns.filter((values) => !isAssigned(values, assigned));
  return proposeNumberKey(unassigned) ?? proposeEmailKey(assigned, columns);
}

/** Without a free field in the account, or where the file fills it, the key is not stored there. */
function chooseStamp(assigned: readonly Candidate[], { stamp }: Choices): FreeFieldChoice | undefined {
  return assigned.some(({ target }) => target === stamp?.field) ? undefined : stamp;
}

function describeStamp(stamp: FreeFieldChoice | undefined): readonly string[] {
  if (stamp === undefined) return [];
  const { field, customers } = stamp;
  const proof =
    customers === 0
      ? 'the account has no customers yet'
      : `it is blank in ${formatCount(customers, 'customer')} of the account`;
  return [`The key is also stored in ${field}: ${proof}. If you use that field, name another "stamp", or none.`];
}

function describeBlankTokens(tokens: readonly string[]): readonly string[] {
  if (tokens.length === 0) return [];
  return [`Read as blank: ${tokens.map((token) => `"${token}"`).join(', ')}. If one is a value, see "blankTokens".`];
}

/** Ways to find customers that are in the account already, or again when the state folder is lost; the surest first. */
function proposeMatch(assigned: readonly Candidate[]): MappingJson['match'] {
  const has = (field: string) => assigned.some(({ target }) => target === field);
  const names = has('customerName') ? ['customerName'] : ['firstName', 'lastName'].filter(has);
  const lists = [
    ...(has('emailAddress') ? [['emailAddress']] : []),
    ...(has('phoneNumber') && names.length > 0 ? [['phoneNumber', ...names]] : []),
  ];
  return lists.length > 1 ? lists : lists[0];
}

/** Without a number from the old system, the e-mail address is the next best, where it differs in every row. */
function proposeEmailKey(assigned: readonly Candidate[], columns: readonly ColumnValues[]): KeyProposal | undefined {
  const email = assigned.find(({ target }) => target === 'emailAddress')?.values;
  const values = columns.find((candidate) => candidate === email);
  if (values === undefined || values.rows < 2 || !isIdentifier(values)) return undefined;
  if (!values.texts.every((text) => emailShape.test(text))) return undefined;
  return {
    values,
    confidence: 0.7,
    why: 'no column has a number from your old system, but the address is different in every row',
  };
}

function buildMappingJson(
  { all, assigned, key }: SuggestionParts,
  sample: FileSample,
  stamp: string | undefined,
): MappingJson {
  const match = key === undefined ? undefined : proposeMatch(assigned);
  const isIdentified = key !== undefined || assigned.some(({ target }) => target === 'customerCode');
  const blankTokens = findBlankTokens(sample.rows);
  const used = new Set([...assigned.map(({ values }) => values), key?.values]);
  const ignored = all.filter(({ column }) => column.trim() !== '');
  const ignore = [...new Set(ignored.filter((values) => !used.has(values)).map(({ column }) => column))];
  return {
    $schema: './mappings.schema.json',
    version: 1,
    ...(sample.source !== undefined && { source: sample.source }),
    mode: isIdentified ? 'upsert' : 'add',
    ...(key !== undefined && { key: { column: key.values.column, ...(stamp !== undefined && { stamp }) } }),
    ...(match !== undefined && { match }),
    fields: buildFieldsJson(assigned),
    ...(ignore.length > 0 && { ignore }),
    ...(blankTokens.length > 0 && { blankTokens }),
  };
}

/** In the order in which the API has them. */
function buildFieldsJson(assigned: readonly Candidate[]): MappingJson['fields'] {
  const names = [...identityFields, ...Object.keys(customerFields)];
  return Object.fromEntries(
    names.flatMap((field): (readonly [string, RuleJson])[] => {
      const candidates = assigned.filter(({ target }) => target === field);
      const [first, ...more] = candidates;
      if (first === undefined) return [];
      return [[field, more.length === 0 ? first.proposal.rule : buildRuleOfSeveral(field, candidates)]];
    }),
  );
}

function buildRuleOfSeveral(field: string, candidates: readonly Candidate[]): RuleJson {
  const columns = candidates.map(({ values }) => values.column);
  if (field === 'address') return { columns, join: chooseAddressJoin(candidates) };
  if (field === 'notes') return { columns, join: '\n' };
  const steps = candidates.flatMap(({ proposal: { rule } }) => readSteps(rule));
  const transform = steps.filter((step, at) => steps.findIndex((other) => isDeepStrictEqual(step, other)) === at);
  return { columns, take: 'first', ...(transform.length > 0 && { transform }) };
}

function readSteps(rule: RuleJson): readonly unknown[] {
  return typeof rule === 'object' && Array.isArray(rule.transform) ? rule.transform : [];
}

/** Streets and suites are joined with commas, a street and its house number with a space. */
function chooseAddressJoin(candidates: readonly Candidate[]): string {
  const headings = candidates.map(({ values }) => values.heading);
  const hasNumber = headings.some((heading) => isSupplement(heading) && /haus|house|huis|civico|\bnr\b/i.test(heading));
  return hasNumber ? ' ' : ', ';
}

function listRemarks(assigned: readonly Candidate[], key: KeyProposal | undefined, rows: number): readonly string[] {
  const hasName = assigned.some(({ target }) => ['customerName', 'firstName', 'lastName'].includes(target));
  const isIdentified = key !== undefined || assigned.some(({ target }) => target === 'customerCode');
  return [
    ...(hasName ? [] : ['No column looks like a name; a new customer needs customerName, firstName or lastName.']),
    ...(isIdentified
      ? []
      : [
          'No column identifies customers, so the mapping can only add them: import the file only once, or add a "key".',
        ]),
    ...(rows === 0 ? ['The file has no rows, so the proposal is based on the names of its columns only.'] : []),
  ];
}
