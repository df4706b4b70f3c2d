import { customerFields } from '#pipelines/mapping/fields.js';
import {
  type ColumnValues,
  type ContentKind,
  calculateFillRate,
  calculateShare,
  type DateForm,
  type DateOrder,
  detectContentKind,
  detectDateForm,
  readDateOrder,
} from './column-values.js';
import { type HeadingMeaning, joinWords, readBareName, readHeading, splitHeading } from './headings.js';
import { proposeRule, type RuleProposal } from './propose-rule.js';
import type { Choices, CustomColumn, RuleJson, Target } from './suggestion.js';
import type { SuggestedField } from './synonyms.js';

/** Below this, a proposal would be a guess. */
const minConfidence = 0.45;

/** A field that a column could fill. */
export interface Candidate extends Pick<HeadingMeaning, 'context' | 'line'> {
  readonly values: ColumnValues;
  readonly target: Target;
  readonly confidence: number;
  readonly why: string;
  readonly proposal: RuleProposal;
}

/** Parts of one address come from one group of columns. */
const addressParts: ReadonlySet<Target> = new Set(['address', 'city', 'region', 'postalCode', 'country']);

/**
 * Gives every field the column that fits best, and no column two fields. An address may take several columns.
 *
 * @param columns - those that can be mapped
 */
export function assignColumns(columns: readonly ColumnValues[], choices: Choices): readonly Candidate[] {
  const candidates = columns.flatMap((values) => listCandidates(values, columns, choices));
  const ordered = candidates
    .filter(({ confidence }) => confidence >= minConfidence)
    .sort((one, other) => other.confidence - one.confidence || one.values.position - other.values.position);
  const assigned: Candidate[] = [];
  for (const candidate of ordered) if (isFree(candidate, assigned)) assigned.push(candidate);
  return [...chooseAddress(assigned), ...assignByContent(columns, chooseAddress(assigned), choices)];
}

function isFree({ target, values }: Candidate, assigned: readonly Candidate[]): boolean {
  return !assigned.some((other) => other.values === values || (other.target === target && target !== 'address'));
}

function listCandidates(
  values: ColumnValues,
  columns: readonly ColumnValues[],
  choices: Choices,
): readonly Candidate[] {
  const chosen = choices.targets?.get(values.column);
  if (chosen === 'leave') return [];
  const meanings = listMeanings(values.column, columns);
  if (chosen !== undefined) return buildChosenCandidate(chosen, values, meanings, choices);
  return meanings.flatMap((meaning) => {
    if (meaning.target === 'key') return [];
    const proposal = proposeRule(meaning.target, values, meaning.isOpposite === true, choices);
    if (proposal === undefined) return [];
    const confidence = meaning.confidence * proposal.fit * weightFillRate(calculateFillRate(values));
    return [{ ...meaning, values, confidence, proposal, why: 'by its name' }];
  });
}

/** A column that is mostly blank gives way to one that is not. */
function weightFillRate(fill: number): number {
  return fill < 0.5 ? 0.5 + fill / 2 : 1;
}

function buildChosenCandidate(
  target: Target,
  values: ColumnValues,
  meanings: readonly HeadingMeaning[],
  choices: Choices,
): readonly Candidate[] {
  if (target === 'key') return [];
  const meaning = meanings.find((one) => one.target === target);
  const proposal = proposeRule(target, values, meaning?.isOpposite === true, choices);
  if (proposal === undefined) return [];
  const line = meaning?.line;
  return [
    {
      values,
      target,
      confidence: 2,
      context: 'plain',
      why: 'as you said',
      proposal,
      ...(line !== undefined && { line }),
    },
  ];
}

/** A bare "Name" beside a first name is the last name. */
function listMeanings(column: string, columns: readonly ColumnValues[]): readonly HeadingMeaning[] {
  const field = readBareName(column);
  if (field === undefined) return readHeading(column);
  const half: SuggestedField = field === 'lastName' ? 'firstName' : 'lastName';
  const isElsewhere = (target: SuggestedField) =>
    columns.some(
      (other) =>
        other.column !== column &&
        readHeading(other.column).some((meaning) => meaning.target === target && meaning.context === 'plain'),
    );
  if (isElsewhere(half) && !isElsewhere(field)) return [{ target: field, confidence: 0.9, context: 'plain' }];
  return [{ target: 'customerName', confidence: 0.8, context: 'plain' }];
}

/** The invoice's address, or the parcel's when there is no other; never some of each. */
function chooseAddress(assigned: readonly Candidate[]): readonly Candidate[] {
  const parts = assigned.filter(({ target }) => addressParts.has(target));
  const isMain = ({ context }: Candidate) => context !== 'last';
  const kept = parts.some(isMain) ? parts.filter(isMain) : parts;
  const lines = chooseAddressLines(kept.filter(({ target }) => target === 'address'));
  return assigned.filter(
    (candidate) =>
      !addressParts.has(candidate.target) ||
      (candidate.target === 'address' ? lines.includes(candidate) : kept.includes(candidate)),
  );
}

/** The certain street, and the lines, house numbers and the like that go with it. */
function chooseAddressLines(candidates: readonly Candidate[]): readonly Candidate[] {
  const inOrder = candidates.toSorted((one, other) => one.values.position - other.values.position);
  const main = inOrder.find(({ confidence, line }) => confidence >= 0.9 && (line ?? 1) === 1) ?? inOrder[0];
  if (main === undefined) return [];
  const more = inOrder.filter(
    (other) => other !== main && (isSupplement(other.values.column) || (other.line ?? 0) > 1),
  );
  return [main, ...more];
}

const supplementPattern = /haus|house|zusatz|suite|apartment|unit|compl|line|\b(?:nr|no|number)\b/i;

