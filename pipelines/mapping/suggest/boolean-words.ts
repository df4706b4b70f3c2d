import { usualWords } from '#pipelines/mapping/cell-types/boolean-type.js';
import { normaliseName } from '#pipelines/mapping/normalise-name.js';

const yes = words(
  ...['yes', 'y', 'true', '1', 'on', 'x', 'ja', 'j', 'wahr', 'oui', 'o', 'vrai', 'si', 'sí', 's', 'verdadero', 't'],
  ...['active', 'aktiv', 'actif', 'activo', 'enabled', 'subscribed', 'opted in', 'opt-in', 'allowed', 'abonniert'],
);
const no = words(
  ...['no', 'n', 'false', '0', 'off', 'nein', 'falsch', 'non', 'faux', 'falso', 'f', '-', 'none', 'never'],
  ...['inactive', 'inaktiv', 'inactif', 'inactivo', 'disabled', 'unsubscribed', 'not subscribed', 'not_subscribed'],
  ...['opted out', 'opt-out', 'blocked', 'closed'],
);

/** More spellings than this are a category, not a yes and a no. */
const mostWords = 6;

export interface BooleanWords {
  /** As the column spells them, each once. */
  readonly trueWords: readonly string[];
  readonly falseWords: readonly string[];
  /** Every word is one that means yes or no without being declared. */
  readonly isUsual: boolean;
}

/** The words for yes and no in a column; `undefined` when any text is neither. */
export function booleanWords(texts: readonly string[]): BooleanWords | undefined {
  const spellings = new Map(texts.map((text) => [normaliseName(text), text]));
  if (spellings.size === 0 || spellings.size > mostWords) return undefined;
  const all = [...spellings];
  if (!all.every(([word]) => yes.has(word) || no.has(word))) return undefined;
  const seen = { trueWords: all.filter(([word]) => yes.has(word)), falseWords: all.filter(([word]) => no.has(word)) };
  const usual: readonly string[] = [...usualWords.trueWords, ...usualWords.falseWords];
  return {
    trueWords: withCounterparts(seen.trueWords, seen.falseWords, 1),
    falseWords: withCounterparts(seen.falseWords, seen.trueWords, 0),
    isUsual: all.every(([word]) => usual.includes(word)),
  };
}

/** A sample may show one of the two words only; the other will come. */
const counterparts = [
  ['nein', 'ja'],
  ['non', 'oui'],
  ['no', 'si'],
  ['no', 'sí'],
  ['inactive', 'active'],
  ['inaktiv', 'aktiv'],
  ['inactif', 'actif'],
  ['inactivo', 'activo'],
  ['disabled', 'enabled'],
  ['unsubscribed', 'subscribed'],
  ['off', 'on'],
] as const;

type Spelling = readonly [word: string, text: string];

function withCounterparts(own: readonly Spelling[], others: readonly Spelling[], side: 0 | 1): readonly string[] {
  if (own.length > 0) return own.map(([, text]) => text);
  const pairs = counterparts.filter((pair) => others.some(([word]) => word === pair[1 - side]));
  return [...new Set(pairs.map((pair) => pair[side]))];
}

function words(...list: readonly string[]): ReadonlySet<string> {
  return new Set(list);
}
