import { customerFields, identityFields, serverKeptFields } from '#pipelines/mapping/customer-fields.js';
import { assignColumns, type Candidate, isSupplement } from './assign-columns.js';
import { type ColumnValues, columnValues } from './column-values.js';
import { customColumnsFor } from './custom-columns.js';
import { splitPersonName } from './person-name.js';
import { isIdentifier, type KeyProposal, proposeKey } from './propose-key.js';
import { columnProposals, questionsAbout } from './report-columns.js';
import type { Choices, MappingJson, RuleJson, Suggestion } from './suggestion.js';
import type { FileSample, SuggestionParts } from './suggestion-parts.js';
import { lookOf } from './value-looks.js';

/** Proposes a mapping for a file. The same file and choices give the same mapping. */
export function suggestMapping(sample: FileSample, choices: Choices = {}): Suggestion {
  const all = columnValues(sample.columns, sample.rows);
  const usable = all.filter(
    ({ column }) => column.trim() !== '' && !column.startsWith('_') && !sample.duplicateColumns.includes(column),
  );
  const own = ownColumns(usable);
  const key = own.some(({ target }) => target === 'customerCode') ? undefined : proposeKey(usable, choices);
  const isKeyOnly = (values: ColumnValues) => values === key?.values && lookOf(values) !== 'e-mail';
  const rest = usable.filter((values) => !own.some((one) => one.values === values) && !isKeyOnly(values));
  const named = [...own, ...assignColumns(rest.filter(isForClients), choices)];
  const unnamed = rest.filter((values) => isForClients(values) && !named.some((one) => one.values === values));
  const assigned = [...named, ...splitPersonName(unnamed, named, choices)];
  const left = rest.filter((values) => !assigned.some((one) => one.values === values));
  const custom = customColumnsFor(left.filter(isForClients), choices);
  const taken = [...assigned, ...custom.kept];
  const found = key ?? (choices.key === 'none' ? undefined : emailKey(taken, usable));
  const parts = { all, taken, key: found, sample };
  return {
    mapping: mappingJson(parts, sample),
    columns: columnProposals(parts, custom),
    questions: questionsAbout(parts, custom, choices),
    remarks: remarksAbout(taken, found, sample.rows.length),
    rows: sample.rows.length,
  };
}

/** A file that this program exported has the API's own names. */
function ownColumns(columns: readonly ColumnValues[]): readonly Candidate[] {
  return columns.flatMap((values) => {
    const target = identityFields.find((name) => name === values.column);
    const proposal = { rule: values.column, fit: 1, remarks: [] };
    return target === undefined
      ? []
      : [{ values, target, certainty: 1, context: 'plain', why: "it is the API's own name", proposal } as const];
  });
}

/** What the server keeps itself is no column for anything else either. */
function isForClients({ column }: ColumnValues): boolean {
  return !serverKeptFields.some((field) => field === column);
}

/** Without a number of the old system, the e-mail address is the next best, where every row has another. */
function emailKey(taken: readonly Candidate[], columns: readonly ColumnValues[]): KeyProposal | undefined {
  if (taken.some(({ target }) => target === 'customerCode')) return undefined;
  const email = taken.find(({ target }) => target === 'emailAddress')?.values;
  const values = columns.find((one) => one === email);
  if (values === undefined || values.rows < 2 || !isIdentifier(values)) return undefined;
  return { values, certainty: 0.7, why: 'no column holds a number of your old system; every row has another address' };
}

function mappingJson({ all, taken, key }: SuggestionParts, sample: FileSample): MappingJson {
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
    fields: fieldsJson(taken),
    ...(ignore.length > 0 && { ignore }),
  };
}

/** In the order in which the API has them. */
function fieldsJson(taken: readonly Candidate[]): MappingJson['fields'] {
  const names = [...identityFields, ...Object.keys(customerFields)];
  return Object.fromEntries(
    names.flatMap((field): (readonly [string, RuleJson])[] => {
      const candidates = taken.filter(({ target }) => target === field);
      const [first, ...more] = candidates;
      if (first === undefined) return [];
      return [[field, more.length === 0 ? first.proposal.rule : joinRule(candidates)]];
    }),
  );
}

/** Streets and suites are joined by commas, a street and the number of its house by a space. */
function joinRule(candidates: readonly Candidate[]): RuleJson {
  const columns = candidates.map(({ values }) => values.column);
  const hasNumber = columns.some((column) => isSupplement(column) && /haus|house|\bnr\b/i.test(column));
  return { columns, join: hasNumber ? ' ' : ', ' };
}

function remarksAbout(taken: readonly Candidate[], key: KeyProposal | undefined, rows: number): readonly string[] {
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
