import { defineTransform, keepText, type Transform } from './transform.js';

/** Words that stay in lower case when another word follows: "van der Berg", "de la Cruz". */
const nameParticles: ReadonlySet<string> = new Set(
  'van von vom der den de del la dos das da du zu zur zum ter ten y'.split(' '),
);

/** Generations after a name; higher ones are rarer than the names that look like them. */
const generations: ReadonlySet<string> = new Set(['ii', 'iii', 'iv']);

const mcPrefix = /^mc(?=\p{L}{3})/u;
const apostrophe = /(['’ʼ`])/u;

/**
 * Writes a name as people write it: MCDONALD → McDonald, o'brien → O'Brien, VAN DER BERG → van der Berg.
 *
 * A word in mixed case was written that way on purpose and stays (MacLeod), as do scripts without case. "Mac" is not
 * recognised: MACLEOD becomes Macleod, since Mackey and Machado are names, too.
 */
export function formatNameCase(text: string): string {
  const parts = text.split(/(\s+)/u);
  const last = parts.findLastIndex((part) => /\S/u.test(part));
  return parts.map((part, position) => formatNameWord(part, position < last)).join('');
}

function formatNameWord(word: string, isFollowed: boolean): string {
  const lower = word.toLowerCase();
  if (isFollowed && nameParticles.has(lower) && !isMixedCase(word)) return lower;
  if (!isFollowed && generations.has(lower) && !isMixedCase(word)) return word.toUpperCase();
  return word.split('-').map(formatNamePart).join('-');
}

function formatNamePart(part: string): string {
  if (isMixedCase(part)) return part;
  const [first = '', ...rest] = part.toLowerCase().split(apostrophe);
  const afterMc = first.replace(mcPrefix, '');
  const head = afterMc === first ? capitalise(first) : `Mc${capitalise(afterMc)}`;
  return head + rest.map(capitaliseAfterApostrophe).join('');
}

/** O'BRIEN and DELL'ACQUA have a name after the apostrophe, JOHN'S only an ending. */
function capitaliseAfterApostrophe(text: string): string {
  return text.length > 1 ? capitalise(text) : text;
}

/** Each initial is capitalised: "j.r." → "J.R."; "4th" stays. */
function capitalise(text: string): string {
  return text.replaceAll(/(?<=^|\.)\p{L}/gu, upperCaseLetter);
}

/** A letter whose capital is two letters (ß) does not begin a name. */
function upperCaseLetter(letter: string): string {
  const capital = letter.toUpperCase();
  return capital.length === letter.length ? capital : letter;
}

function isMixedCase(text: string): boolean {
  return text !== text.toUpperCase() && text !== text.toLowerCase();
}

/** Transforms that change upper and lower case. */
export const caseTransforms = {
  upper: defineTransform({
    description: 'Puts all letters in upper case.',
    options: {},
    apply: () => (text) => text.toUpperCase(),
    inverse: keepText,
  }),
  lower: defineTransform({
    description: 'Puts all letters in lower case.',
    options: {},
    apply: () => (text) => text.toLowerCase(),
    inverse: keepText,
  }),
  nameCase: defineTransform({
    description: 'Capitalises names that are all in upper case or all in lower case; leaves others unchanged.',
    options: {},
    apply: () => formatNameCase,
    inverse: keepText,
  }),
} as const satisfies Record<string, Transform>;
