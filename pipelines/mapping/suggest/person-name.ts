import type { Candidate } from './assign-columns.js';
import type { ColumnValues } from './column-values.js';
import { headingWords, squashed } from './heading-words.js';
import type { Choices, RuleJson } from './suggestion.js';
import { share } from './value-looks.js';

/** Headings of a whole name of a person, where another column names the company. */
const wholeNames: ReadonlySet<string> = new Set(
  [
    ...['full name', 'name', 'contact', 'contact name', 'contact full name', 'contact person', 'primary contact'],
    ...['ansprechpartner', 'kontakt', 'kontaktperson', 'vollstandiger name', 'nom complet', 'nom du contact'],
    ...['nombre completo', 'contacto', 'nombre de contacto', 'persona de contacto'],
  ].map(nameOf),
);

/** Of both ways to write a name, each with what begins it and what is left. */
const forms = {
  /** O'Brien, Maeve */
  comma: { firstName: String.raw`,\s*(\S.*)$`, lastName: String.raw`^([^,]*[^,\s])` },
  /** Maeve O'Brien; a single word is a last name. */
  words: { firstName: String.raw`^(\S+)\s+\S`, lastName: String.raw`^(?:\S+\s+)?(\S.*)$` },
} as const;

/**
 * Takes a person's whole name apart when a company stands beside it: there is one field for the customer's name, and the
 * person would be lost.
 */
export function splitPersonName(
  left: readonly ColumnValues[],
  assigned: readonly Candidate[],
  choices: Choices,
): readonly Candidate[] {
  const isTaken = (field: string) => assigned.some(({ target }) => target === field);
  if (!isTaken('customerName') || isTaken('firstName') || isTaken('lastName')) return [];
  const values = left.find(({ column, texts }) => wholeNames.has(nameOf(column)) && areNames(texts));
  if (values === undefined || choices.targets?.has(values.column) === true) return [];
  const form = share(values.texts, /,/) > 0.5 ? 'comma' : 'words';
  const remark = `Taken apart at the ${form === 'comma' ? 'comma' : 'first space'} into firstName and lastName: look at a few.`;
  return (['firstName', 'lastName'] as const).map((target) => ({
    ...{ values, target, certainty: 0.8, context: 'plain', why: 'a person beside a company' },
    proposal: { rule: rule(values.column, forms[form][target]), fit: 1, remarks: [remark] },
  }));
}

function rule(column: string, pattern: string): RuleJson {
  return { column, transform: ['collapseSpaces', { extract: { pattern, group: 1, otherwise: 'blank' } }] };
}

/** Mostly of two words or more, and no digits: a column of codes may be called "Contact", too. */
function areNames(texts: readonly string[]): boolean {
  return texts.length > 0 && share(texts, /^\D+\s\D+$/) > 0.6;
}

function nameOf(heading: string): string {
  return squashed(headingWords(heading).words);
}
