import type { TypedCell } from '#pipelines/model.js';
import type { ColumnRule, ExpressionRule, FieldRule, Mapping } from './mapping.js';
import { transforms } from './transforms/transforms.js';
import type { TypeRule } from './types/cell-types.js';
import { createDateFormatter } from './types/date.js';

/** The texts that the cells of a column may hold. */
interface AllowedTexts {
  readonly texts: readonly string[];
  /** Whether any other text is an error. */
  readonly isStrict: boolean;
}

/** The columns whose cells hold one of several texts: those with a lookup, and those with yes and no. */
export function findAllowedTexts(mapping: Mapping): ReadonlyMap<string, AllowedTexts> {
  const found = new Map<string, AllowedTexts>();
  for (const rule of mapping.fields) {
    const allowed = readAllowedTexts(rule);
    // The rule is about the joined value, not about any of its parts.
    if (allowed === undefined || !('columns' in rule) || rule.columns.length !== 1) continue;
    const [column] = rule.columns;
    if (column !== undefined) found.set(column, allowed);
  }
  return found;
}

function readAllowedTexts(rule: FieldRule): AllowedTexts | undefined {
  if (rule.kind === 'constant') return undefined;
  const { lookup, type } = rule;
  if (lookup !== undefined)
    return { texts: lookup.entries.map(([from]) => from), isStrict: lookup.otherwise === 'error' };
  if (type.name !== 'boolean') return undefined;
  return { texts: [...type.trueWords, ...type.falseWords], isStrict: true };
}

/** A column of an empty workbook for a mapping. */
export interface TemplateColumn {
  readonly name: string;
  /** What its cells hold. */
  readonly holds: TemplateContent;
  /** The texts that the mapping lists; only these are allowed when `isStrict`. */
  readonly choices?: { readonly texts: readonly string[]; readonly isStrict: boolean };
  readonly isRequired: boolean;
  /** Whole sentences. */
  readonly explanation: readonly string[];
  readonly example: string | TypedCell;
}

/** A date comes with its format in the tokens of a mapping. */
export type TemplateContent =
  | { readonly kind: 'text' }
  | { readonly kind: 'number'; readonly isWhole: boolean }
  | { readonly kind: 'date'; readonly format: string };

const exampleDate = '2026-03-31';

/** Example values of fields; invented. */
const examples: Readonly<Record<string, string>> = {
  customerName: 'Koala Books Pty Ltd',
  firstName: 'Maeve',
  lastName: "O'Brien",
  address: '14 Quayside Lane',
  city: 'Balmain',
  region: 'NSW',
  postalCode: '0810',
  country: 'Australia',
  phoneNumber: '02 5550 1201',
  faxNumber: '02 5550 1299',
  emailAddress: 'maeve@koala.example',
  webSite: 'https://koala.example',
  notes: 'Likes tea',
};

/** An example for the sheet that explains the columns. */
function chooseExample(
  field: string | undefined,
  holds: TemplateContent,
  choices: readonly string[] | undefined,
): string | TypedCell {
  const [choice] = choices ?? [];
  if (choice !== undefined) return choice;
  if (holds.kind === 'number') return { kind: 'number', text: '5', value: 5 };
  if (holds.kind === 'date') return createDateFormatter(holds.format).write(exampleDate);
  return (field === undefined ? undefined : examples[field]) ?? 'A-0042';
}

/** The columns that a file for this mapping needs: the key's first, then those of the fields, each once. */
export function buildTemplateColumns(mapping: Mapping): readonly TemplateColumn[] {
  const uses = new Map<string, (ColumnRule | ExpressionRule)[]>();
  for (const column of mapping.key?.columns ?? []) uses.set(column, []);
  for (const rule of mapping.fields)
    if (rule.kind !== 'constant')
      for (const column of rule.columns) uses.set(column, [...(uses.get(column) ?? []), rule]);
  return [...uses].map(([name, rules]) => buildTemplateColumn(name, rules, mapping));
}

function buildTemplateColumn(
  name: string,
  rules: readonly (ColumnRule | ExpressionRule)[],
  mapping: Mapping,
): TemplateColumn {
  const isKey = mapping.key?.columns.includes(name) === true;
  const rule = rules.find(({ kind, columns }) => kind === 'columns' && columns.length === 1);
  const holds = isKey ? ({ kind: 'text' } as const) : readContent(rule?.type);
  const choices = rule === undefined ? undefined : listChoices(rule);
  return {
    name,
    holds,
    ...(choices !== undefined && { choices }),
    isRequired: isKey,
    explanation: [
      ...(isKey ? ['The number of the customer in your own system; it must be different in every row.'] : []),
      ...rules.map(describePurpose),
      ...describeContent(holds),
      ...(choices === undefined ? [] : [describeChoices(choices)]),
      ...(rule === undefined ? [] : [...describeTransforms(rule.transforms), ...describeBlank(rule, mapping)]),
    ],
    example: chooseExample(rule?.field, holds, choices?.texts),
  };
}

function readContent(type: TypeRule | undefined): TemplateContent {
  if (type?.name === 'number' || type?.name === 'integer') return { kind: 'number', isWhole: type.name === 'integer' };
  if (type?.name === 'date') return { kind: 'date', format: type.formats[0] ?? 'YYYY-MM-DD' };
  return { kind: 'text' };
}

/** Of several words for yes, the first is offered; the others are accepted, too. */
function listChoices({ lookup, type }: ColumnRule | ExpressionRule): TemplateColumn['choices'] {
  if (lookup !== undefined)
    return { texts: lookup.entries.map(([from]) => from), isStrict: lookup.otherwise === 'error' };
  if (type.name !== 'boolean') return undefined;
  const words = [...type.trueWords.slice(0, 1), ...type.falseWords.slice(0, 1)];
  return { texts: words, isStrict: type.trueWords.length + type.falseWords.length === words.length };
}

function describePurpose(rule: ColumnRule | ExpressionRule): string {
  const { kind, field, columns } = rule;
  if (kind === 'expression') return `Goes into ${field}, combined with other columns by a formula.`;
  if (rule.kind === 'columns' && rule.takesFirst) return `Goes into ${field}, unless a column before it does.`;
  return columns.length > 1 ? `Goes into ${field}, joined with other columns.` : `Goes into ${field}.`;
}

function describeContent(holds: TemplateContent): readonly string[] {
  if (holds.kind === 'number') return [holds.isWhole ? 'A whole number.' : 'A number.'];
  return holds.kind === 'date' ? ['A date.'] : [];
}

function describeChoices({ texts, isStrict }: NonNullable<TemplateColumn['choices']>): string {
  const listed =
    texts.length <= 12 ? texts.join(', ') : `${texts.slice(0, 12).join(', ')} and ${texts.length - 12} more`;
  return `${isStrict ? 'Only' : 'Usually'}: ${listed}.`;
}

/** Removing spaces is not worth mentioning. */
const undescribedTransforms: ReadonlySet<string> = new Set(['trim', 'collapseSpaces']);

function describeTransforms(steps: ColumnRule['transforms']): readonly string[] {
  return steps.flatMap(({ name }) => (undescribedTransforms.has(name) ? [] : [transforms[name].description]));
}

function describeBlank({ default: fallback }: ColumnRule | ExpressionRule, mapping: Mapping): readonly string[] {
  if (fallback !== undefined) return [`If blank: ${String(fallback)}.`];
  return mapping.blank === 'clear' ? ['If blank: the value of the customer is cleared.'] : [];
}
