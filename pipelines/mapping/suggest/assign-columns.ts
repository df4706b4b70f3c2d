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
import type { Choices, CustomColumn, Target } from './suggestion.js';
import type { SuggestedField } from './synonyms.js';

/** Below this, a proposal would be a guess. */
const minConfidence = 0.45;
/** What is only perhaps a note is left out beside one that is. */
const minConfidenceOfNotes = 0.85;

/** A field that a column could fill. */
export interface Candidate extends Pick<HeadingMeaning, 'context' | 'line'> {
  readonly values: ColumnValues;
  readonly target: Target;
  readonly confidence: number;
  readonly why: string;
  readonly proposal: RuleProposal;
}

/** The parts of an address are taken from one group of columns. */
const addressParts: ReadonlySet<Target> = new Set(['address', 'city', 'region', 'postalCode', 'country']);

/**
 * Gives every field the column that fits best, and every column at most one field. An address may take several columns.
 *
 * @param columns - those that can be mapped
 */
export function assignColumns(columns: readonly ColumnValues[], choices: Choices): readonly Candidate[] {
  const candidates = columns.flatMap((values) => listCandidates(values, columns, choices));
  const ordered = candidates
    .filter(({ confidence }) => confidence >= minConfidence)
    .sort((a, b) => b.confidence - a.confidence || a.values.position - b.values.position);
  const assigned: Candidate[] = [];
  for (const candidate of ordered) if (isFree(candidate, assigned)) assigned.push(candidate);
  return [...chooseAddress(assigned), ...assignByContent(columns, chooseAddress(assigned), choices)];
}

function isFree(candidate: Candidate, assigned: readonly Candidate[]): boolean {
  const { target, values } = candidate;
  return !assigned.some((other) => other.values === values || (other.target === target && !takesSeveral(candidate)));
}

/** A customer has one of most things; addresses and notes are put together. */
function takesSeveral({ target, context, confidence }: Candidate): boolean {
  return target === 'address' || (target === 'notes' && context !== 'last' && confidence >= minConfidenceOfNotes);
}

function listCandidates(
  values: ColumnValues,
  columns: readonly ColumnValues[],
  choices: Choices,
): readonly Candidate[] {
  const chosen = choices.targets?.get(values.column);
  if (chosen === 'leave') return [];
  const meanings = listMeanings(values, columns);
  if (chosen !== undefined) return buildChosenCandidate(chosen, values, meanings, choices);
  return meanings.flatMap((meaning) => {
    if (meaning.target === 'key') return [];
    const proposal = proposeRule(meaning.target, values, meaning.isOpposite === true, choices);
    if (proposal === undefined) return [];
    const confidence = meaning.confidence * proposal.fit * weightFillRate(calculateFillRate(values));
    return [{ ...meaning, values, confidence, proposal, why: 'by its name' }];
  });
}

/** A column that is mostly blank ranks below one that is not. */
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
  const meaning = meanings.find((candidate) => candidate.target === target);
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

/** A bare "Name" is the last name beside a first name, the first name beside a last name, and the customer's otherwise. */
export function listMeanings(
  { column, heading }: ColumnValues,
  columns: readonly ColumnValues[],
): readonly HeadingMeaning[] {
  const field = readBareName(heading);
  if (field === undefined) return readHeading(heading);
  const half: SuggestedField = field === 'lastName' ? 'firstName' : 'lastName';
  const isElsewhere = (target: SuggestedField) =>
    columns.some(
      (other) =>
        other.column !== column &&
        readHeading(other.heading).some((meaning) => meaning.target === target && meaning.context === 'plain'),
    );
  const [hasHalf, hasField] = [isElsewhere(half), isElsewhere(field)];
  if (hasHalf !== hasField) return [{ target: hasHalf ? field : half, confidence: 0.9, context: 'plain' }];
  return [{ target: 'customerName', confidence: 0.8, context: 'plain', isStandIn: true }];
}

/** The billing address, or the shipping address when it is the only one; never a mix of both. */
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

/** The street, and the lines, house numbers and the like that belong to it. */
function chooseAddressLines(candidates: readonly Candidate[]): readonly Candidate[] {
  const inOrder = candidates.toSorted((a, b) => a.values.position - b.values.position);
  const main = inOrder.find(({ confidence, line }) => confidence >= 0.9 && (line ?? 1) === 1) ?? inOrder[0];
  if (main === undefined) return [];
  const more = inOrder.filter(
    (other) => other !== main && (isSupplement(other.values.heading) || (other.line ?? 0) > 1),
  );
  return [main, ...more];
}

const supplementPattern =
  /haus|house|huis|zusatz|toev|suite|apartment|unit|compl|line|suburb|district|civico|interno|\b(?:nr|no|number)\b/i;

/** Whether a column adds to a street: the house number, a suite. */
export function isSupplement(column: string): boolean {
  return supplementPattern.test(column);
}

const fieldsByContent: { readonly [kind in ContentKind]?: SuggestedField } = {
  'e-mail': 'emailAddress',
  'web address': 'webSite',
};

/** What the columns of a file without a header most likely are. The first column is rather a number than a post code. */
function guessField({ texts, position }: ColumnValues, kind: ContentKind): SuggestedField | undefined {
  const are = (shape: RegExp) => calculateShare(texts, shape) >= minShareOfGuess;
  if (kind === 'telephone' || (kind === 'digits' && are(/^\d{8,}$/))) return 'phoneNumber';
  if (kind === 'digits' && position > 0 && are(/^\d{4,5}$/)) return 'postalCode';
  return kind === 'text' && are(/^[^\d@]*\p{L}{2}[^\d@]*$/u) ? 'customerName' : undefined;
}

