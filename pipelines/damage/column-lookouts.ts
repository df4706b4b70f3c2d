import { compileTransforms } from '#pipelines/mapping/compile-transforms.js';
import { secretFields } from '#pipelines/mapping/customer-fields.js';
import type { ColumnRule, ExpressionRule, Mapping, TypeName } from '#pipelines/mapping/mapping.js';
import { trimText } from '#pipelines/mapping/trim-text.js';
import type { ColumnLookout, ColumnUse } from './finding.js';

/** What the compiled mapping knows of the file's columns. */
interface ColumnsByField {
  readonly keyColumns: readonly string[];
  columnsOf(field: string): readonly string[];
}

const useOfField: Readonly<Record<string, ColumnUse>> = {
  postalCode: 'postcode',
  phoneNumber: 'phone',
  faxNumber: 'phone',
  emailAddress: 'email',
  customerCode: 'code',
  customerId: 'code',
  rewardsNumber: 'code',
  bankSortCode: 'code',
  bankAccount: 'code',
};

/** What to look for in each column, by what the mapping makes of it; columns that it does not use are left alone. */
export function columnLookouts(
  mapping: Pick<Mapping, 'fields' | 'key'>,
  compiled: ColumnsByField,
  columns: readonly string[],
): readonly ColumnLookout[] {
  const lookouts = new Map<string, ColumnLookout>();
  for (const rule of mapping.fields) {
    if (rule.kind === 'constant') continue;
    const lookout = rule.kind === 'columns' ? lookoutOf(rule) : inFormula(rule);
    for (const column of compiled.columnsOf(rule.field)) lookouts.set(column, either(lookouts.get(column), lookout));
  }
  for (const column of compiled.keyColumns)
    lookouts.set(column, either(lookouts.get(column), { use: 'code', mended: trimText }));
  return columns.map((column) => lookouts.get(column) ?? { use: 'unused' });
}

/** What a formula makes of a cell, only the formula knows. */
function inFormula({ field }: ExpressionRule): ColumnLookout {
  return { use: 'text', mended: trimText, isSecret: secretFields.has(field) };
}

function lookoutOf(rule: ColumnRule): ColumnLookout {
  const isSecret = secretFields.has(rule.field);
  if (rule.transforms.length === 0 && keepsSpaces(rule)) return { use: useOf(rule), isSecret };
  const transform = compileTransforms(rule.transforms);
  // Everything but plain text loses the spaces at its ends.
  const trim = keepsSpaces(rule) ? (text: string) => text : trimText;
  return {
    use: useOf(rule),
    mended(text) {
      const applied = transform(text);
      if (typeof applied === 'string') return trim(applied);
      return 'text' in applied ? trim(applied.text) : text;
    },
    isSecret,
  };
}

function keepsSpaces({ type, lookup }: ColumnRule): boolean {
  return type.name === 'string' && lookup === undefined;
}

function useOf({ field, type }: ColumnRule): ColumnUse {
  const use = useOfType[type.name];
  return use === 'text' ? (useOfField[field] ?? use) : use;
}

const useOfType = {
  string: 'text',
  number: 'number',
  integer: 'number',
  date: 'date',
  // Words that are listed, or an error: there is nothing to guess.
  boolean: 'unused',
} as const satisfies Record<TypeName, ColumnUse>;

/** A column of two uses is looked at for the one that is told more of. */
function either(one: ColumnLookout | undefined, other: ColumnLookout): ColumnLookout {
  if (one === undefined) return other;
  const isSecret = one.isSecret === true || other.isSecret === true;
  const chosen = one.use === 'text' || one.use === 'unused' ? other : one;
  return { ...chosen, isSecret };
}
