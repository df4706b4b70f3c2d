import { bareNames, contexts } from './heading-contexts.js';
import { type HeadingWords, headingWords, squashed } from './heading-words.js';
import { type Certainty, certainties, keyHeadings, opposites, type SuggestedField, synonyms } from './synonyms.js';

/** Which of several alike columns a heading is about. */
export type HeadingContext = 'plain' | 'first' | 'last';

/** One thing that a heading may mean. */
export interface HeadingMeaning {
  readonly target: SuggestedField | 'key';
  /** 0 to 1. */
  readonly certainty: number;
  readonly context: HeadingContext;
  /** The column says the opposite of the field. */
  readonly isOpposite?: true;
  /** Which line of an address. */
  readonly line?: number;
}

/** Fields that "address" may stand before: "Address 1 - City". */
const besideAddress: ReadonlySet<SuggestedField | 'key'> = new Set<SuggestedField>([
  'address',
  'city',
  'region',
  'postalCode',
  'country',
  'phoneNumber',
  'faxNumber',
  'emailAddress',
  'webSite',
  'customerName',
]);

interface Entry {
  readonly target: SuggestedField | 'key';
  readonly certainty: number;
  readonly isOpposite?: true;
}

const entries = makeEntries();

/** What a heading may mean, the likeliest first; nothing when no table knows it. */
export function readHeading(heading: string): readonly HeadingMeaning[] {
  const parts = headingWords(heading);
  const found = new Map<string, HeadingMeaning>();
  for (const { core, context, cost, isBesideAddress } of cores(parts))
    for (const entry of entries.get(squashed(core)) ?? []) {
      if (isBesideAddress && !besideAddress.has(entry.target)) continue;
      const meaning = meaningOf(entry, context, cost, parts);
      const other = found.get(entry.target);
      if (other === undefined || other.certainty < meaning.certainty) found.set(entry.target, meaning);
    }
  return [...found.values()].sort((one, other) => other.certainty - one.certainty);
}

/** Whether a heading is a name without saying whose: which field it is, if the other half of the name is there. */
export function bareName(heading: string): SuggestedField | undefined {
  const [word, ...rest] = headingWords(heading).words;
  if (word === undefined || rest.length > 0 || !Object.hasOwn(bareNames, word)) return undefined;
  return bareNames[word as keyof typeof bareNames];
}

interface Core {
  readonly core: readonly string[];
  readonly context: HeadingContext;
  readonly cost: number;
  readonly isBesideAddress: boolean;
}

const costs = { neutral: 0.03, first: 0.05, last: 0.35, address: 0.02 } as const;

/** The heading itself, then what is left without the words around it. */
function cores({ words }: HeadingWords): readonly Core[] {
  const whole: Core = { core: words, context: 'plain', cost: 0, isBesideAddress: false };
  const bare = words.filter((word, position) => !isAround(word) && words.indexOf(word) === position);
  const removed = words.filter(isAround);
  const cost = removed.reduce((sum, word) => sum + costs[kindOf(word)], 0);
  const context = contextOf(words);
  const without: Core = { core: bare, context, cost, isBesideAddress: false };
  const beside: Core = {
    core: bare.filter((word) => !isOneOf(contexts.address, word)),
    context,
    cost: cost + costs.address,
    isBesideAddress: true,
  };
  return [whole, without, beside].filter(({ core }) => core.length > 0);
}

function isAround(word: string): boolean {
  return isOneOf(contexts.neutral, word) || isOneOf(contexts.first, word) || isOneOf(contexts.last, word);
}

function kindOf(word: string): 'neutral' | 'first' | 'last' {
  if (isOneOf(contexts.last, word)) return 'last';
  return isOneOf(contexts.first, word) ? 'first' : 'neutral';
}

function contextOf(words: readonly string[]): HeadingContext {
  if (words.some((word) => isOneOf(contexts.last, word))) return 'last';
  return words.some((word) => isOneOf(contexts.first, word)) ? 'first' : 'plain';
}

function isOneOf(words: readonly string[], word: string): boolean {
  return words.includes(word);
}

/** A number at the end of an address is its line; any other number above 1 says "the second of several". */
function meaningOf(
  { target, certainty, isOpposite }: Entry,
  context: HeadingContext,
  cost: number,
  { trailing, inner }: HeadingWords,
): HeadingMeaning {
  const isAddress = target === 'address';
  const line = isAddress ? trailing : undefined;
  const index = isAddress ? inner : (inner ?? trailing);
  // "Alpha-2" and "ISO 3166" say how a country is written, not which one.
  const isLater = index !== undefined && index > 1 && target !== 'country';
  return {
    target,
    certainty: Math.max(0, certainty - cost - (isLater ? costs.last : 0)),
    context: isLater ? 'last' : context,
    ...(isOpposite && { isOpposite }),
    ...(line !== undefined && { line }),
  };
}

function makeEntries(): ReadonlyMap<string, readonly Entry[]> {
  const table = new Map<string, Entry[]>();
  const add = (heading: string, entry: Entry) => {
    const form = squashed(headingWords(heading).words);
    table.set(form, [...(table.get(form) ?? []), entry]);
  };
  const all = { ...synonyms, key: keyHeadings };
  for (const [target, lists] of Object.entries(all) as [Entry['target'], typeof keyHeadings][])
    for (const [name, headings] of Object.entries(lists) as [Certainty, readonly string[]][])
      for (const heading of headings) add(heading, { target, certainty: certainties[name] });
  for (const [target, headings] of Object.entries(opposites) as [SuggestedField, readonly string[]][])
    for (const heading of headings) add(heading, { target, certainty: certainties.weak, isOpposite: true });
  return table;
}
