import type { ColumnRule, ExpressionRule, Mapping, TypeRule } from '#pipelines/mapping/mapping.js';
import { isTransformName, transforms } from '#pipelines/mapping/transforms/transforms.js';
import { exampleFor } from './example-for.js';
import type { TemplateColumn, TemplateContent } from './template-column.js';

/** The columns that a file for this mapping needs: the key's first, then those of the fields, each once. */
export function templateColumns(mapping: Mapping): readonly TemplateColumn[] {
  const uses = new Map<string, (ColumnRule | ExpressionRule)[]>();
  for (const column of mapping.key?.columns ?? []) uses.set(column, []);
  for (const rule of mapping.fields)
    if (rule.kind !== 'constant')
      for (const column of rule.columns) uses.set(column, [...(uses.get(column) ?? []), rule]);
  return [...uses].map(([name, rules]) => templateColumn(name, rules, mapping));
}

function templateColumn(
  name: string,
  rules: readonly (ColumnRule | ExpressionRule)[],
  mapping: Mapping,
): TemplateColumn {
  const isKey = mapping.key?.columns.includes(name) === true;
  const own = rules.find((rule) => rule.kind === 'columns' && rule.columns.length === 1);
  const holds = isKey ? ({ kind: 'text' } as const) : contentOf(own?.type);
  const choices = own === undefined ? undefined : choicesOf(own);
  return {
    name,
    holds,
    ...(choices !== undefined && { choices }),
    isRequired: isKey,
    explanation: [
      ...(isKey ? ['The number of the customer in your own system; every row needs another one.'] : []),
      ...rules.map(purposeOf),
      ...contentSentence(holds),
      ...(choices === undefined ? [] : [choiceSentence(choices)]),
      ...(own === undefined ? [] : [...aboutTransforms(own.transforms), ...blank(own, mapping)]),
    ],
    example: exampleFor(own?.field, holds, choices?.texts),
  };
}

function contentOf(type: TypeRule | undefined): TemplateContent {
  if (type?.name === 'number' || type?.name === 'integer') return { kind: 'number', isWhole: type.name === 'integer' };
  if (type?.name === 'date') return { kind: 'date', format: type.formats[0] ?? 'YYYY-MM-DD' };
  return { kind: 'text' };
}

/** Of several words for yes, the first is offered; the others still count. */
function choicesOf({ lookup, type }: ColumnRule | ExpressionRule): TemplateColumn['choices'] {
  if (lookup !== undefined)
    return { texts: lookup.entries.map(([from]) => from), isStrict: lookup.otherwise === 'error' };
  if (type.name !== 'boolean') return undefined;
  const words = [...type.trueWords.slice(0, 1), ...type.falseWords.slice(0, 1)];
  return { texts: words, isStrict: type.trueWords.length + type.falseWords.length === words.length };
}

function purposeOf({ kind, field, columns }: ColumnRule | ExpressionRule): string {
  if (kind === 'expression') return `Goes into ${field}, with others by a formula.`;
  return columns.length > 1 ? `Goes into ${field}, together with the other parts.` : `Goes into ${field}.`;
}

function contentSentence(holds: TemplateContent): readonly string[] {
  if (holds.kind === 'number') return [holds.isWhole ? 'A whole number.' : 'A number.'];
  return holds.kind === 'date' ? ['A date.'] : [];
}

function choiceSentence({ texts, isStrict }: NonNullable<TemplateColumn['choices']>): string {
  const listed =
    texts.length <= 12 ? texts.join(', ') : `${texts.slice(0, 12).join(', ')} and ${texts.length - 12} more`;
  return `${isStrict ? 'Only' : 'Usually'}: ${listed}.`;
}

/** Nobody needs to know of spaces that are taken off. */
const silent: ReadonlySet<string> = new Set(['trim', 'collapseSpaces']);

function aboutTransforms(steps: ColumnRule['transforms']): readonly string[] {
  return steps.flatMap(({ name }) => (isTransformName(name) && !silent.has(name) ? [transforms[name].about] : []));
}

function blank({ default: fallback }: ColumnRule | ExpressionRule, mapping: Mapping): readonly string[] {
  if (fallback !== undefined) return [`If blank: ${String(fallback)}.`];
  return mapping.blank === 'clear' ? ['If blank: the customer has none any more.'] : [];
}