/** What stands beside a street: the number of the house, a suite. */
export function isSupplement(column: string): boolean {
  return supplementPattern.test(column);
}

const fieldsByContent: { readonly [look in ContentKind]?: SuggestedField } = {
  'e-mail': 'emailAddress',
  'web address': 'webSite',
};

/** Columns whose name says nothing, but whose values can only be one thing. */
function assignByContent(
  columns: readonly ColumnValues[],
  assigned: readonly Candidate[],
  choices: Choices,
): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const values of columns) {
    const field = fieldsByContent[detectContentKind(values)];
    const isTaken = [...assigned, ...found].some((other) => other.values === values || other.target === field);
    if (field === undefined || isTaken || choices.targets?.has(values.column)) continue;
    const proposal = proposeRule(field, values, false, choices);
    if (proposal === undefined || readHeading(values.column).some(({ context }) => context === 'last')) continue;
    found.push({
      values,
      target: field,
      confidence: 0.7,
      context: 'plain',
      why: 'by the look of its values',
      proposal,
    });
  }
  return found;
}

/** Headings of a whole name of a person, where another column names the company. */
const fullNameHeadings: ReadonlySet<string> = new Set(
  [
    ...['full name', 'name', 'contact', 'contact name', 'contact full name', 'contact person', 'primary contact'],
    ...['ansprechpartner', 'kontakt', 'kontaktperson', 'vollstandiger name', 'nom complet', 'nom du contact'],
    ...['nombre completo', 'contacto', 'nombre de contacto', 'persona de contacto'],
  ].map(normaliseHeading),
);

/** Of both ways to write a name, each with what begins it and what is left. */
const nameForms = {
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
  const values = left.find(
    ({ column, texts }) => fullNameHeadings.has(normaliseHeading(column)) && arePersonNames(texts),
  );
  if (values === undefined || choices.targets?.has(values.column) === true) return [];
  const form = calculateShare(values.texts, /,/) > 0.5 ? 'comma' : 'words';
  const remark = `Taken apart at the ${form === 'comma' ? 'comma' : 'first space'} into firstName and lastName: look at a few.`;
  return (['firstName', 'lastName'] as const).map((target) => ({
    ...{ values, target, confidence: 0.8, context: 'plain', why: 'a person beside a company' },
    proposal: { rule: buildExtractRule(values.column, nameForms[form][target]), fit: 1, remarks: [remark] },
  }));
}

function buildExtractRule(column: string, pattern: string): RuleJson {
  return { column, transform: ['collapseSpaces', { extract: { pattern, group: 1, otherwise: 'blank' } }] };
}

/** Mostly of two words or more, and no digits: a column of codes may be called "Contact", too. */
function arePersonNames(texts: readonly string[]): boolean {
  return texts.length > 0 && calculateShare(texts, /^\D+\s\D+$/) > 0.6;
}

function normaliseHeading(heading: string): string {
  return joinWords(splitHeading(heading).words);
}

/** What happens to columns that no field of the API is meant for. */
export interface CustomColumns {
  readonly kept: readonly Candidate[];
  /** Columns with something in them that are left out. */
  readonly left: readonly ColumnValues[];
  /** Dates whose day and month cannot be told apart. */
  readonly undecided: readonly ColumnValues[];
}

const customColumnFields = Object.keys(customerFields).filter((field): field is CustomColumn =>
  field.startsWith('cC_'),
);

/** Puts columns into the client's own fields, if the user wants that; what they mean there, only the user knows. */
export function proposeCustomColumns(columns: readonly ColumnValues[], choices: Choices): CustomColumns {
  const filled = columns.filter(
    (values) => detectContentKind(values) !== 'blank' && choices.targets?.get(values.column) !== 'leave',
  );
  const forms = new Map(filled.flatMap((values) => detectDateColumn(values)));
  const order = choices.dateOrder ?? findCommonOrder([...forms.values()]);
  const undecided = filled.filter((values) => forms.get(values)?.kind === 'ambiguous' && order === undefined);
  if (choices.customColumns !== true) return { kept: [], left: filled, undecided: [] };
  const keepable = filled.filter((values) => !undecided.includes(values));
  const kept = keepable.slice(0, customColumnFields.length).map(
    (values, index): Candidate => ({
      values,
      target: customColumnFields[index] ?? 'cC_001',
      confidence: 0.8,
      context: 'plain',
      why: "kept in the client's own columns",
      proposal: buildCustomRule(values, forms.get(values), order),
    }),
  );
  const keptValues = kept.map(({ values }) => values);
  return { kept, left: filled.filter((values) => !keptValues.includes(values)), undecided };
}

function detectDateColumn(values: ColumnValues): readonly (readonly [ColumnValues, DateForm])[] {
  // A workbook says itself which cells are dates; numbers of eight digits are no dates.
  const form = detectContentKind(values) === 'date' ? detectDateForm(values.texts) : undefined;
  return form === undefined ? [] : [[values, form]];
}

/** One certain column shows the order of the whole file, unless another shows the other. */
function findCommonOrder(forms: readonly DateForm[]): DateOrder | undefined {
  const orders = new Set(forms.flatMap((form) => readDateOrder(form) ?? []));
  return orders.size === 1 ? [...orders][0] : undefined;
}

function buildCustomRule(
  { column }: ColumnValues,
  form: DateForm | undefined,
  order: DateOrder | undefined,
): RuleProposal {
  if (form === undefined) return { rule: column, fit: 1, remarks: [] };
  const format = form.kind === 'certain' ? form.format : form.formats[order ?? 'day'];
  return { rule: { column, type: 'date', format }, fit: 1, remarks: [] };
}
