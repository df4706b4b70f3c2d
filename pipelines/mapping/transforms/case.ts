import { defineTransform, keepText, type Transform } from './transform.js';

/** Words that stay small when another word follows: "van der Berg", "de la Cruz". */
const nameParticles: ReadonlySet<string> = new Set(
  'van von vom der den de del la dos das da du zu zur zum ter ten y'.split(' '),
);

/** Generations behind a name; higher ones are rarer than the names that they look like. */
const generations: ReadonlySet<string> = new Set(['ii', 'iii', 'iv']);

const mcPrefix = /^mc(?=\p{L}{3})/u;
const apostrophe = /(['’ʼ`])/u;

/**
 * Writes a name as people write it: MCDONALD → McDonald, o'brien → O'Brien, VAN DER BERG → van der Berg.
 *
 * A word that has capital and small letters already was written on purpose and stays (MacLeod), as do scripts
 * without case. "Mac" is not guessed: MACLEOD becomes Macleod, since Mackey and Machado are names too.
 */
export function formatNameCase(text: string): string {
  const parts = text.split(/(\s+)/u);
  const last = parts.findLastIndex((part) => /\S/u.test(part));
  return parts.map((part, position) => formatNameWord(part, position < last)).join('');
}

function formatNameWord(word: string, isFollowed: boolean): string {
  const small = word.toLowerCase();
  if (isFollowed && nameParticles.has(small) && !isMixedCase(word)) return small;
  if (!isFollowed && generations.has(small) && !isMixedCase(word)) return word.toUpperCase();
  return word.split('-').map(formatNamePart).join('-');
}

function formatNamePart(part: string): string {
  if (isMixedCase(part)) return part;
  const [first = '', ...rest] = part.toLowerCase().split(apostrophe);
  const afterMc = first.replace(mcPrefix, '');
  const head = afterMc === first ? capitalise(first) : `Mc${capitalise(afterMc)}`;
  return head + rest.map(capitaliseAfterApostrophe).join('');
}

/** O'BRIEN and DELL'ACQUA have a name behind the apostrophe, JOHN'S only an ending. */
function capitaliseAfterApostrophe(text: string): string {
  return text.length > 1 ? capitalise(text) : text;
}

/** Initials are names of their own: "j.r." → "J.R."; "4th" stays. */
function capitalise(text: string): string {
  return text.replaceAll(/(?<=^|\.)\p{L}/gu, upperCaseLetter);
}

/** A letter whose capital is two letters (ß) begins no name. */
function upperCaseLetter(letter: string): string {
  const capital = letter.toUpperCase();
  return capital.length === letter.length ? capital : letter;
}

function isMixedCase(text: string): boolean {
  return text !== text.toUpperCase() && text !== text.toLowerCase();
}

/** Transforms that change capital and small letters. */
export const caseTransforms = {
  upper: defineTransform({
    description: 'All letters in upper case.',
    options: {},
    apply: () => (text) => text.toUpperCase(),
    inverse: keepText,
  }),
  lower: defineTransform({
    description: 'All letters in lower case.',
    options: {},
    apply: () => (text) => text.toLowerCase(),
    inverse: keepText,
  }),
  nameCase: defineTransform({
    description:
      'Writes names that are all in capitals or all in small letters as people write them; leaves others alone.',
    options: {},
    apply: () => formatNameCase,
    inverse: keepText,
  }),
} as const satisfies Record<string, Transform>;
