import type { CellFailure } from '#pipelines/mapping/cells.js';
import type { TypeRule } from '#pipelines/mapping/mapping.js';
import { normaliseName } from '#pipelines/mapping/normalise-name.js';
import type { CellType } from './cell-type.js';

/** Words that mean yes and no when the mapping declares none. */
export const defaultBooleanWords = {
  trueWords: ['true', 'yes', 'y', '1'],
  falseWords: ['false', 'no', 'n', '0'],
} as const;

type BooleanRule = Extract<TypeRule, { name: 'boolean' }>;

/** Yes and no by declared words; case and outer spaces do not count. */
export function createBooleanType(rule: BooleanRule): CellType {
  const meanings = new Map<string, boolean>();
  for (const word of rule.trueWords) meanings.set(normaliseName(word), true);
  for (const word of rule.falseWords) meanings.set(normaliseName(word), false);
  // Words in the very form in which they are declared, which is how most cells have them, need no folding.
  for (const word of [...rule.trueWords, ...rule.falseWords])
    meanings.set(word, meanings.get(normaliseName(word)) === true);
  const notABoolean: CellFailure = {
    code: 'NOT_A_BOOLEAN',
    says: `is neither yes nor no; expected ${describeBooleanWords(rule)}`,
  };
  return {
    fromText: (text) => meanings.get(text) ?? meanings.get(normaliseName(text)) ?? notABoolean,
    fromTyped: (cell) => (cell.kind === 'boolean' ? cell.value : undefined),
    toCell: (value) => toCell(value === true, rule),
  };
}

function describeBooleanWords({ trueWords, falseWords }: BooleanRule): string {
  return [...trueWords, ...falseWords].map((word) => `"${word}"`).join(', ');
}

/** Declared words come back as they were declared; undeclared ones as the workbook's own yes and no. */
function toCell(value: boolean, { trueWords, falseWords }: BooleanRule) {
  const usual = trueWords === defaultBooleanWords.trueWords && falseWords === defaultBooleanWords.falseWords;
  if (usual) return { kind: 'boolean', text: String(value), value } as const;
  return (value ? trueWords : falseWords)[0] ?? '';
}
