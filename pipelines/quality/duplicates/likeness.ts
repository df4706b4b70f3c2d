/** How alike two words are; both are normalised and not empty. */

/**
 * Jaro's likeness with Winkler's bonus for the same beginning: 0 for nothing in common, 1 for the same word. Own code: the
 * packages either call two empty texts equal, or bring a database driver.
 *
 * Source: W. E. Winkler, String Comparator Metrics and Enhanced Decision Rules, 1990; `martha` and `marhta` are 0.961.
 */
export function jaroWinkler(a: string, b: string): number {
  if (a === b) return 1;
  const reach = Math.max(0, Math.floor(Math.max(a.length, b.length) / 2) - 1);
  const matchedB = new Uint8Array(b.length);
  const lettersA: string[] = [];
  for (let at = 0; at < a.length; at += 1) {
    const letter = a.charAt(at);
    const end = Math.min(b.length - 1, at + reach);
    for (let other = Math.max(0, at - reach); other <= end; other += 1)
      if (matchedB[other] === 0 && b.charAt(other) === letter) {
        matchedB[other] = 1;
        lettersA.push(letter);
        break;
      }
  }
  const matches = lettersA.length;
  if (matches === 0) return 0;
  let swapped = 0;
  for (let at = 0, next = 0; at < b.length; at += 1)
    if (matchedB[at] === 1) {
      if (b.charAt(at) !== lettersA[next]) swapped += 1;
      next += 1;
    }
  const jaro = (matches / a.length + matches / b.length + (matches - swapped / 2) / matches) / 3;
  let prefix = 0;
  while (prefix < 4 && prefix < a.length && prefix < b.length && a[prefix] === b[prefix]) prefix += 1;
  return jaro + prefix * 0.1 * (1 - jaro);
}

/** Whether one letter was missed, added, replaced, or swapped with the next one. */
export function isOneEdit(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1) return false;
  let start = 0;
  while (start < short.length && short[start] === long[start]) start += 1;
  if (start === long.length) return false;
  const rest = (text: string, from: number) => text.slice(from);
  if (short.length < long.length) return rest(short, start) === rest(long, start + 1);
  if (rest(short, start + 1) === rest(long, start + 1)) return true;
  return (
    short[start] === long[start + 1] &&
    short[start + 1] === long[start] &&
    rest(short, start + 2) === rest(long, start + 2)
  );
}

const soundRules: readonly (readonly [RegExp, string])[] = [
  [/^(?:kn|gn|pn)/, 'n'],
  [/^wr/, 'r'],
  [/^wh/, 'w'],
  [/^x/, 's'],
  [/ph/g, 'f'],
  [/sch/g, 'x'],
  [/(?:sh|ch|tch|cz)/g, 'x'],
  [/ck/g, 'k'],
  [/c(?=[eiy])/g, 's'],
  [/[cq]/g, 'k'],
  [/gh(?=t|$|[^aeiouy])/g, ''],
  [/gh/g, 'g'],
  [/dg(?=[eiy])/g, 'j'],
  [/th/g, 't'],
  [/z/g, 's'],
  [/w(?![aeiouy])/g, ''],
  [/[vw]/g, 'f'],
  [/h/g, ''],
  [/d/g, 't'],
];

/** Letters are compared up to here: what follows is where names differ without sounding different. */
const maxSoundLength = 6;

/**
 * The consonants of a word as they sound, in the manner of Metaphone, so that words which are misspelled by ear still meet.
 * It only decides who is compared, and whether two known names are the same one.
 */
export function soundOf(word: string): string {
  let text = word;
  for (const [from, to] of soundRules) text = text.replace(from, to);
  const first = text.charAt(0);
  const consonants = text.slice(1).replace(/[aeiouy\s]+/g, '');
  const start = /[aeiouy]/.test(first) ? 'a' : first;
  return `${start}${consonants}`.replace(/(.)\1+/g, '$1').slice(0, maxSoundLength);
}
