import { type Confidence, confidences, keyHeadings, opposites, type SuggestedField, synonyms } from './synonyms.js';

/** The parts of a heading such as "POAddressLine1", "Billing Address: Street" or "E-mail 1 - Value". */
interface HeadingWords {
  /** In lower case, without accents, punctuation and numbers. */
  readonly words: readonly string[];
  /** A number at the end: "Address 2". */
  readonly trailing?: number;
  /** A number before something: "Address 2 - City". */
  readonly inner?: number;
}

/** Words that programs write as two or as one. */
const joinedWords: Readonly<Record<string, string>> = { 'e mail': 'email', 'web site': 'website', 'opt in': 'opt in' };

/** Splits a heading into words and numbers. */
export function splitHeading(heading: string): HeadingWords {
  const plain = heading
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('ß', 'ss')
    .replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .replaceAll(/(\p{L})(\d)/gu, '$1 $2')
    .replaceAll(/(\d)(\p{L})/gu, '$1 $2')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  const withJoinedWords = Object.entries(joinedWords).reduce(
    (text, [separate, joined]) => text.replaceAll(separate, joined),
    plain,
  );
  const parts = withJoinedWords.split(' ').filter((part) => part !== '');
  const trailing = findNumber(parts.slice(-1));
  const inner = findNumber(parts.slice(0, -1));
  return {
    words: parts.filter((part) => !/^\d+$/.test(part)),
    ...(trailing !== undefined && { trailing }),
    ...(inner !== undefined && { inner }),
  };
}

function findNumber(parts: readonly string[]): number | undefined {
  const found = parts.find((part) => /^\d{1,3}$/.test(part));
  return found === undefined ? undefined : Number(found);
}

/** Headings are compared without spaces: "post code" is "postcode". */
export function joinWords(words: readonly string[]): string {
  return words.join('');
}

/** "Name" alone may be a person's or a company's; the other columns show which. */
const bareNames = { name: 'lastName', nom: 'lastName', nombre: 'firstName', nachn: 'lastName' } as const;

/**
 * Words around a heading that do not change its meaning, but say which of several it is: the billing address takes
 * precedence over the shipping address.
 */
const headingContexts = {
  neutral: [
    'customer',
    'client',
    'contact',
    'user',
    'value',
    'kunden',
    'kunde',
    'cliente',
    'person',
    'profile',
    'your',
  ],
  first: [
    ...['billing', 'bill', 'main', 'primary', 'default', 'business', 'work', 'office', 'po', 'invoice'],
    ...['facturation', 'facturacion', 'rechnung', 'rechnungs', 'haupt', 'fiscal', 'principal', 'head'],
  ],
  last: [
    ...[
      'shipping',
      'ship',
      'delivery',
      'other',
      'alternate',
      'alternative',
      'alt',
      'secondary',
      'second',
      'sa',
      'saddr',
    ],
    ...['home', 'private', 'liefer', 'lieferung', 'livraison', 'envio', 'entrega', 'contacto', 's', 'shipment'],
  ],
  /** Comes before the parts of an address and contact details, never before a name. */
  address: ['address', 'addr', 'adresse', 'direccion'],
} as const;

/** Which of several similar columns a heading is about. */
type HeadingContext = 'plain' | 'first' | 'last';

/** One possible meaning of a heading. */
export interface HeadingMeaning {
  readonly target: SuggestedField | 'key';
  /** 0 to 1. */
  readonly confidence: number;
  readonly context: HeadingContext;
  /** The column says the opposite of the field. */
  readonly isOpposite?: true;
  /** Which line of an address. */
  readonly line?: number;
}

/** Fields whose heading may begin with "address": "Address 1 - City". */
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
  readonly confidence: number;
  readonly isOpposite?: true;
}

const headingEntries = buildHeadingEntries();

/** The possible meanings of a heading, the most likely first; none when no table has it. */
export function readHeading(heading: string): readonly HeadingMeaning[] {
  const parts = splitHeading(heading);
  const found = new Map<string, HeadingMeaning>();
  for (const { core, context, cost, isBesideAddress } of listCores(parts))
    for (const entry of headingEntries.get(joinWords(core)) ?? []) {
      if (isBesideAddress && !besideAddress.has(entry.target)) continue;
      const meaning = buildMeaning(entry, context, cost, parts);
      const known = found.get(entry.target);
      if (known === undefined || known.confidence < meaning.confidence) found.set(entry.target, meaning);
    }
  return [...found.values()].sort((a, b) => b.confidence - a.confidence);
}

