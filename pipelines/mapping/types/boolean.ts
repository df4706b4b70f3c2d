import type { CellFailure } from '#pipelines/mapping/cells.js';
import { normaliseName } from '#pipelines/mapping/normalise-name.js';
import { list, optional, text } from '#pipelines/shape.js';
import { type CellType, defineCellType } from './cell-type.js';

/** Words that mean yes and no when the mapping declares none. */
export const defaultBooleanWords = {
  trueWords: ['true', 'yes', 'y', '1'],
  falseWords: ['false', 'no', 'n', '0'],
} as const;

export interface BooleanRule {
  readonly name: 'boolean';
  readonly trueWords: readonly string[];
  readonly falseWords: readonly string[];
}

/** Yes and no by declared words, regardless of case and of spaces at the ends. */
export const booleanType = defineCellType({
  fieldTypes: ['boolean'],
  options: {
    true: optional(list(text()), 'Words that mean yes. If any words are listed, only listed words count.'),
    false: optional(list(text()), 'Words that mean no.'),
  },
  readRule({ true: trueWords = [], false: falseWords = [] }, node): BooleanRule {
    if (!node.has('true') && !node.has('false')) return { name: 'boolean', ...defaultBooleanWords };
    if (trueWords.length + falseWords.length === 0)
      node.report('WORDS_INVALID', 'No word means yes or no; list at least one under "true" or "false"');
    const yes = new Set(trueWords.map(normaliseName));
    for (const word of falseWords.filter((candidate) => yes.has(normaliseName(candidate))))
      node.at('false').report('WORDS_INVALID', `"${word}" cannot mean both yes and no; remove it from one list`);
    return { name: 'boolean', trueWords, falseWords };
  },
  create: createBooleanCells,
});

function createBooleanCells(rule: BooleanRule): CellType {
  const meanings = new Map<string, boolean>();
  for (const word of rule.trueWords) meanings.set(normaliseName(word), true);
  for (const word of rule.falseWords) meanings.set(normaliseName(word), false);
  // Most cells have the words as they were declared: those need no normalising.
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

/** Declared words are written as they were declared, the default ones as the workbook's own yes and no. */
function toCell(value: boolean, { trueWords, falseWords }: BooleanRule) {
  const isDefault = trueWords === defaultBooleanWords.trueWords && falseWords === defaultBooleanWords.falseWords;
  if (isDefault) return { kind: 'boolean', text: String(value), value } as const;
  return (value ? trueWords : falseWords)[0] ?? '';
}
