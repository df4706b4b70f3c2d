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

/** "Cust #", "N° client". */
const numberSign = /#(?!\w)|\b[nN][°º]/g;

/** Words that programs write as two or as one. */
const joinedWords: Readonly<Record<string, string>> = { 'e mail': 'email', 'web site': 'website' };

/** Splits a heading into words and numbers. */
export function splitHeading(heading: string): HeadingWords {
  const plain = heading
    .replaceAll(numberSign, ' No ')
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
const bareNames = {
  ...{ name: 'lastName', nom: 'lastName', nombre: 'firstName', nachn: 'lastName' },
  ...{ naam: 'lastName', nome: 'firstName' },
} as const;

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
    ...['cust', 'account', 'member', 'guest', 'patient', 'debtor', 'kd', 'debiteur', 'klant', 'clienti', 'relatie'],
  ],
  first: [
    ...['billing', 'bill', 'main', 'primary', 'default', 'business', 'work', 'office', 'po', 'invoice'],
    ...['facturation', 'facturacion', 'rechnung', 'rechnungs', 'haupt', 'fiscal', 'principal', 'head'],
    ...['mailing', 'physical', 'factuur', 'bezoek', 'fatturazione', 'sede', 'legale'],
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
      ...['aflever', 'lever', 'verzend', 'spedizione', 'consegna'],
    ],
    ...['home', 'private', 'liefer', 'lieferung', 'livraison', 'envio', 'entrega', 'contacto', 's', 'shipment'],
  ],
  /** Comes before the parts of an address and contact details, never before a name. */
  address: ['address', 'addr', 'adresse', 'direccion', 'adres', 'indirizzo'],
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
  /** May fill the field in rows where the column that means it best is blank: a mobile phone, but no delivery address. */
  readonly isStandIn?: true;
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
  for (const read of headingForms) {
    const meanings = read(heading);
    if (meanings.length > 0) return meanings;
  }
  return [];
}

/** A heading that is not known by itself is known by what is left of it without what programs and people add. */
const costOfForm = 0.03;

const headingForms: readonly ((heading: string) => readonly HeadingMeaning[])[] = [
  (heading) => readWords(splitHeading(heading)),
  readRunTogether,
  readWithoutTypePrefix,
  readWithoutQualifier,
  readAlternatives,
];

function readWords(parts: HeadingWords, cost = 0): readonly HeadingMeaning[] {
  const found = new Map<string, HeadingMeaning>();
  for (const core of listCores(parts))
    for (const entry of headingEntries.get(joinWords(core.core)) ?? []) {
      if (core.isBesideAddress && !besideAddress.has(entry.target)) continue;
      const meaning = buildMeaning(entry, { ...core, cost: core.cost + cost }, parts);
      const known = found.get(entry.target);
      if (known === undefined || known.confidence < meaning.confidence) found.set(entry.target, meaning);
    }
  return [...found.values()].sort((a, b) => b.confidence - a.confidence);
}

/** Databases in capitals have no spaces: BILLINGCITY, custphone. */
function readRunTogether(heading: string): readonly HeadingMeaning[] {
  const parts = splitHeading(heading);
  const words = parts.words.flatMap((word) => {
    const context = contextsBefore.find(
      (before) => word.startsWith(before) && headingEntries.has(word.slice(before.length)),
    );
    return context === undefined ? [word] : [context, word.slice(context.length)];
  });
  return words.length === parts.words.length ? [] : readWords({ ...parts, words }, costOfForm);
}

/** The type of a column before its name, as in cVorname or strCity. */
const typePrefix = /^(?:[a-z]|str|txt|fld|lng|int|dbl|cur|bln)_?(?=\p{Lu})/u;

function readWithoutTypePrefix(heading: string): readonly HeadingMeaning[] {
  const name = heading.trim();
  return typePrefix.test(name) ? readWords(splitHeading(name.replace(typePrefix, '')), costOfForm) : [];
}

const qualifiers = /\s*[([][^()[\]]*[)\]]/g;

