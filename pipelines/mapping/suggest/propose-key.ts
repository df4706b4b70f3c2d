import type { ColumnValues } from './column-values.js';
import { readHeading } from './read-heading.js';
import type { Choices } from './suggestion.js';

/** The column that tells customers apart, and how certain that is. */
export interface KeyProposal {
  readonly values: ColumnValues;
  readonly certainty: number;
  readonly why: string;
}

/** A unique value in every row makes an identifier of a column whose name says so only half. */
const certaintyOfUnique = 0.85;

/** Proposes the old system's identifier: named like one, filled in every row, and never twice the same. */
export function proposeKey(columns: readonly ColumnValues[], choices: Choices): KeyProposal | undefined {
  if (choices.key === 'none') return undefined;
  const wanted = choices.key?.column;
  const chosen = columns.find(({ column }) => column === wanted || choices.targets?.get(column) === 'key');
  if (chosen !== undefined) return { values: chosen, certainty: 1, why: 'as you said' };
  const named = columns
    .filter(({ column }) => choices.targets?.has(column) !== true)
    .flatMap((values) => {
      const meaning = readHeading(values.column).find(({ target }) => target === 'key');
      return meaning === undefined ? [] : [{ values, meaning }];
    })
    .filter(({ values, meaning }) => isIdentifier(values) && meaning.certainty >= (values.rows === 0 ? 0.7 : 0.5))
    .sort((one, other) => other.meaning.certainty - one.meaning.certainty);
  const [best] = named;
  if (best === undefined) return nearlyKey(columns, choices);
  const { values, meaning } = best;
  const isProved = values.rows > 1;
  return {
    values,
    certainty: isProved ? Math.max(meaning.certainty, certaintyOfUnique) : meaning.certainty,
    why: isProved ? 'by its name; filled and different in every row of the sample' : 'by its name',
  };
}

/** Rows of a messy file that have no number, or somebody else's. */
const shareOfDifferent = 0.7;
const certaintyOfName = 0.9;

/** A column that can only be the old system's number is it also where some rows have none: those are to be mended. */
function nearlyKey(columns: readonly ColumnValues[], choices: Choices): KeyProposal | undefined {
  const values = columns.find(
    ({ column, rows, distinct }) =>
      choices.targets?.has(column) !== true &&
      rows > 2 &&
      distinct >= rows * shareOfDifferent &&
      readHeading(column).some(({ target, certainty }) => target === 'key' && certainty >= certaintyOfName),
  );
  if (values === undefined) return undefined;
  const wrong = values.rows - values.distinct;
  const why = `by its name; ${wrong} of ${values.rows} rows have none or that of another row: mend those`;
  return { values, certainty: 0.6, why };
}

/** Filled in every row, and never twice the same. */
export function isIdentifier({ rows, texts, distinct }: ColumnValues): boolean {
  return texts.length === rows && distinct === rows;
}
