import { type Candidate, listMeanings } from './assign-columns.js';
import type { ColumnValues } from './column-values.js';
import { proposeRule } from './propose-rule.js';
import type { Choices } from './suggestion.js';
import type { SuggestedField } from './synonyms.js';

/** Fields for which another column is as good as none: a mobile phone, the name of a customer without a company. */
const fieldsWithStandIns: readonly SuggestedField[] = ['customerName', 'phoneNumber'];

/** Below this, the column is about something else. */
const minConfidence = 0.6;

/**
 * Columns that fill a field in rows where its own column is blank.
 *
 * @param unmapped - columns that have no field yet
 * @param columns - all columns of the file that can be mapped
 */
export function findStandIns(
  unmapped: readonly ColumnValues[],
  assigned: readonly Candidate[],
  columns: readonly ColumnValues[],
  choices: Choices,
): readonly Candidate[] {
  return fieldsWithStandIns.flatMap((field) => {
    const main = assigned.find(({ target }) => target === field);
    if (main === undefined) return [];
    const standIns: Candidate[] = [];
    const filled = [...main.values.filled];
    for (const { values, meaning } of listCandidates(field, unmapped, columns)) {
      const proposal = proposeRule(field, values, false, choices);
      const isOpen = choices.targets?.has(values.column) !== true;
      if (proposal === undefined || !isOpen || !values.filled.some((isFilled, row) => isFilled && !filled[row]))
        continue;
      for (const row of filled.keys()) filled[row] ||= values.filled[row] ?? false;
      const why = `where "${main.values.column}" is blank`;
      standIns.push({ ...meaning, values, target: field, confidence: 0.8, why, proposal });
    }
    return standIns;
  });
}

/** The most likely first. */
function listCandidates(field: SuggestedField, unmapped: readonly ColumnValues[], columns: readonly ColumnValues[]) {
  return unmapped
    .flatMap((values) => {
      const meaning = listMeanings(values, columns).find(({ target }) => target === field);
      return meaning?.isStandIn === true && meaning.confidence >= minConfidence ? [{ values, meaning }] : [];
    })
    .sort((a, b) => b.meaning.confidence - a.meaning.confidence || a.values.position - b.values.position);
}