/** The field of a heading that is just "name", provided that another column has the other half of the name. */
export function readBareName(heading: string): SuggestedField | undefined {
  const [word, ...rest] = splitHeading(heading).words;
  if (word === undefined || rest.length > 0 || !Object.hasOwn(bareNames, word)) return undefined;
  return bareNames[word as keyof typeof bareNames];
}

interface Core {
  readonly core: readonly string[];
  readonly context: HeadingContext;
  readonly cost: number;
  readonly isBesideAddress: boolean;
}

const contextCosts = { neutral: 0.03, first: 0.05, last: 0.35, address: 0.02 } as const;

/** The whole heading, then the heading without the context words. */
function listCores({ words }: HeadingWords): readonly Core[] {
  const whole: Core = { core: words, context: 'plain', cost: 0, isBesideAddress: false };
  const bare = words.filter((word, position) => !isContextWord(word) && words.indexOf(word) === position);
  const removed = words.filter(isContextWord);
  const cost = removed.reduce((sum, word) => sum + contextCosts[findContextKind(word)], 0);
  const context = findContext(words);
  const without: Core = { core: bare, context, cost, isBesideAddress: false };
  const beside: Core = {
    core: bare.filter((word) => !includesWord(headingContexts.address, word)),
    context,
    cost: cost + contextCosts.address,
    isBesideAddress: true,
  };
  return [whole, without, beside].filter(({ core }) => core.length > 0);
}

function isContextWord(word: string): boolean {
  return (
    includesWord(headingContexts.neutral, word) ||
    includesWord(headingContexts.first, word) ||
    includesWord(headingContexts.last, word)
  );
}

function findContextKind(word: string): 'neutral' | 'first' | 'last' {
  if (includesWord(headingContexts.last, word)) return 'last';
  return includesWord(headingContexts.first, word) ? 'first' : 'neutral';
}

function findContext(words: readonly string[]): HeadingContext {
  if (words.some((word) => includesWord(headingContexts.last, word))) return 'last';
  return words.some((word) => includesWord(headingContexts.first, word)) ? 'first' : 'plain';
}

function includesWord(words: readonly string[], word: string): boolean {
  return words.includes(word);
}

/** A number at the end of an address is its line; any other number above 1 means "the second of several". */
function buildMeaning(
  { target, confidence, isOpposite }: Entry,
  context: HeadingContext,
  cost: number,
  { trailing, inner }: HeadingWords,
): HeadingMeaning {
  const isAddress = target === 'address';
  const line = isAddress ? trailing : undefined;
  const index = isAddress ? inner : (inner ?? trailing);
  // "Alpha-2" and "ISO 3166" are ways to write a country, not the second of several.
  const isLater = index !== undefined && index > 1 && target !== 'country';
  return {
    target,
    confidence: Math.max(0, confidence - cost - (isLater ? contextCosts.last : 0)),
    context: isLater ? 'last' : context,
    ...(isOpposite && { isOpposite }),
    ...(line !== undefined && { line }),
  };
}

function buildHeadingEntries(): ReadonlyMap<string, readonly Entry[]> {
  const table = new Map<string, Entry[]>();
  const add = (heading: string, entry: Entry) => {
    const form = joinWords(splitHeading(heading).words);
    table.set(form, [...(table.get(form) ?? []), entry]);
  };
  const all = { ...synonyms, key: keyHeadings };
  for (const [target, lists] of Object.entries(all) as [Entry['target'], typeof keyHeadings][])
    for (const [name, headings] of Object.entries(lists) as [Confidence, readonly string[]][])
      for (const heading of headings) add(heading, { target, confidence: confidences[name] });
  for (const [target, headings] of Object.entries(opposites) as [SuggestedField, readonly string[]][])
    for (const heading of headings) add(heading, { target, confidence: confidences.medium, isOpposite: true });
  return table;
}

const minKnownHeadings = 2;

/** Whether a row looks like a header: at least two names, and half of all, are known from customer files. */
export function areKnownHeadings(names: readonly string[]): boolean {
  const filled = names.filter((name) => name.trim() !== '');
  const known = filled.filter((name) => readBareName(name) !== undefined || readHeading(name).length > 0);
  return known.length >= minKnownHeadings && known.length * 2 >= filled.length;
}
