/** Words that stay small when another word follows: "van der Berg", "de la Cruz". */
const particles: ReadonlySet<string> = new Set(
  'van von vom der den de del la dos das da du zu zur zum ter ten y'.split(' '),
);

/** Generations behind a name; higher ones are rarer than the names that they look like. */
const generations: ReadonlySet<string> = new Set(['ii', 'iii', 'iv']);

const scottishSon = /^mc(?=\p{L}{3})/u;
const apostrophe = /(['’ʼ`])/u;

/**
 * Writes a name as people write it: MCDONALD → McDonald, o'brien → O'Brien, VAN DER BERG → van der Berg.
 *
 * A word that has capital and small letters already was written on purpose and stays (MacLeod), as do scripts
 * without case. "Mac" is not guessed: MACLEOD becomes Macleod, since Mackey and Machado are names too.
 */
export function nameCase(text: string): string {
  const parts = text.split(/(\s+)/u);
  const last = parts.findLastIndex((part) => /\S/u.test(part));
  return parts.map((part, position) => nameWord(part, position < last)).join('');
}

function nameWord(word: string, isFollowed: boolean): string {
  const small = word.toLowerCase();
  if (isFollowed && particles.has(small) && !isMixed(word)) return small;
  if (!isFollowed && generations.has(small) && !isMixed(word)) return word.toUpperCase();
  return word.split('-').map(namePart).join('-');
}

function namePart(part: string): string {
  if (isMixed(part)) return part;
  const [first = '', ...rest] = part.toLowerCase().split(apostrophe);
  const afterMc = first.replace(scottishSon, '');
  const head = afterMc === first ? capitalise(first) : `Mc${capitalise(afterMc)}`;
  return head + rest.map(afterApostrophe).join('');
}

/** O'BRIEN and DELL'ACQUA have a name behind the apostrophe, JOHN'S only an ending. */
function afterApostrophe(text: string): string {
  return text.length > 1 ? capitalise(text) : text;
}

/** Initials are names of their own: "j.r." → "J.R."; "4th" stays. */
function capitalise(text: string): string {
  return text.replaceAll(/(?<=^|\.)\p{L}/gu, capitalOf);
}

/** A letter whose capital is two letters (ß) begins no name. */
function capitalOf(letter: string): string {
  const capital = letter.toUpperCase();
  return capital.length === letter.length ? capital : letter;
}

function isMixed(text: string): boolean {
  return text !== text.toUpperCase() && text !== text.toLowerCase();
}
