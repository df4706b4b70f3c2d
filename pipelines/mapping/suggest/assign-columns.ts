import { type ColumnValues, fillOf } from './column-values.js';
import { proposeRule, type RuleProposal } from './propose-rule.js';
import { bareName, type HeadingMeaning, readHeading } from './read-heading.js';
import type { Choices, Target } from './suggestion.js';
import type { SuggestedField } from './synonyms.js';
import { type Look, lookOf } from './value-looks.js';

/** Below this, a proposal would be a guess. */
const leastCertainty = 0.45;

/** A field that a column could fill. */
export interface Candidate extends Pick<HeadingMeaning, 'context' | 'line'> {
  readonly values: ColumnValues;
  readonly target: Target;
  readonly certainty: number;
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
  const candidates = columns.flatMap((values) => candidatesFor(values, columns, choices));
  const ordered = candidates
    .filter(({ certainty }) => certainty >= leastCertainty)
    .sort((one, other) => other.certainty - one.certainty || one.values.position - other.values.position);
  const assigned: Candidate[] = [];
  for (const candidate of ordered) if (isFree(candidate, assigned)) assigned.push(candidate);
  return [...oneAddress(assigned), ...byLook(columns, oneAddress(assigned), choices)];
}

function isFree({ target, values }: Candidate, assigned: readonly Candidate[]): boolean {
  return !assigned.some((other) => other.values === values || (other.target === target && target !== 'address'));
}

function candidatesFor(values: ColumnValues, columns: readonly ColumnValues[], choices: Choices): readonly Candidate[] {
  const chosen = choices.targets?.get(values.column);
  if (chosen === 'leave') return [];
  const meanings = meaningsOf(values.column, columns);
  if (chosen !== undefined) return chosenCandidate(chosen, values, meanings, choices);
  return meanings.flatMap((meaning) => {
    if (meaning.target === 'key') return [];
    const proposal = proposeRule(meaning.target, values, meaning.isOpposite === true, choices);
    if (proposal === undefined) return [];
    const certainty = meaning.certainty * proposal.fit * weightOfFill(fillOf(values));
    return [{ ...meaning, values, certainty, proposal, why: 'by its name' }];
  });
}

/** A column that is mostly blank gives way to one that is not. */
function weightOfFill(fill: number): number {
  return fill < 0.5 ? 0.5 + fill / 2 : 1;
}

function chosenCandidate(
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
      certainty: 2,
      context: 'plain',
      why: 'as you said',
      proposal,
      ...(line !== undefined && { line }),
    },
  ];
}

/** A bare "Name" beside a first name is the last name. */
function meaningsOf(column: string, columns: readonly ColumnValues[]): readonly HeadingMeaning[] {
  const field = bareName(column);
  if (field === undefined) return readHeading(column);
  const half: SuggestedField = field === 'lastName' ? 'firstName' : 'lastName';
  const isElsewhere = (target: SuggestedField) =>
    columns.some(
      (other) =>
        other.column !== column &&
        readHeading(other.column).some((meaning) => meaning.target === target && meaning.context === 'plain'),
    );
  if (isElsewhere(half) && !isElsewhere(field)) return [{ target: field, certainty: 0.9, context: 'plain' }];
  return [{ target: 'customerName', certainty: 0.8, context: 'plain' }];
}

/** The invoice's address, or the parcel's when there is no other; never some of each. */
function oneAddress(assigned: readonly Candidate[]): readonly Candidate[] {
  const parts = assigned.filter(({ target }) => addressParts.has(target));
  const isMain = ({ context }: Candidate) => context !== 'last';
  const kept = parts.some(isMain) ? parts.filter(isMain) : parts;
  const lines = addressLines(kept.filter(({ target }) => target === 'address'));
  return assigned.filter(
    (candidate) =>
      !addressParts.has(candidate.target) ||
      (candidate.target === 'address' ? lines.includes(candidate) : kept.includes(candidate)),
  );
}

/** The certain street, and the lines, house numbers and the like that go with it. */
function addressLines(candidates: readonly Candidate[]): readonly Candidate[] {
  const inOrder = candidates.toSorted((one, other) => one.values.position - other.values.position);
  const main = inOrder.find(({ certainty, line }) => certainty >= 0.9 && (line ?? 1) === 1) ?? inOrder[0];
  if (main === undefined) return [];
  const more = inOrder.filter(
    (other) => other !== main && (isSupplement(other.values.column) || (other.line ?? 0) > 1),
  );
  return [main, ...more];
}

const supplement = /haus|house|zusatz|suite|apartment|unit|compl|line|\b(?:nr|no|number)\b/i;

/** What stands beside a street: the number of the house, a suite. */
export function isSupplement(column: string): boolean {
  return supplement.test(column);
}

const fieldsByLook: { readonly [look in Look]?: SuggestedField } = {
  'e-mail': 'emailAddress',
  'web address': 'webSite',
};

/** Columns whose name says nothing, but whose values can only be one thing. */
function byLook(
  columns: readonly ColumnValues[],
  assigned: readonly Candidate[],
  choices: Choices,
): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const values of columns) {
    const field = fieldsByLook[lookOf(values)];
    const isTaken = [...assigned, ...found].some((other) => other.values === values || other.target === field);
    if (field === undefined || isTaken || choices.targets?.has(values.column)) continue;
    const proposal = proposeRule(field, values, false, choices);
    if (proposal === undefined || readHeading(values.column).some(({ context }) => context === 'last')) continue;
    found.push({ values, target: field, certainty: 0.7, context: 'plain', why: 'by the look of its values', proposal });
  }
  return found;
}
