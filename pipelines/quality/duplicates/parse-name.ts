import { foldWords, hasLegalForm, normaliseCompanyName } from '#pipelines/quality/normalise.js';

/** What a customer is called, taken apart. Words are folded; what is not known is an empty text. */
export interface ParsedName {
  readonly first: string;
  /** Further first names. */
  readonly second: string;
  readonly last: string;
  /** What tells father from son: `sr`, `jr`, `2`, `3`. */
  readonly suffix: string;
  /** Without its legal form, its words in the order of the alphabet. */
  readonly company: string;
  /** Whether person or company cannot be told: the name is given as both. */
  readonly isGuess: boolean;
}

export interface NameTexts {
  readonly customerName: string;
  readonly firstName: string;
  readonly lastName: string;
}

const titles: ReadonlySet<string> = new Set(
  'mr mrs ms miss mstr dr prof professor sir madam dame rev fr herr frau mme mlle sr sra dipl ing'.split(' '),
);

const suffixes: Readonly<Record<string, string>> = {
  ...{ jr: 'jr', jnr: 'jr', jun: 'jr', junior: 'jr', younger: 'jr', sr: 'sr', snr: 'sr', sen: 'sr', senior: 'sr' },
  ...{ elder: 'sr', ii: '2', iii: '3', iv: '4' },
};

/** Titles behind the name, which say nothing. */
const trailing: ReadonlySet<string> = new Set(['esq', 'phd', 'oam']);

/** Small words that belong to the family name behind them. */
const particles: ReadonlySet<string> = new Set(
  'van von der den de del della di da dos do la le el al bin ibn mac mc st ter ten zu zum'.split(' '),
);

/** Names that say that there is no name. */
const fillers: ReadonlySet<string> = new Set([
  ...['unknown', 'none', 'na', 'n a', 'nil', 'null', 'test', 'test test', 'test customer', 'customer', 'cash'],
  ...['cash sale', 'cash customer', 'walk in', 'walkin', 'walk in customer', 'guest', 'no name', 'anonymous', 'blank'],
  ...['tba', 'tbc', 'xxx', 'xx', 'x', 'not given', 'new customer'],
]);

const maxPersonWords = 4;

/** Takes a name apart, whether its parts stand in their own fields or in one. */
export function parseName({ customerName, firstName, lastName }: NameTexts): ParsedName {
  const whole = withoutFiller(foldWords(customerName));
  const given = splitWords(withoutFiller(foldWords(firstName)));
  const family = splitWords(withoutFiller(foldWords(lastName)));
  if (given.words.length === 0 && family.words.length === 0) return parseWholeName(whole, customerName);
  const all = splitWords(whole);
  const own = new Set([...given.words, ...family.words]);
  const strange = all.words.filter((word) => !own.has(word));
  // A further first name in the whole name makes no company of it.
  const isOwnName =
    strange.length === 0 || (strange.length === 1 && [...own].every((word) => all.words.includes(word)));
  const [first = '', ...second] = given.words;
  return {
    first,
    second: second.join(' '),
    last: family.words.join(' '),
    suffix: family.suffix || given.suffix || (isOwnName ? all.suffix : ''),
    company: isOwnName ? '' : sortWords(normaliseCompanyName(whole) ?? ''),
    isGuess: false,
  };
}

function parseWholeName(folded: string, raw: string): ParsedName {
  const company = sortWords(normaliseCompanyName(folded) ?? '');
  const nobody = { first: '', second: '', last: '', suffix: '', company, isGuess: false };
  if (folded === '' || /\d/.test(folded) || raw.includes('&') || hasLegalForm(folded)) return nobody;
  const comma = raw.indexOf(',');
  if (comma >= 0) {
    const family = splitWords(foldWords(raw.slice(0, comma)));
    const given = splitWords(foldWords(raw.slice(comma + 1)));
    if (family.words.length === 0 || family.words.length + given.words.length > maxPersonWords) return nobody;
    const [first = '', ...second] = given.words;
    const suffix = given.suffix || family.suffix;
    return { first, second: second.join(' '), last: family.words.join(' '), suffix, company, isGuess: true };
  }
  const { words, suffix } = splitWords(folded);
  if (words.length < 2 || words.length > maxPersonWords) return nobody;
  const particle = words.findIndex((word, at) => at > 0 && at < words.length - 1 && particles.has(word));
  const familyAt = particle > 0 ? particle : words.length - 1;
  return {
    first: words[0] ?? '',
    second: words.slice(1, familyAt).join(' '),
    last: words.slice(familyAt).join(' '),
    suffix,
    company,
    isGuess: true,
  };
}

/** Words without titles, and the suffix that stood among them. */
function splitWords(folded: string): { readonly words: readonly string[]; readonly suffix: string } {
  if (folded === '') return { words: [], suffix: '' };
  const words = folded.split(' ');
  let suffix = '';
  while (words.length > 1 && titles.has(words[0] ?? '')) words.shift();
  for (let last = words.at(-1) ?? ''; words.length > 1; last = words.at(-1) ?? '') {
    const known = suffixes[last];
    if (known === undefined && !trailing.has(last)) break;
    suffix ||= known ?? '';
    words.pop();
  }
  return { words, suffix };
}

function withoutFiller(folded: string): string {
  return fillers.has(folded) ? '' : folded;
}

function sortWords(text: string): string {
  return text.includes(' ') ? text.split(' ').sort().join(' ') : text;
}