/** "Kreditlimit (Debitor)", unless the qualifier is a field itself: "Remark (Phone)" is no remark about the customer. */
function readWithoutQualifier(heading: string): readonly HeadingMeaning[] {
  const found = heading.match(qualifiers) ?? [];
  const isField = found.some((text) => readWords(splitHeading(text)).some(({ target }) => target !== 'key'));
  if (found.length === 0 || isField) return [];
  return readWords(splitHeading(heading.replaceAll(qualifiers, '')), costOfForm);
}

const betweenAlternatives = /\s*[/|]\s*|\s+(?:or|oder|ou|of|o)\s+/i;

/** Two names for one thing, as "Zip/Postal" and "State or Province". */
function readAlternatives(heading: string): readonly HeadingMeaning[] {
  const names = heading.replaceAll(qualifiers, '').split(betweenAlternatives);
  if (names.length < 2) return [];
  const [first = [], ...others] = names.map((name) => readWords(splitHeading(name), costOfForm));
  return first.filter(({ target }) => others.every((meanings) => meanings.some((other) => other.target === target)));
}

/** The field of a heading that is just "name", provided that another column has the other half of the name. */
export function readBareName(heading: string): SuggestedField | undefined {
  const [word, ...rest] = splitHeading(heading.trim().replace(typePrefix, '')).words;
  if (word === undefined || rest.length > 0 || !Object.hasOwn(bareNames, word)) return undefined;
  return bareNames[word as keyof typeof bareNames] as 'firstName' | 'lastName';
}

interface Core {
  readonly core: readonly string[];
  readonly context: HeadingContext;
  readonly cost: number;
  readonly isBesideAddress: boolean;
  /** It is about where goods go, or about another address. */
  readonly isDelivery: boolean;
}

const contextCosts = { neutral: 0.03, first: 0.05, last: 0.35, address: 0.02 } as const;

/** The whole heading, then the heading without the context words. */
function listCores({ words }: HeadingWords): readonly Core[] {
  const isDelivery = words.some((word) => includesWord(headingContexts.last, word) && !isOwnPhone.has(word));
  const whole: Core = { core: words, context: 'plain', cost: 0, isBesideAddress: false, isDelivery: false };
  const bare = words.filter((word, position) => !isContextWord(word) && words.indexOf(word) === position);
  const removed = words.filter(isContextWord);
  const cost = removed.reduce((sum, word) => sum + contextCosts[findContextKind(word)], 0);
  const context = findContext(words);
  const without: Core = { core: bare, context, cost, isBesideAddress: false, isDelivery };
  const beside: Core = {
    core: bare.filter((word) => !includesWord(headingContexts.address, word)),
    context,
    cost: cost + contextCosts.address,
    isBesideAddress: true,
    isDelivery,
  };
  return [whole, without, beside].filter(({ core }) => core.length > 0);
}

/** Of the words for what is second, those for another telephone of the same person. */
const isOwnPhone: ReadonlySet<string> = new Set(['home', 'private', 'other', 'second', 'secondary']);

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
  { context, cost, isDelivery }: Core,
  { trailing, inner = 1 }: HeadingWords,
): HeadingMeaning {
  const isAddress = target === 'address';
  const line = isAddress ? trailing : undefined;
  const index = isAddress ? inner : Math.max(inner, trailing ?? 1);
  // "Alpha-2" and "ISO 3166" are ways to write a country, not the second of several.
  const isLater = index > 1 && target !== 'country';
  return {
    target,
    confidence: Math.max(0, confidence - cost - (isLater ? contextCosts.last : 0)),
    context: isLater ? 'last' : context,
    ...(isOpposite && { isOpposite }),
    ...(line !== undefined && { line }),
    ...(!isDelivery && inner <= 1 && { isStandIn: true as const }),
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

/** Contexts that are written together with what follows, the longest first. */
const contextsBefore: readonly string[] = [
  ...headingContexts.neutral,
  ...headingContexts.first,
  ...headingContexts.last,
  'post',
]
  .filter((word) => word.length >= 4)
  .sort((a, b) => b.length - a.length);

const minKnownHeadings = 2;

/** Whether a row looks like a header: at least two names, and half of all, are known from customer files. */
export function areKnownHeadings(names: readonly string[]): boolean {
  const filled = names.filter((name) => name.trim() !== '');
  const known = filled.filter((name) => readBareName(name) !== undefined || readHeading(name).length > 0);
  return known.length >= minKnownHeadings && known.length * 2 >= filled.length;
}