const minShareOfGuess = 0.9;
const confidenceOfContent = 0.7;
const confidenceOfGuess = 0.5;

/** Columns whose name is unknown, but whose values fit only one field. */
function assignByContent(
  columns: readonly ColumnValues[],
  assigned: readonly Candidate[],
  choices: Choices,
): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const values of columns) {
    const kind = detectContentKind(values);
    const byContent = fieldsByContent[kind];
    const field = byContent ?? (values.heading === '' ? guessField(values, kind) : undefined);
    const isTaken = [...assigned, ...candidates].some((other) => other.values === values || other.target === field);
    if (field === undefined || isTaken || choices.targets?.has(values.column)) continue;
    const proposal = proposeRule(field, values, false, choices);
    if (proposal === undefined || readHeading(values.heading).some(({ context }) => context === 'last')) continue;
    candidates.push({
      values,
      target: field,
      confidence: byContent === undefined ? confidenceOfGuess : confidenceOfContent,
      context: 'plain',
      why: 'by its values',
      proposal,
    });
  }
  return candidates;
}

/** Headings for the full name of a person, where another column has the company. */
const fullNameHeadings: ReadonlySet<string> = new Set(
  [
    ...['full name', 'name', 'contact', 'contact name', 'contact full name', 'contact person', 'primary contact'],
    ...['ansprechpartner', 'kontakt', 'kontaktperson', 'vollstandiger name', 'nom complet', 'nom du contact'],
    ...['nombre completo', 'contacto', 'nombre de contacto', 'persona de contacto', 'display name'],
    ...['contactpersoon', 'contact naam', 'volledige naam', 'persona di contatto', 'referente', 'nome completo'],
  ].map(normaliseHeading),
);

/**
 * Splits a person's full name where another column has the company: the company takes the field for the customer's name,
 * and the person would be lost.
 */
export function splitPersonName(
  unmapped: readonly ColumnValues[],
  assigned: readonly Candidate[],
  choices: Choices,
): readonly Candidate[] {
  const isTaken = (field: string) => assigned.some(({ target }) => target === field);
  if (!isTaken('customerName') || isTaken('firstName') || isTaken('lastName')) return [];
  const values = unmapped.find(
    ({ heading, texts }) => fullNameHeadings.has(normaliseHeading(heading)) && arePersonNames(texts),
  );
  if (values === undefined || choices.targets?.has(values.column) === true) return [];
  const remark = 'Split into firstName and lastName, at the comma or the first space; check a few rows.';
  return (['first', 'last'] as const).map((part) => ({
    ...{
      values,
      target: `${part}Name`,
      confidence: 0.8,
      context: 'plain',
      why: 'a person’s name beside a company name',
    },
    proposal: { rule: { column: values.column, transform: [{ namePart: { part } }] }, fit: 1, remarks: [remark] },
  }));
}

/** Mostly two words or more, without digits: a column of codes may also be called "Contact". */
function arePersonNames(texts: readonly string[]): boolean {
  return texts.length > 0 && calculateShare(texts, /^\D+\s\D+$/) > 0.6;
}

function normaliseHeading(heading: string): string {
  return joinWords(splitHeading(heading).words);
}

/** The columns that fit no field of the API. */
export interface CustomColumns {
  readonly kept: readonly Candidate[];
  /** Columns with values that are left out. */
  readonly ignored: readonly ColumnValues[];
  /** Date columns in which day and month cannot be told apart. */
  readonly undecided: readonly ColumnValues[];
}

const customColumnFields = Object.keys(customerFields).filter((field): field is CustomColumn =>
  field.startsWith('cC_'),
);

/** Maps columns to the custom fields (cC_001 …), if the user wants that. */
export function proposeCustomColumns(columns: readonly ColumnValues[], choices: Choices): CustomColumns {
  const filled = columns.filter(
    (values) => detectContentKind(values) !== 'blank' && choices.targets?.get(values.column) !== 'leave',
  );
  const forms = new Map(filled.flatMap((values) => detectDateColumn(values)));
  const order = choices.dateOrder ?? findCommonOrder([...forms.values()]);
  const undecided = filled.filter((values) => forms.get(values)?.kind === 'ambiguous' && order === undefined);
  if (choices.customColumns !== true) return { kept: [], ignored: filled, undecided: [] };
  const keepable = filled.filter((values) => !undecided.includes(values));
  const kept = keepable.slice(0, customColumnFields.length).map(
    (values, index): Candidate => ({
      values,
      target: customColumnFields[index] ?? 'cC_001',
      confidence: 0.8,
      context: 'plain',
      why: 'kept in a custom field',
      proposal: buildCustomRule(values, forms.get(values), order),
    }),
  );
  const keptValues = kept.map(({ values }) => values);
  return { kept, ignored: filled.filter((values) => !keptValues.includes(values)), undecided };
}

function detectDateColumn(values: ColumnValues): readonly (readonly [ColumnValues, DateForm])[] {
  // A workbook says itself which cells are dates; numbers of eight digits are no dates.
  const form = detectContentKind(values) === 'date' ? detectDateForm(values.texts) : undefined;
  return form === undefined ? [] : [[values, form]];
}

/** A column with a clear order decides for the whole file, unless two columns disagree. */
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
