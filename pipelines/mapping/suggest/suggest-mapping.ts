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
import { type ColumnValues, collectColumnValues, detectContentKind } from './column-values.js';
import { readHeading } from './headings.js';
import { isIdentifier, type KeyProposal, proposeKey } from './propose-rule.js';
import {
  type Choices,
  type ColumnProposal,
  type MappingJson,
  minSureConfidence,
  type Question,
  type RuleJson,
  type Suggestion,
} from './suggestion.js';

/** The beginning of a file. */
export interface FileSample {
  readonly columns: readonly string[];
  /** Names that the file has more than once: no mapping can mean one of them. */
  readonly duplicateColumns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What the mapping has to say about reading the file. */
  readonly source?: MappingJson['source'];
}

/** What a suggestion is put together from. */
interface SuggestionParts {
  readonly all: readonly ColumnValues[];
  readonly taken: readonly Candidate[];
  readonly key: KeyProposal | undefined;
  readonly sample: FileSample;
}

/** What becomes of every column, in file order, in words. */
function describeColumns(parts: SuggestionParts, custom: CustomColumns): readonly ColumnProposal[] {
  return parts.all.map((values) => {
    const candidate = parts.taken.find((one) => one.values === values);
    const isKey = parts.key?.values === values;
    const isSecret = secretFields.has(candidate?.target ?? '');
    const shown = {
      column: values.column,
      samples: isSecret ? [] : values.samples,
      look: detectContentKind(values),
      distinct: values.distinct,
    };
    if (candidate !== undefined) return { ...shown, ...describeAssigned(candidate, parts, isKey) };
    if (isKey && parts.key !== undefined)
      return { ...shown, target: 'key', confidence: parts.key.confidence, why: parts.key.why, remarks: [] };
    return { ...shown, confidence: 0, why: explainIgnored(values, parts, custom), remarks: [] };
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

function explainIgnored({ column, texts, rows }: ColumnValues, parts: SuggestionParts, custom: CustomColumns): string {
  if (column.trim() === '') return 'it has no name';
  if (column.startsWith('_')) return 'it is a result of an earlier run';
  if (parts.sample.duplicateColumns.includes(column)) return 'the file has this name more than once; rename one';
  if (readOnlyFields.some((field) => field === column)) return 'the server keeps it itself';
  if (texts.length === 0 && rows > 0) return 'it is blank';
  if (custom.undecided.some((values) => values.column === column))
    return 'nothing tells day and month apart; say --date-order day or month';
  const [meaning] = readHeading(column);
  if (meaning === undefined) return 'no field of a customer is meant for it';
  const holder = meaning.target === 'key' ? parts.key : parts.taken.find(({ target }) => target === meaning.target);
  if (holder !== undefined) return `${nameTarget(meaning.target)} is filled from "${holder.values.column}"`;
  if (meaning.target === 'key') return 'it is not filled and different in every row, so that it is no key';
  return `its values do not fit ${nameTarget(meaning.target)}`;
}

function nameTarget(target: string): string {
  return target === 'key' ? 'the key' : target;
}

/** What only the user knows, most important first. */
function listQuestions(parts: SuggestionParts, custom: CustomColumns, choices: Choices): readonly Question[] {
  const open = parts.taken.filter(({ confidence }) => confidence < minSureConfidence);
  const { undecided, left } = custom;
  const key = parts.key !== undefined && parts.key.confidence < minSureConfidence ? parts.key : undefined;
  return [
    ...open.map(
      ({ values, target }) => ({ kind: 'target', column: values.column, target, samples: values.samples }) as const,
    ),
    ...(key === undefined
      ? []
      : [{ kind: 'key', column: key.values.column, why: key.why, samples: key.values.samples } as const]),
    ...parts.taken
      .filter(({ proposal }) => proposal.isDecimalOpen)
      .map(({ values }) => ({ kind: 'decimal', column: values.column, samples: values.samples }) as const),
    ...(left.length > 0 && choices.customColumns === undefined
      ? [{ kind: 'customColumns', columns: left.map(({ column }) => column) } as const]
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
  const all = collectColumnValues(sample.columns, sample.rows);
  const usable = all.filter(
    ({ column }) => column.trim() !== '' && !column.startsWith('_') && !sample.duplicateColumns.includes(column),
  );
  const own = assignIdentityColumns(usable);
  const key = own.some(({ target }) => target === 'customerCode') ? undefined : proposeKey(usable, choices);
  const isKeyOnly = (values: ColumnValues) => values === key?.values && detectContentKind(values) !== 'e-mail';
  const rest = usable.filter((values) => !own.some((one) => one.values === values) && !isKeyOnly(values));
  const named = [...own, ...assignColumns(rest.filter(isWritableColumn), choices)];
  const unnamed = rest.filter((values) => isWritableColumn(values) && !named.some((one) => one.values === values));
  const assigned = [...named, ...splitPersonName(unnamed, named, choices)];
  const left = rest.filter((values) => !assigned.some((one) => one.values === values));
  const custom = proposeCustomColumns(left.filter(isWritableColumn), choices);
  const taken = [...assigned, ...custom.kept];
  const found = key ?? (choices.key === 'none' ? undefined : proposeEmailKey(taken, usable));
  const parts = { all, taken, key: found, sample };
  return {
    mapping: buildMappingJson(parts, sample),
    columns: describeColumns(parts, custom),
    questions: listQuestions(parts, custom, choices),
    remarks: listRemarks(taken, found, sample.rows.length),
    rows: sample.rows.length,
  };
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

/** What the server keeps itself is no column for anything else either. */
function isWritableColumn({ column }: ColumnValues): boolean {
  return !readOnlyFields.some((field) => field === column);
}

/** Without a number of the old system, the e-mail address is the next best, where every row has another. */
function proposeEmailKey(taken: readonly Candidate[], columns: readonly ColumnValues[]): KeyProposal | undefined {
  if (taken.some(({ target }) => target === 'customerCode')) return undefined;
  const email = taken.find(({ target }) => target === 'emailAddress')?.values;
  const values = columns.find((one) => one === email);
  if (values === undefined || values.rows < 2 || !isIdentifier(values)) return undefined;
  return { values, confidence: 0.7, why: 'no column holds a number of your old system; every row has another address' };
}

function buildMappingJson({ all, taken, key }: SuggestionParts, sample: FileSample): MappingJson {
  const isFound = key !== undefined || taken.some(({ target }) => target === 'customerCode');
  const used = new Set([...taken.map(({ values }) => values), key?.values]);
  const ignored = all.filter(({ column }) => column.trim() !== '' && !column.startsWith('_'));
  const ignore = [...new Set(ignored.filter((values) => !used.has(values)).map(({ column }) => column))];
  return {
    $schema: './mappings.schema.json',
    version: 1,
    ...(sample.source !== undefined && { source: sample.source }),
    mode: isFound ? 'upsert' : 'add',
    ...(key !== undefined && { key: { column: key.values.column } }),
    fields: buildFieldsJson(taken),
    ...(ignore.length > 0 && { ignore }),
  };
}

/** In the order in which the API has them. */
function buildFieldsJson(taken: readonly Candidate[]): MappingJson['fields'] {
  const names = [...identityFields, ...Object.keys(customerFields)];
  return Object.fromEntries(
    names.flatMap((field): (readonly [string, RuleJson])[] => {
      const candidates = taken.filter(({ target }) => target === field);
      const [first, ...more] = candidates;
      if (first === undefined) return [];
      return [[field, more.length === 0 ? first.proposal.rule : buildJoinRule(candidates)]];
    }),
  );
}

/** Streets and suites are joined by commas, a street and the number of its house by a space. */
function buildJoinRule(candidates: readonly Candidate[]): RuleJson {
  const columns = candidates.map(({ values }) => values.column);
  const hasNumber = columns.some((column) => isSupplement(column) && /haus|house|\bnr\b/i.test(column));
  return { columns, join: hasNumber ? ' ' : ', ' };
}

function listRemarks(taken: readonly Candidate[], key: KeyProposal | undefined, rows: number): readonly string[] {
  const named = taken.some(({ target }) => ['customerName', 'firstName', 'lastName'].includes(target));
  const isKnown = key !== undefined || taken.some(({ target }) => target === 'customerCode');
  return [
    ...(named ? [] : ['No column looks like a name; a new customer needs customerName, firstName or lastName.']),
    ...(isKnown
      ? []
      : ['No column tells customers apart, so that the mapping only adds: import the file once, or name a "key".']),
    ...(rows === 0 ? ['The file has no rows: everything is proposed by the names of the columns alone.'] : []),
  ];
}
